import { createHmac, timingSafeEqual } from 'node:crypto'
import { JsonMembers, splitToken, type TokenParts } from '@xshathra/engine'
import type { Payload } from '@xshathra/protocol'
import type { Project } from '../projects/project.ts'
import type { ProjectDirectory } from '../projects/project-directory.ts'
import { readProjectId } from '../projects/project-id.ts'

/** What a token says that a customer signed with the `server_api_key`. No other claim is read. */
export interface CustomerClaims {
  readonly project: Project
  /** The key that signed it. */
  readonly keyId: string
  readonly user: string
  /** Unix seconds. */
  readonly expireAt: number
  /** `''`: a connection token. */
  readonly channel: string
  readonly channels: readonly string[]
  readonly info?: Payload | undefined
}

export type CustomerTokenReading =
  | ({ readonly kind: 'read' } & CustomerClaims)
  | { readonly kind: 'refused'; readonly because: 'expired' | 'invalid' | 'forged'; readonly rule: string }

/** A day: how far ahead such a token may expire. */
const maxLifeSeconds = 86_400

/**
 * How far a customer's clock may be ahead of ours before it matters, in seconds: for `nbf`, and for the day that `exp`
 * may be ahead. An `exp` that has passed has passed.
 */
export const clockSkewSeconds = 60

const maxUserBytes = 255

const refused = (because: 'expired' | 'invalid' | 'forged', rule: string): CustomerTokenReading => ({
  kind: 'refused',
  because,
  rule,
})

export interface CustomerTokenNeeds {
  readonly directory: ProjectDirectory
  readonly nowMs: number
  /** Whose token it is where it names no project itself; absent: the only project there is. */
  readonly fallback: Project | undefined
}

/**
 * Reads a token that a customer signed: HS256 with the text of a `server_api_key`, for at most a day. The claim
 * `projectId` says whose key; without it, the fallback's.
 */
export const readCustomerToken = (token: string, needs: CustomerTokenNeeds): CustomerTokenReading => {
  const parts = splitToken(token)
  const members = parts && JsonMembers.parse(parts.payload)
  if (!parts || !members) return refused('invalid', 'It is no JSON Web Token.')
  const claims = readClaims(members)
  if (members.wrongMember !== undefined) return refused('invalid', `Its claim ${members.wrongMember} has a wrong type.`)
  const { directory, fallback } = needs
  const project =
    claims.projectId === undefined
      ? (fallback ?? directory.onlyProject())
      : directory.project(readProjectId(claims.projectId) ?? '')
  if (!project) return refused('forged', 'It belongs to no known project.')
  const keyId = parts.header.alg === 'HS256' ? signerOf(parts, project, directory) : undefined
  if (keyId === undefined) {
    return refused('forged', 'Neither the engine secret nor a server_api_key of the project signed it with HS256.')
  }
  return dated(claims, project, keyId, needs.nowMs)
}

const readClaims = (members: JsonMembers) => {
  readDate(members, 'iat')
  return {
    sub: members.string('sub') ?? '',
    exp: readDate(members, 'exp'),
    nbf: readDate(members, 'nbf'),
    projectId: members.string('projectId'),
    channel: members.string('channel') ?? '',
    channels: members.strings('channels') ?? [],
    info: members.raw('info'),
  }
}

/** RFC 7519 §2, NumericDate. */
const readDate = (members: JsonMembers, name: string): number | undefined => {
  const value = members.value(name)
  if (value === undefined || value === null) return undefined
  if (typeof value === 'number' && Number.isFinite(value)) return value
  members.refuse(name)
  return undefined
}

/** The key of the project that signed it, compared in constant time. */
const signerOf = ({ signed, signature }: TokenParts, project: Project, directory: ProjectDirectory) =>
  directory.signingKeys(project.id).find(({ secret }) => {
    const expected = createHmac('sha256', secret).update(signed, 'latin1').digest()
    return signature.length === expected.length && timingSafeEqual(signature, expected)
  })?.keyId

const dated = (
  { sub, exp, nbf, channel, channels, info }: ReturnType<typeof readClaims>,
  project: Project,
  keyId: string,
  nowMs: number,
): CustomerTokenReading => {
  const now = nowMs / 1000
  if (exp === undefined) return refused('invalid', 'It has no claim exp.')
  if (exp <= now) return refused('expired', 'Its claim exp has passed.')
  if (exp > now + maxLifeSeconds + clockSkewSeconds) {
    return refused('invalid', 'Its claim exp is more than 24 hours ahead.')
  }
  if (nbf !== undefined && nbf > now + clockSkewSeconds) return refused('expired', 'Its claim nbf is still to come.')
  if (Buffer.byteLength(sub) > maxUserBytes) return refused('invalid', 'Its claim sub is longer than 255 bytes.')
  return { kind: 'read', project, keyId, user: sub, expireAt: Math.floor(exp), channel, channels, info }
}
