import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** What tells callers of the server API from everybody else. */
export interface ApiAccess {
  /** Absent or '': nobody may call. */
  readonly key?: string | undefined
  /** Everybody may call. */
  readonly insecure?: boolean | undefined
}

const apiKeyScheme = /^\s*apikey\s+(\S+)\s*$/i

/**
 * Makes the question whether a request may call the server API. The key is looked for in `X-API-Key`, else in
 * `Authorization: apikey …`, and if that was not it, in the query parameter `api_key`. Comparing takes the same time
 * whatever is presented.
 */
export const createApiAccess = ({ key = '', insecure = false }: ApiAccess) => {
  const isKey = createKeyCheck(key)

  /** `query` is the part of the URL behind the question mark. */
  return (request: IncomingMessage, query: string): boolean => {
    if (insecure) return true
    if (key === '') return false
    return isKey(keyInHeaders(request)) || (query !== '' && isKey(new URLSearchParams(query).get('api_key')))
  }
}

/** As many bytes are compared as the key has; whatever else is presented shows in the lengths. Cheaper than a hash. */
const createKeyCheck = (key: string) => {
  const expected = Buffer.from(key)
  const compared = Buffer.alloc(expected.length)
  return (presented: string | null): boolean => {
    if (presented === null) return false
    const written = compared.write(presented)
    const isSame = timingSafeEqual(compared, expected)
    // Bytes that were not written are those of an earlier caller, who may have had the key.
    return isSame && written === expected.length && presented.length === key.length
  }
}

const keyInHeaders = ({ headers }: IncomingMessage): string | null => {
  const own = headers['x-api-key']
  if (typeof own === 'string' && own !== '') return own
  return apiKeyScheme.exec(headers.authorization ?? '')?.[1] ?? null
}
