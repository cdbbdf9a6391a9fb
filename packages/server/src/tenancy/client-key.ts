import { JsonMembers } from '@xshathra/engine'
import type { Payload } from '@xshathra/protocol'
import type { Project } from '../projects/project.ts'
import type { ProjectDirectory } from '../projects/project-directory.ts'

/** The `client_api_key` of a connect command. */
export type ClientKeyReading =
  | { readonly kind: 'none' }
  | { readonly kind: 'known'; readonly project: Project; readonly keyId: string }
  | { readonly kind: 'refused'; readonly rule: string }

const none: ClientKeyReading = { kind: 'none' }

const refusedBecause: Readonly<Record<'unknown' | 'malformed' | 'revoked' | 'expired' | 'wrongKind', string>> = {
  unknown: 'No project has this client_api_key.',
  malformed: 'The client_api_key is mistyped: its checksum does not fit.',
  revoked: 'The client_api_key was revoked.',
  expired: 'The client_api_key was replaced and its time is over.',
  wrongKind: 'A server_api_key was sent as client_api_key: it is secret and has to be rotated now.',
}

/** Looks for `client_api_key` in the data of a connect command. Data that is no object carries none. */
export const readConnectKey = (data: Payload | undefined, directory: ProjectDirectory): ClientKeyReading => {
  if (data === undefined || data.length === 0) return none
  const members = JsonMembers.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength))
  const key = members?.value('client_api_key')
  if (key === undefined || key === null) return none
  if (typeof key !== 'string') return { kind: 'refused', rule: refusedBecause.malformed }
  const reading = directory.readClientKey(key)
  if (reading.kind !== 'known') return { kind: 'refused', rule: refusedBecause[reading.kind] }
  directory.noteUse(reading.keyId)
  return reading
}
