import type { Clock } from '../clock.ts'
import { JsonMembers } from '../json/json-members.ts'
import { type MaybePromise, whenReady } from '../maybe-promise.ts'
import { compilePattern } from './claim-pattern.ts'
import {
  type ConnectionClaims,
  type RegisteredClaims,
  readConnectionClaims,
  readRegisteredClaims,
  readSubscriptionClaims,
  type SubscriptionClaims,
} from './claims.ts'
import { createJwksCheck } from './jwks-keys.ts'
import type { SignatureCheck } from './signature.ts'
import { createStaticKeyCheck } from './static-keys.ts'
import type { TokenVerifierOptions } from './token-options.ts'
import { splitToken } from './token-parts.ts'

/** Why a token does not count. Names a claim or a rule, never what the token says. */
export type TokenRefusal =
  /** Too old, or not valid yet: a fresh token may well be good. */
  { readonly kind: 'expired'; readonly claim: 'exp' | 'nbf' } | { readonly kind: 'invalid'; readonly reason: string }

export type ConnectionVerdict =
  | ({ readonly kind: 'valid' } & ConnectionClaims)
  | TokenRefusal
  /** Genuine, but its `b64info` is not base64; Centrifugo treats this unlike every other wrong claim. */
  | { readonly kind: 'undecodable'; readonly claim: 'b64info' }

export type SubscriptionVerdict = ({ readonly kind: 'valid' } & SubscriptionClaims) | TokenRefusal

/**
 * Reads tokens of one key set. Answers in the same tick but for keys that have to be fetched (JWKS); never throws and
 * never keeps a token.
 */
export interface TokenVerifier {
  verifyConnection(token: string): MaybePromise<ConnectionVerdict>
  verifySubscription(token: string): MaybePromise<SubscriptionVerdict>
}

/** Options are expected to have passed `checkTokenOptions`; keys that cannot be read throw here. */
export const createTokenVerifier = (
  options: TokenVerifierOptions,
  { clock }: { readonly clock: Clock },
): TokenVerifier => {
  const { userIdClaim } = options
  const checkToken = createTokenCheck(options, clock)

  return {
    verifyConnection(token) {
      const read = readToken(token, (claims) => readConnectionClaims(claims, userIdClaim))
      if (read.kind === 'invalid') return read
      const { channel, undecodableInfo, ...claims } = read.claims
      return whenReady(checkToken(read), (fault) => {
        if (fault !== undefined) return fault
        // A subscription token must not open a connection.
        if (channel !== '') return invalid('channel')
        const age = checkAge(read.registered, clock.now())
        if (age !== undefined) return age
        return undecodableInfo ? { kind: 'undecodable', claim: 'b64info' } : { kind: 'valid', ...claims }
      })
    },

    verifySubscription(token) {
      const read = readToken(token, (claims) => readSubscriptionClaims(claims, userIdClaim))
      if (read.kind === 'invalid') return read
      return whenReady(checkToken(read), (fault) => {
        const refusal = fault ?? checkAge(read.registered, clock.now())
        if (refusal !== undefined) return refusal
        return read.claims.channel === '' ? invalid('channel') : { kind: 'valid', ...read.claims }
      })
    },
  }
}

const invalid = (reason: string) => ({ kind: 'invalid', reason }) as const

/** Takes a token apart and holds every claim to its type, before anything is believed. */
const readToken = <Claims>(token: string, readClaims: (claims: JsonMembers) => Claims) => {
  const parts = splitToken(token)
  if (parts === undefined) return invalid('format')
  const members = JsonMembers.parse(parts.payload)
  if (members === undefined) return invalid('claims')
  const registered = readRegisteredClaims(members)
  const claims = readClaims(members)
  if (members.wrongMember !== undefined) return invalid(`type of ${members.wrongMember}`)
  return { kind: 'read', parts, registered, claims } as const
}

type ReadToken = Pick<Extract<ReturnType<typeof readToken>, { kind: 'read' }>, 'parts' | 'registered'>

/** Who signed it, and for whom: patterns first, since what they match may choose the keys. */
const createTokenCheck = (options: TokenVerifierOptions, clock: Clock) => {
  const { audience, issuer } = options
  const matchIssuer = compilePattern(options.issuerRegex)
  const matchAudience = compilePattern(options.audienceRegex)
  const checkSignature = chooseSignatureCheck(options, clock)

  return ({ parts, registered }: ReadToken): MaybePromise<TokenRefusal | undefined> => {
    const issuerGroups = matchIssuer([registered.iss])
    if (issuerGroups === undefined) return invalid('issuer')
    const audienceGroups = matchAudience(registered.aud)
    if (audienceGroups === undefined) return invalid('audience')
    const groups = issuerGroups === audienceGroups ? issuerGroups : { ...issuerGroups, ...audienceGroups }
    return whenReady(checkSignature(parts, groups), (fault) => {
      if (fault !== undefined) return invalid(fault)
      if (audience !== '' && !registered.aud.includes(audience)) return invalid('audience')
      return issuer !== '' && registered.iss !== issuer ? invalid('issuer') : undefined
    })
  }
}

const chooseSignatureCheck = (options: TokenVerifierOptions, clock: Clock): SignatureCheck => {
  if (options.insecureSkipSignature) return () => undefined
  return options.jwksPublicEndpoint === ''
    ? createStaticKeyCheck(options, clock)
    : createJwksCheck(options.jwksPublicEndpoint)
}

/** RFC 7519 §4.1.4 and §4.1.5 without leeway. Dates beyond 64 bits count as past, as in Centrifugo. */
const checkAge = ({ exp, nbf }: RegisteredClaims, nowMs: number): TokenRefusal | undefined => {
  if (exp !== undefined && (exp * 1000 <= nowMs || exp >= 2 ** 63)) return { kind: 'expired', claim: 'exp' }
  if (nbf !== undefined && nbf * 1000 >= nowMs) return { kind: 'expired', claim: 'nbf' }
  return undefined
}
