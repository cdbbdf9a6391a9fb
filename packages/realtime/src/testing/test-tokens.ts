import { hmacSha256 } from '../backend/hmac-sha256.ts'

/** What a token says, as far as the server reads it. */
export interface ReadClaims {
  readonly sub: string
  readonly exp?: number | undefined
  readonly channel?: string | undefined
  readonly channels?: readonly string[] | undefined
  readonly info?: unknown
}

/** Reads a JWT signed with HS256; undefined where it is none, or signed with another secret. */
export const readToken = (token: string, secret: string): ReadClaims | undefined => {
  const [header = '', payload = '', signature = '', ...more] = token.split('.')
  if (more.length > 0) return undefined
  const wanted = Buffer.from(hmacSha256(Buffer.from(secret), Buffer.from(`${header}.${payload}`)))
  if (wanted.toString('base64url') !== signature || Object(parse(header)).alg !== 'HS256') return undefined
  const claims = Object(parse(payload)) as Partial<ReadClaims>
  return typeof claims.sub === 'string' ? (claims as ReadClaims) : undefined
}

const parse = (part: string): unknown => {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString())
  } catch {
    return undefined
  }
}
