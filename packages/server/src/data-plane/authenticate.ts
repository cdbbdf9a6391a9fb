import { failed, ok, type Result } from '@xshathra/protocol'
import type { FastifyRequest } from 'fastify'
import { type Problem, problem } from '../problems.ts'
import type { Project } from '../projects/project.ts'
import type { KeyReading, ProjectDirectory } from '../projects/project-directory.ts'
import type { FailedAttempts } from './failed-attempts.ts'

/** `apikey` is the documented scheme; many HTTP clients only offer `Bearer`. */
const authorization = /^(?:apikey|bearer) +(\S+) *$/i

export interface AuthenticationNeeds {
  readonly directory: ProjectDirectory
  readonly attempts: FailedAttempts
}

/** A key's project, where the key is good and the project works. */
export type Authenticated = Result<Project, Problem>

/** Reads the server key of a request from a backend. */
export const authenticateBackend = (
  request: FastifyRequest,
  { directory, attempts }: AuthenticationNeeds,
): Authenticated => {
  if (request.headers.origin !== undefined) return failed(fromBrowser)
  const key = keyOf(request)
  const reading = key === undefined ? undefined : directory.readServerKey(key)
  return admit(reading, directory) ?? failed(attempts.note(request.ip) ?? refuseServerKey(reading))
}

/** Reads either key: the client key, from wherever it comes, or the server key of a backend. */
export const authenticateAnyKey = (
  request: FastifyRequest,
  clientKey: string | undefined,
  needs: AuthenticationNeeds,
): Authenticated => {
  const { directory, attempts } = needs
  const key = clientKey ?? keyOf(request)
  const reading = key === undefined ? undefined : directory.readClientKey(key)
  if (reading?.kind === 'wrongKind' && clientKey === undefined) return authenticateBackend(request, needs)
  return admit(reading, directory) ?? failed(attempts.note(request.ip) ?? refuseAnyKey(reading))
}

const keyOf = ({ headers }: FastifyRequest): string | undefined => authorization.exec(headers.authorization ?? '')?.[1]

const admit = (reading: KeyReading | undefined, directory: ProjectDirectory): Authenticated | undefined => {
  if (reading?.kind !== 'known') return undefined
  if (reading.project.archivedAtMs !== undefined) return failed(problem('project_archived'))
  directory.noteUse(reading.keyId)
  return ok(reading.project)
}

const fromBrowser = problem(
  'browser_origin',
  'This request comes from a browser (it has an Origin header). The server_api_key is secret: call from your backend, and give browsers a token.',
)

type Unfit = Exclude<KeyReading['kind'], 'known'> | 'missing'

const kindOf = (reading: KeyReading | undefined): Unfit =>
  reading === undefined || reading.kind === 'known' ? 'missing' : reading.kind

const serverKeyMessages: Readonly<Record<Unfit, string>> = {
  missing: 'Send the key as Authorization: apikey <server_api_key>.',
  wrongKind: 'This is a client_api_key, which is public. Use the server_api_key of the project: it starts with xsk_.',
  malformed: 'This is no API key: it is mistyped or not complete.',
  unknown: 'No project has this key.',
  revoked: 'This key was revoked.',
  expired: 'This key was replaced and its time is over.',
}

const anyKeyMessages: Readonly<Record<Unfit, string>> = {
  ...serverKeyMessages,
  missing: 'Send a key as Authorization: apikey <client_api_key>, or as ?client_api_key=.',
  wrongKind: 'This is a server_api_key, which is secret: it never belongs in an address. Use the client_api_key.',
}

const refuseServerKey = (reading: KeyReading | undefined): Problem =>
  problem('invalid_api_key', serverKeyMessages[kindOf(reading)])

const refuseAnyKey = (reading: KeyReading | undefined): Problem =>
  problem('invalid_api_key', anyKeyMessages[kindOf(reading)])
