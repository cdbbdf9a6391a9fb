import type { Payload } from '@xshathra/protocol'
import { decodeBase64 } from '../json/decode-base64.ts'
import type { JsonMembers } from '../json/json-members.ts'
import type { ServerSubscription } from '../tenancy.ts'
import { readSubscriptionDetails, type SubscriptionDetails } from './subscription-details.ts'

/** The registered claims (RFC 7519 §4.1) that decide whether a token counts here and now. */
export interface RegisteredClaims {
  /** Unix seconds, fractions included. */
  readonly exp: number | undefined
  readonly nbf: number | undefined
  readonly iss: string
  readonly aud: readonly string[]
}

/** What a connection token says. Source: Centrifugo's connection JWT; claims of its PRO edition are not read. */
export interface ConnectionClaims {
  /** `''` is an anonymous user. */
  readonly user: string
  /** When the connection ends, Unix seconds; absent: never. */
  readonly expireAt?: number | undefined
  readonly info?: Payload | undefined
  readonly meta?: Payload | undefined
  readonly subscriptions: readonly ServerSubscription[]
}

/** What a subscription token says. */
export interface SubscriptionClaims extends SubscriptionDetails {
  readonly user: string
  readonly channel: string
  /** Id of the one connection it is for; `''`: any. */
  readonly client: string
  /** When the subscription ends, Unix seconds; absent: never. */
  readonly expireAt?: number | undefined
}

/** Claims that are not used are still held to their types, so that a broken issuer is noticed at once. */
export const readRegisteredClaims = (claims: JsonMembers): RegisteredClaims => {
  claims.string('jti')
  readDate(claims, 'iat')
  return {
    exp: readDate(claims, 'exp'),
    nbf: readDate(claims, 'nbf'),
    iss: claims.string('iss') ?? '',
    aud: readAudience(claims),
  }
}

/**
 * Reads a connection token. Its own `b64info` is kept apart from other wrong types: `undecodableInfo` is told only
 * after the token is known to be genuine.
 */
export const readConnectionClaims = (
  claims: JsonMembers,
  userIdClaim: string,
): ConnectionClaims & { readonly channel: string; readonly undecodableInfo: boolean } => {
  const encodedInfo = claims.string('b64info') ?? ''
  const decodedInfo = encodedInfo === '' ? undefined : decodeBase64(encodedInfo)
  return {
    user: readUser(claims, userIdClaim),
    expireAt: readExpireAt(claims),
    info: encodedInfo === '' ? claims.raw('info') : decodedInfo,
    meta: claims.raw('meta'),
    subscriptions: readServerSubscriptions(claims),
    channel: claims.string('channel') ?? '',
    undecodableInfo: encodedInfo !== '' && decodedInfo === undefined,
  }
}

export const readSubscriptionClaims = (claims: JsonMembers, userIdClaim: string): SubscriptionClaims => ({
  user: readUser(claims, userIdClaim),
  channel: claims.string('channel') ?? '',
  client: claims.string('client') ?? '',
  expireAt: readExpireAt(claims),
  ...readSubscriptionDetails(claims),
})

/** `sub` has to be a string even where another claim names the user. A number in that claim counts as its digits. */
const readUser = (claims: JsonMembers, userIdClaim: string): string => {
  const subject = claims.string('sub') ?? ''
  if (userIdClaim === '') return subject
  const user = claims.value(userIdClaim)
  if (typeof user === 'number') return claims.digits(userIdClaim) ?? String(user)
  return claims.string(userIdClaim) ?? ''
}

/** `expire_at` separates the life of what a token opens from that of the token: 0 is for ever, absent is `exp`. */
const readExpireAt = (claims: JsonMembers): number | undefined => {
  const expireAt = claims.integer('expire_at')
  if (expireAt !== undefined) return expireAt > 0 ? expireAt : undefined
  const exp = readDate(claims, 'exp')
  return exp === undefined ? undefined : Math.floor(exp)
}

/** `subs` wins over `channels` where it is not empty. */
const readServerSubscriptions = (claims: JsonMembers): readonly ServerSubscription[] => {
  const channels = new Set(claims.strings('channels'))
  const subs = claims.objects('subs')
  return subs.length > 0
    ? subs.map(([channel, details]) => ({ channel, ...readSubscriptionDetails(details) }))
    : Array.from(channels, (channel) => ({ channel }))
}

/** A JSON number, to which a string of the same form is equal. */
const numericDate = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

const readDate = (claims: JsonMembers, name: string): number | undefined => {
  const value = claims.value(name)
  if (value === undefined || value === null) return undefined
  const date = typeof value === 'string' && numericDate.test(value) ? Number(value) : value
  if (typeof date === 'number' && Number.isFinite(date)) return date
  claims.refuse(name)
  return undefined
}

const readAudience = (claims: JsonMembers): readonly string[] => {
  const value = claims.value('aud')
  if (typeof value === 'string') return [value]
  // Unlike other claims, `aud` may not be null.
  if (value === null) claims.refuse('aud')
  return claims.strings('aud') ?? []
}
