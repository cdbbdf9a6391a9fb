/** A JSON Web Token taken apart (RFC 7515 §3.1), nothing of it believed yet. */
export interface TokenParts {
  readonly token: string
  readonly header: TokenHeader
  readonly payload: Buffer
  /** The text that the signature covers. */
  readonly signed: string
  readonly signature: Buffer
}

export interface TokenHeader {
  readonly alg: string
  /** Names the key in a set of several; `''` where none is named. */
  readonly kid: string
}

/** Longer tokens are not looked at. The size of one client frame, in characters. */
const maxTokenLength = 65_536

/** Base64url without padding; the header is an object with at least one member: `eyJ` is `{"`. */
const compactForm = /^eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*$/

/** Undefined where this is no token at all, or one whose header asks for extensions that nobody here knows (`crit`). */
export const splitToken = (token: string): TokenParts | undefined => {
  if (token.length > maxTokenLength || !compactForm.test(token)) return undefined
  const headerEnd = token.indexOf('.')
  const signedEnd = token.lastIndexOf('.')
  const header = readHeader(token.slice(0, headerEnd))
  if (header === undefined) return undefined
  return {
    token,
    header,
    payload: Buffer.from(token.slice(headerEnd + 1, signedEnd), 'base64url'),
    signed: token.slice(0, signedEnd),
    signature: Buffer.from(token.slice(signedEnd + 1), 'base64url'),
  }
}

const readHeader = (encoded: string): TokenHeader | undefined => {
  let header: Readonly<Record<string, unknown>>
  try {
    header = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
  const { alg, typ, cty, kid, crit } = header
  // RFC 7515 §4.1.11: a critical extension that is not understood makes the token invalid.
  if (crit !== undefined || typeof alg !== 'string') return undefined
  return [typ, cty, kid].every(isOptionalString) ? { alg, kid: (kid as string | undefined) ?? '' } : undefined
}

const isOptionalString = (value: unknown): boolean => value === undefined || value === null || typeof value === 'string'
