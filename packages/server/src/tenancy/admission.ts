import { type Admission, type AdmissionRequest, type MaybePromise, type Refusal, whenReady } from '@xshathra/engine'
import { type Disconnect, disconnects, errors } from '@xshathra/protocol'
import type { ProjectDirectory } from '../projects/project-directory.ts'
import type { BlockedUsers } from './blocked-users.ts'
import { type ClientKeyReading, readConnectKey } from './client-key.ts'
import type { ProjectRules, ProjectRulesBook } from './project-rules.ts'
import { firstRefusal, outcomeOf, type Rule, type RuleTrace } from './rule-trace.ts'
import type { BelievedConnection, TokenFault, TokenReader } from './token-reader.ts'

export interface AdmissionParts {
  readonly directory: ProjectDirectory
  readonly rules: ProjectRulesBook
  readonly tokens: TokenReader
  readonly blocked: BlockedUsers
}

/** What an admission is decided by. */
export type AdmissionQuestion = Pick<AdmissionRequest, 'token' | 'data' | 'origin'>

/**
 * Decides which project and user a connection belongs to: by its token, else, where the project lets anonymous
 * connections in, by the client key in its connect data. With a `trace`, every rule and its outcome is written down.
 */
export const admitConnection = (
  question: AdmissionQuestion,
  parts: AdmissionParts,
  trace?: RuleTrace,
): MaybePromise<Admission> => {
  const key = readConnectKey(question.data, parts.directory)
  const refused = key.kind === 'refused' ? ends(disconnects.invalidToken, key.rule) : undefined
  if (key.kind !== 'none') trace?.push(outcomeOf('The client_api_key is one of a project.', refused))
  if (refused) return refused
  if (question.token === '') return admitAnonymous(question, key, parts, trace)
  return whenReady(
    parts.tokens.readConnection(question.token, key.kind === 'known' ? key.project : undefined),
    (reading) => admitByToken(reading, question, key, parts, trace),
  )
}

const ends = (disconnect: Disconnect, rule: string): Refusal => ({ kind: 'disconnect', disconnect, rule })

// ── with a token ────────────────────────────────────────────────────────────────────────────────────────────────

const admitByToken = (
  reading: BelievedConnection | TokenFault,
  { origin }: AdmissionQuestion,
  key: ClientKeyReading,
  parts: AdmissionParts,
  trace: RuleTrace,
): Admission => {
  const refused = reading.kind === 'fault' ? refuseToken('connect', reading) : undefined
  trace?.push(outcomeOf('The token is signed for a known project, in time and complete.', refused))
  if (reading.kind === 'fault') return refuseToken('connect', reading)
  const { project, user, expireAt, info, meta, subscriptions, keyId } = reading
  const rules = parts.rules.ofProject(project)
  const refusal = firstRefusal(tokenRules, { rules, user, origin, key, blocked: parts.blocked }, trace)
  if (refusal) return refusal
  if (keyId !== undefined) parts.directory.noteUse(keyId)
  return {
    kind: 'admitted',
    scope: project.id,
    user,
    expireAt,
    connInfo: info,
    meta,
    subscriptions,
    by: 'token',
    credentialId: keyId ?? (key.kind === 'known' ? key.keyId : undefined),
    limits: rules.limits,
  }
}

interface Candidate {
  readonly rules: ProjectRules
  readonly user: string
  readonly origin: string | undefined
  readonly key: ClientKeyReading
  readonly blocked: BlockedUsers
}

const isActive: Rule<Candidate> = {
  says: 'The project is not archived.',
  refuse: ({ rules }) =>
    rules.project.archivedAtMs === undefined
      ? undefined
      : ends(disconnects.permissionDenied, 'The project is archived.'),
}

const keyAgrees: Rule<Candidate> = {
  says: 'The client_api_key, where one is sent, belongs to the project of the token.',
  refuse: ({ rules, key }) =>
    key.kind === 'known' && key.project.id !== rules.project.id
      ? ends(disconnects.invalidToken, 'The client_api_key belongs to another project than the token.')
      : undefined,
}

const comesFromAllowedOrigin: Rule<Candidate> = {
  says: 'The origin is one that the project allows.',
  refuse: ({ rules, origin }) =>
    rules.isOriginAllowed(origin)
      ? undefined
      : ends(disconnects.permissionDenied, 'The origin is not among those that the project allows.'),
}

const isNotBlocked: Rule<Candidate> = {
  says: 'The user is not blocked.',
  refuse: ({ rules, user, blocked }) =>
    blocked.isBlocked(rules.project.id, user)
      ? ends(disconnects.forceDisconnect, 'The user was disconnected and is blocked for a while.')
      : undefined,
}

const tokenRules = [isActive, keyAgrees, comesFromAllowedOrigin, isNotBlocked]

// ── without one ─────────────────────────────────────────────────────────────────────────────────────────────────

const admitAnonymous = (
  { origin }: AdmissionQuestion,
  key: ClientKeyReading,
  parts: AdmissionParts,
  trace: RuleTrace,
): Admission => {
  const nobody = ends(disconnects.badRequest, 'The connect command carries neither a token nor a client_api_key.')
  const refused = key.kind === 'known' ? undefined : nobody
  trace?.push(outcomeOf('There is a token or a client_api_key.', refused))
  if (key.kind !== 'known') return nobody
  const rules = parts.rules.ofProject(key.project)
  const refusal = firstRefusal(anonymousRules, { rules, user: '', origin, key, blocked: parts.blocked }, trace)
  return (
    refusal ?? {
      kind: 'admitted',
      scope: key.project.id,
      user: '',
      subscriptions: [],
      by: 'anonymous',
      credentialId: key.keyId,
      limits: rules.limits,
    }
  )
}

const letsAnonymousIn: Rule<Candidate> = {
  says: 'The project allows anonymous connections.',
  refuse: ({ rules }) =>
    rules.project.allowAnonymous
      ? undefined
      : ends(disconnects.badRequest, 'There is no token, and the project allows no anonymous connections.'),
}

const listsOrigins: Rule<Candidate> = {
  says: 'The project lists its origins, as anonymous connections need.',
  refuse: ({ rules }) =>
    rules.project.allowedOrigins.length > 0
      ? undefined
      : ends(disconnects.permissionDenied, 'Anonymous connections need a list of allowed origins.'),
}

const anonymousRules = [isActive, letsAnonymousIn, listsOrigins, comesFromAllowedOrigin, isNotBlocked]

// ── tokens that do not count ────────────────────────────────────────────────────────────────────────────────────

/**
 * What a token that does not count is answered, by what it was sent for: whether an SDK fetches a fresh one, gives up the
 * subscription or gives up the connection hangs on it. Source: Centrifugo.
 */
const tokenAnswers = {
  connect: {
    expired: { kind: 'error', error: errors.tokenExpired },
    invalid: { kind: 'disconnect', disconnect: disconnects.invalidToken },
    unreadable: { kind: 'error', error: errors.internal },
  },
  refresh: {
    expired: { kind: 'disconnect', disconnect: disconnects.expired },
    invalid: { kind: 'disconnect', disconnect: disconnects.invalidToken },
    unreadable: { kind: 'error', error: errors.internal },
  },
  subscription: {
    expired: { kind: 'error', error: errors.tokenExpired },
    invalid: { kind: 'error', error: errors.permissionDenied },
    unreadable: { kind: 'error', error: errors.permissionDenied },
  },
} as const

export const refuseToken = (purpose: keyof typeof tokenAnswers, { because, rule }: TokenFault): Refusal => ({
  ...tokenAnswers[purpose][because],
  rule,
})
