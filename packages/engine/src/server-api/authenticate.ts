import { hash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** What tells callers of the server API from everybody else. */
export interface ApiAccess {
  /** Absent or '': nobody may call. */
  readonly key?: string | undefined
  /** Everybody may call. */
  readonly insecure?: boolean | undefined
}

/** By way of a string, which costs a third of `hash(…, 'buffer')` in Node 24. */
const digest = (text: string): Buffer => Buffer.from(hash('sha256', text, 'binary'), 'latin1')

const apiKeyScheme = /^\s*apikey\s+(\S+)\s*$/i

/**
 * Makes the question whether a request may call the server API. The key is looked for in `X-API-Key`, else in
 * `Authorization: apikey …`, and if that was not it, in the query parameter `api_key`. Comparing takes the same time
 * whatever is presented; only the key's hash is kept.
 */
export const createApiAccess = ({ key = '', insecure = false }: ApiAccess) => {
  const expected = digest(key)
  const isKey = (presented: string | null): boolean =>
    presented !== null && timingSafeEqual(digest(presented), expected)

  /** `query` is the part of the URL behind the question mark. */
  return (request: IncomingMessage, query: string): boolean => {
    if (insecure) return true
    if (key === '') return false
    return isKey(keyInHeaders(request)) || (query !== '' && isKey(new URLSearchParams(query).get('api_key')))
  }
}

const keyInHeaders = ({ headers }: IncomingMessage): string | null => {
  const own = headers['x-api-key']
  if (typeof own === 'string' && own !== '') return own
  return apiKeyScheme.exec(headers.authorization ?? '')?.[1] ?? null
}
