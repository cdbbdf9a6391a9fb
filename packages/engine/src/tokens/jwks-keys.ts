import { compactVerify, createRemoteJWKSet, customFetch, errors } from 'jose'
import { resolveJwksEndpoint } from './jwks-endpoint.ts'
import { readBounded } from './read-bounded.ts'
import type { SignatureCheck } from './signature.ts'

const algorithms = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'EdDSA']
const fetchTimeoutMs = 1_000
const keySetMaxAgeMs = 3_600_000
const keySetMaxBytes = 1_048_576
/** Addresses that a template may lead to; only one whose safety check is switched off can lead to more. */
const maxKeySets = 256

type KeySet = ReturnType<typeof createRemoteJWKSet>

/**
 * Checks signatures with a JSON Web Key Set, chosen by the header's `kid`. Sets are kept for an hour; an unknown `kid`
 * makes one be read again, but not more often than every 30 seconds, so that forged tokens cannot hammer the endpoint.
 * Keys read from one address are never used for tokens of another.
 */
export const createJwksCheck = (endpoint: string): SignatureCheck => {
  const keySets = new Map<string, KeySet>()

  const keySetAt = (url: URL): KeySet => {
    const known = keySets.get(url.href)
    if (known !== undefined) return known
    const [oldest] = keySets.keys()
    if (oldest !== undefined && keySets.size >= maxKeySets) keySets.delete(oldest)
    const keySet = createRemoteJWKSet(url, {
      timeoutDuration: fetchTimeoutMs,
      cacheMaxAge: keySetMaxAgeMs,
      [customFetch]: fetchKeySet,
    })
    keySets.set(url.href, keySet)
    return keySet
  }

  return async (parts, groups) => {
    if (!algorithms.includes(parts.header.alg)) return 'alg'
    // Without a name any key of the set would do, which its owner did not mean.
    if (parts.header.kid === '') return 'kid'
    const url = resolveJwksEndpoint(endpoint, groups)
    if (url === undefined) return 'jwks endpoint'
    try {
      await compactVerify(parts.token, keySetAt(url), { algorithms })
      return undefined
    } catch (error) {
      return ruleOf(error)
    }
  }
}

const fetchKeySet = async (url: string, init: RequestInit): Promise<Response> => {
  const response = await fetch(url, init)
  return new Response(await readBounded(response, keySetMaxBytes), { status: response.status })
}

const ruleOf = (error: unknown): string => {
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature'
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) return 'kid'
  return error instanceof errors.JOSEError ? `jwks (${error.code})` : 'jwks (unreachable)'
}
