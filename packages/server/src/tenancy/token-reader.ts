import {
  type Clock,
  createTokenVerifier,
  type MaybePromise,
  type ServerSubscription,
  type SubscriptionReading,
  type TokenVerifierOptions,
  whenReady,
} from '@xshathra/engine'
import type { Payload } from '@xshathra/protocol'
import type { Project } from '../projects/project.ts'
import type { ProjectDirectory } from '../projects/project-directory.ts'
import { type CustomerTokenReading, readCustomerToken } from './customer-token.ts'
import { readFullUser } from './minted-user.ts'

/** Why a token does not count: too old, not to be believed, or sound but with a claim that cannot be decoded. */
export interface TokenFault {
  readonly kind: 'fault'
  readonly because: 'expired' | 'invalid' | 'unreadable'
  /** A whole sentence that names a claim at most, never what it says. */
  readonly rule: string
}

interface Believed {
  readonly kind: 'read'
  readonly project: Project
  readonly user: string
  /** Unix seconds; absent: never. */
  readonly expireAt?: number | undefined
  /** The customer's key that signed it; absent: the engine secret did. */
  readonly keyId?: string | undefined
}

export interface BelievedConnection extends Believed {
  readonly info?: Payload | undefined
  readonly meta?: Payload | undefined
  readonly subscriptions: readonly ServerSubscription[]
}

export interface BelievedSubscription
  extends Believed,
    Pick<SubscriptionReading & { kind: 'read' }, 'chanInfo' | 'data' | 'override'> {
  readonly channel: string
  readonly client: string
}

export interface TokenReaderNeeds {
  readonly directory: ProjectDirectory
  readonly clock: Clock
  /** Keys of the engine, for the tokens that we mint. */
  readonly tokens: TokenVerifierOptions
  /** Keys of their own for subscription tokens; absent: those of `tokens`. */
  readonly subscriptionTokens?: TokenVerifierOptions | undefined
}

/**
 * Reads the two kinds of tokens there are: minted ones, signed with the engine secret, whose `sub` alone says the
 * project; and those that a customer signed with a `server_api_key`. The signature decides which one it is.
 */
export const createTokenReader = ({ directory, clock, tokens, subscriptionTokens }: TokenReaderNeeds) => {
  const verifier = createTokenVerifier(tokens, { clock })
  const subscriptionVerifier = subscriptionTokens ? createTokenVerifier(subscriptionTokens, { clock }) : verifier

  const readCustomers = (token: string, fallback: Project | undefined) =>
    readCustomerToken(token, { directory, fallback, nowMs: clock.now() })

  const readOwner = (subject: string): { readonly project: Project; readonly user: string } | TokenFault => {
    const owner = readFullUser(subject)
    const project = owner && directory.project(owner.projectId)
    if (!owner) return fault('invalid', 'Its claim sub is not projectId:userId.')
    return project ? { project, user: owner.user } : fault('invalid', 'It belongs to no known project.')
  }

  return {
    /** `fallback`: whose a customer's token is where it does not say so itself. */
    readConnection: (token: string, fallback: Project | undefined): MaybePromise<BelievedConnection | TokenFault> =>
      whenReady(verifier.verifyConnection(token), (verdict) => {
        if (verdict.kind === 'expired') return expired(verdict.claim)
        if (verdict.kind === 'undecodable') return fault('unreadable', 'Its claim b64info is not base64.')
        if (verdict.kind === 'invalid') return customersConnection(readCustomers(token, fallback), verdict.reason)
        const owner = readOwner(verdict.user)
        if ('because' in owner) return owner
        if (owner.user === '') return namesNobody
        const { expireAt, info, meta, subscriptions } = verdict
        return { kind: 'read', ...owner, expireAt, info, meta, subscriptions }
      }),

    readSubscription: (token: string, fallback: Project | undefined): MaybePromise<BelievedSubscription | TokenFault> =>
      whenReady(subscriptionVerifier.verifySubscription(token), (verdict) => {
        if (verdict.kind === 'expired') return expired(verdict.claim)
        if (verdict.kind === 'invalid') return customersSubscription(readCustomers(token, fallback), verdict.reason)
        const owner = readOwner(verdict.user)
        return 'because' in owner ? owner : { ...verdict, kind: 'read', ...owner }
      }),
  }
}

export type TokenReader = ReturnType<typeof createTokenReader>

const fault = (because: TokenFault['because'], rule: string): TokenFault => ({ kind: 'fault', because, rule })

const expired = (claim: 'exp' | 'nbf'): TokenFault =>
  fault('expired', claim === 'exp' ? 'Its claim exp has passed.' : 'Its claim nbf is still to come.')

const namesNobody = fault('invalid', 'Its claim sub names no user.')

/** A token that nobody here signed may still be one of ours with a broken claim: what the verifier saw says more then. */
const customersFault = (reading: CustomerTokenReading & { kind: 'refused' }, reason: string): TokenFault => {
  if (reading.because !== 'forged') return fault(reading.because, reading.rule)
  return fault('invalid', reason === 'signature' || reason === 'alg' ? reading.rule : `It does not fit: ${reason}.`)
}

const customersConnection = (reading: CustomerTokenReading, reason: string): BelievedConnection | TokenFault => {
  if (reading.kind === 'refused') return customersFault(reading, reason)
  const { project, keyId, user, expireAt, channel, channels, info } = reading
  if (channel !== '') return fault('invalid', 'It is a subscription token: it has a claim channel.')
  if (user === '') return namesNobody
  const subscriptions = Array.from(new Set(channels), (name) => ({ channel: name }))
  return { kind: 'read', project, keyId, user, expireAt, info, subscriptions }
}

const customersSubscription = (reading: CustomerTokenReading, reason: string): BelievedSubscription | TokenFault => {
  if (reading.kind === 'refused') return customersFault(reading, reason)
  const { project, keyId, user, expireAt, channel, info } = reading
  if (channel === '') return fault('invalid', 'It is no subscription token: it has no claim channel.')
  return { kind: 'read', project, keyId, user, expireAt, channel, client: '', chanInfo: info }
}
