import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Names one request in the log and to whoever asked. */
export type RequestId = `req_${string}`

/** Makes ids that no other start of the program makes: a random part, and a count. */
export const createRequestIds = (): (() => RequestId) => {
  const start = randomBytes(6).toString('base64url')
  let count = 0
  return () => `req_${start}${(count++).toString(36).padStart(6, '0')}`
}

const name = Symbol('request id')

interface NamedRequest extends IncomingMessage {
  [name]?: RequestId
}

/** Gives a request its id. */
export const nameRequest = (request: NamedRequest, id: RequestId): RequestId => {
  request[name] = id
  return id
}

/** The id of a request that came through the front door. */
export const requestIdOf = (request: NamedRequest): RequestId => request[name] ?? 'req_unknown'
