import { hmacSha256 } from './hmac-sha256.ts'

/** What our tokens may say; times in Unix seconds. */
export interface TokenClaims {
  readonly sub: string
  readonly iat: number
  readonly exp: number
  readonly channel?: string | undefined
  readonly channels?: readonly string[] | undefined
  readonly info?: unknown
  readonly projectId?: string | undefined
}

/** Signs a JWT with HS256 (RFC 7515), at once. */
export const signToken = (claims: TokenClaims, secret: string): string => {
  const signed = `${header}.${base64Url(encoder.encode(JSON.stringify(claims)))}`
  return `${signed}.${base64Url(hmacSha256(encoder.encode(secret), encoder.encode(signed)))}`
}

const encoder = new TextEncoder()

const base64Url = (bytes: Uint8Array): string => {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

const header = base64Url(encoder.encode('{"alg":"HS256","typ":"JWT"}'))
