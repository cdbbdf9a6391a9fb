import { createHmac } from 'node:crypto'
import { TOKEN_SECRET } from './servers.ts'

type Claims = { readonly [claim: string]: unknown }

const base64url = (text: string): string => Buffer.from(text).toString('base64url')

/** A JWT signed by `sign`, which gets the signing input (RFC 7515 §5.1). */
export const jwt = (header: Claims, claims: Claims, sign: (input: string) => Buffer): string => {
  const input = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}`
  return `${input}.${sign(input).toString('base64url')}`
}

/** A token as backends sign it: HMAC with the secret of {@link startServer}'s configuration. */
export const token = (claims: Claims, secret = TOKEN_SECRET, bits: 256 | 384 | 512 = 256): string =>
  jwt({ alg: `HS${bits}`, typ: 'JWT' }, claims, (input) => createHmac(`sha${bits}`, secret).update(input).digest())

/** A moment relative to now, as JWTs count: whole seconds since 1970. */
export const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds
