import { errors, failed, isJsonValue, ok, type Payload, type Result } from '@xshathra/protocol'
import type { ConnectionFacts } from '../tenancy.ts'
import type { NoAnswer } from './http-proxy.ts'
import type { ProxyOptions } from './proxy-options.ts'

/** Members of a request that are written as they are; empty strings and lists that a backend need not see are left out by the caller. */
export type PlainMembers = Readonly<Record<string, string | readonly string[] | undefined>>

type CommonFacts = Pick<ConnectionFacts, 'client' | 'transport' | 'protocol'>

/** The members that every event has in common. */
export const commonMembers = (facts: CommonFacts, options: ProxyOptions): PlainMembers => ({
  client: facts.client,
  transport: facts.transport,
  protocol: facts.protocol,
  encoding: options.binaryEncoding ? 'binary' : 'json',
})

/** The payloads of an event: what the client sent, and the connection's `meta` where this backend may see it. */
export interface EventPayloads {
  readonly data?: Payload | undefined
  readonly meta?: Payload | undefined
}

/**
 * Writes the JSON text of an event, payloads spliced in byte for byte. A client's data that is no JSON cannot be put in
 * a JSON request: such backends have to ask for `binary_encoding`.
 */
export const encodeProxyRequest = (
  members: PlainMembers,
  payloads: EventPayloads,
  options: ProxyOptions,
): Result<Buffer, NoAnswer> => {
  const data = payloads.data?.length === 0 ? undefined : payloads.data
  const plain = options.binaryEncoding && data !== undefined ? { ...members, b64data: toBase64(data) } : members
  const parts: Uint8Array[] = [Buffer.from(JSON.stringify(plain).slice(0, -1))]
  const splice = (name: string, text: Payload) => parts.push(Buffer.from(`,"${name}":`), text)
  if (!options.binaryEncoding && data !== undefined) {
    // Spliced unseen, it could close the object and add members of its own.
    if (!isJsonValue(data)) return failed(noJson)
    splice('data', data)
  }
  if (options.includeConnectionMeta && payloads.meta !== undefined) splice('meta', payloads.meta)
  parts.push(Buffer.from('}'))
  return ok(Buffer.concat(parts))
}

const noJson: NoAnswer = {
  refusal: { kind: 'error', error: errors.internal, rule: 'data is no JSON' },
  isMeant: false,
}

const toBase64 = (bytes: Payload): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
