import { randomBytes } from 'node:crypto'

/** Names one request in the log and to whoever asked. */
export type RequestId = `req_${string}`

/** Makes ids that no other start of the program makes: a random part, and a count. */
export const createRequestIds = (): (() => RequestId) => {
  const start = randomBytes(6).toString('base64url')
  let count = 0
  return () => `req_${start}${(count++).toString(36).padStart(6, '0')}`
}
