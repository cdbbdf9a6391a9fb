import type { RealtimeProblem } from '../result.ts'
import { docsLink } from './endpoints.ts'
import { omitUndefined } from './omit-undefined.ts'

/** Errors of replies. Source: Centrifuge client protocol. */
const replyCodes: Readonly<Record<number, string>> = {
  102: 'unknown_namespace',
  103: 'permission_denied',
  106: 'limit_exceeded',
  107: 'invalid_body',
  108: 'not_available',
  109: 'token_expired',
  111: 'rate_limited',
  112: 'unrecoverable_position',
}

/** Errors that the client library makes up. Source: centrifuge-js 5, `errorCodes`. */
const nameOfOwn = (code: number): string => {
  if (code === 1) return 'timeout'
  if (code === 7) return 'not_subscribed'
  return [5, 6, 8, 9].includes(code) ? 'token_unavailable' : 'unreachable'
}

/** The problem behind an error of the client library, or of a callback that was handed in. */
export const problemOfError = (error: unknown, url: string): RealtimeProblem => {
  const { code, message } = Object(error) as { readonly code?: unknown; readonly message?: unknown }
  const text = typeof message === 'string' && message !== '' ? message : String(error)
  if (typeof code !== 'number') return { code: 'internal', message: text }
  const isReply = code >= 100
  return omitUndefined({
    code: isReply ? (replyCodes[code] ?? 'internal') : nameOfOwn(code),
    message: `${text} (${code})`,
    docs: isReply ? docsLink(url, code) : undefined,
  })
}
