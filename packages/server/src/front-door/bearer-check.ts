import { hash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Whether a request carries `Authorization: Bearer` and the token; takes the same time whatever it carries. */
export const createBearerCheck = (token: string): ((request: IncomingMessage) => boolean) => {
  const expected = digest(`Bearer ${token}`)
  return ({ headers }) => timingSafeEqual(digest(headers.authorization ?? ''), expected)
}

const digest = (text: string): Buffer => hash('sha256', text, 'buffer')
