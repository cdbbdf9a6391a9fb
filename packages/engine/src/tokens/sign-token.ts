import { createHmac } from 'node:crypto'

const header = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url')

/**
 * Signs claims with HS256 (RFC 7515, compact form). A Buffer is taken as the claims' JSON text, for callers whose
 * payloads have to survive byte for byte.
 */
export const signHs256 = (claims: object, secret: string): string => {
  const payload = Buffer.isBuffer(claims) ? claims : Buffer.from(JSON.stringify(claims))
  const signed = `${header}.${payload.toString('base64url')}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}
