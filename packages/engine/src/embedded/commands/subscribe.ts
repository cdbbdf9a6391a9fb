import {
  compileTagsFilter,
  disconnects,
  errors,
  fitsInBytes,
  type ProtocolError,
  type SubscribeRequest,
  type SubscribeResult,
} from '@xshathra/protocol'
import { isPromise, type MaybePromise, whenReady } from '../../maybe-promise.ts'
import type { Refusal, Resolution, SubscribeAnswer, SubscriptionReading, Tenancy } from '../../tenancy.ts'
import type { Connection } from '../connection.ts'
import { type OpenedSubscription, type OpenOutcome, openSubscription } from '../open-subscription.ts'
import {
  type AllowedBy,
  clientSideGrant,
  decideByRules,
  effectiveChannelLimit,
  isValidName,
} from '../subscribe-rules.ts'
import type { Subscription, SubscriptionGrant } from '../subscription.ts'

type Resolved = Resolution & { readonly kind: 'resolved' }
type Allowed = SubscribeAnswer & { readonly kind: 'allowed' }

/** Bit of SubscribeRequest.flag: answer error 112 where recovery fails, in place of `recovered: false`. */
const rejectUnrecovered = 2
/** SubscribeRequest.type of a shared poll, and the first number that means nothing. */
const sharedPollType = 4

/**
 * A client's subscribe: the decision table of the protocol row by row, then the place in the channel.
 * Source of order and answers: Centrifugo, client subscribe of stream channels.
 */
export const subscribe = (connection: Connection, id: number, request: SubscribeRequest): MaybePromise<void> => {
  const refuse = (error: ProtocolError, rule: string) =>
    connection.refuse('subscribe', id, error, rule, request.channel)
  if (request.channel === '') return connection.reject('subscribe', disconnects.badRequest, 'no channel')
  const { tenancy, client } = connection.parts
  const resolution = tenancy.resolve(connection.scope, request.channel)
  const isSharedPoll = resolution.kind === 'resolved' && resolution.rules.subscriptionType === 'shared_poll'
  if (request.type === sharedPollType && !isSharedPoll)
    return refuse(errors.notAvailable, 'shared poll is not available here')
  if (isSharedPoll && request.type !== sharedPollType) return refuse(errors.badRequest, 'the channel is a shared poll')
  if (request.delta !== '' && request.delta !== 'fossil') {
    return connection.reject('subscribe', disconnects.badRequest, 'unknown delta type', request.channel)
  }
  if (client.channelMaxLength > 0 && !fitsInBytes(request.channel, client.channelMaxLength)) {
    return refuse(errors.badRequest, `channel name longer than ${client.channelMaxLength} bytes`)
  }
  const held = resolution.kind === 'resolved' ? connection.subscriptions.get(resolution.channel) : undefined
  const adopted = held?.grant.serverSide && !client.strictServerSubscriptions ? held : undefined
  if (held && !adopted) return refuse(errors.alreadySubscribed, 'already subscribed')
  if (resolution.kind === 'resolved' && connection.openingOf(resolution.channel)) {
    return refuse(errors.alreadySubscribed, 'already subscribing')
  }
  const limit = effectiveChannelLimit(connection)
  if (!adopted && limit > 0 && connection.numChannels >= limit)
    return refuse(errors.limitExceeded, 'limit of channels per connection')
  if (resolution.kind === 'refused') return refuse(resolution.error, resolution.rule)
  if (!isValidName(request.channel, resolution.anatomy, resolution.rules))
    return refuse(errors.badRequest, 'invalid channel name')
  const unfit = unfitType(request.type, resolution.rules.subscriptionType)
  if (unfit) return connection.refuseWith('subscribe', id, unfit, request.channel)

  const outcome = whenReady(decide(connection, request, resolution, adopted), (decision) =>
    decision.kind === 'allowed'
      ? open(connection, id, request, resolution, decision, adopted)
      : connection.refuseWith('subscribe', id, decision, request.channel),
  )
  if (isPromise(outcome)) connection.markOpening(resolution.channel, outcome)
  return outcome
}

/** Map and shared poll subscriptions are not offered: their types are refused as by a namespace of another type. */
const unfitType = (type: number, subscriptionType: string): Refusal | undefined => {
  if (type > sharedPollType)
    return { kind: 'disconnect', disconnect: disconnects.serverError, rule: 'unknown subscription type' }
  const isStream = subscriptionType === '' || subscriptionType === 'stream'
  if (type > 0 || !isStream) {
    return { kind: 'error', error: errors.permissionDenied, rule: 'the subscription type does not fit the namespace' }
  }
  return undefined
}

type Decision = (Allowed & { readonly by: AllowedBy }) | Refusal

const denied = (rule: string): Refusal => ({ kind: 'error', error: errors.permissionDenied, rule })

/** Whether this connection may subscribe: rows 11 to 18 of the table, the first that applies answers. */
const decide = (
  connection: Connection,
  request: SubscribeRequest,
  resolution: Resolved,
  adopted: Subscription | undefined,
): MaybePromise<Decision> => {
  const { tenancy, client } = connection.parts
  const { channel } = resolution
  if (request.token !== '') {
    const reading = tenancy.readSubscriptionToken(connection.scope, request.token)
    return whenReady(reading, (read) => fromToken(connection, read, resolution))
  }
  if (adopted) {
    const { chanInfo, expireAt, grant } = adopted
    return { kind: 'allowed', by: 'token', chanInfo, expireAt, data: grant.data }
  }
  const verdict = decideByRules(resolution, { user: connection.user, insecure: client.insecure }, mayAsk(tenancy))
  if (verdict.kind === 'allowed') return { kind: 'allowed', by: 'rules' }
  if (verdict.kind === 'denied') return denied(verdict.rule)
  const question = {
    connection: connection.facts(),
    name: request.channel,
    channel,
    rules: resolution.rules,
    token: '',
    data: request.data,
  }
  return whenReady(tenancy.authorizeSubscribe!(question), (answer) =>
    answer.kind === 'allowed' ? { ...answer, by: 'proxy' } : answer,
  )
}

const mayAsk = ({ authorizeSubscribe }: Tenancy): boolean => authorizeSubscribe !== undefined

/** A subscription token alone decides. Source: invalid is error 103, but another's user, channel or client ends the connection. */
const fromToken = (connection: Connection, reading: SubscriptionReading, { channel }: Resolved): Decision => {
  if (reading.kind !== 'read') return reading
  const mismatch = tokenMismatch(connection, reading, channel)
  if (mismatch) return { kind: 'disconnect', disconnect: disconnects.invalidToken, rule: mismatch }
  const { chanInfo, data, expireAt, override } = reading
  connection.noteSubscriptionCredential(reading.credentialId)
  return { kind: 'allowed', by: 'token', chanInfo, data, expireAt, override }
}

/** The claim by which a subscription token belongs to somebody or something else; undefined: it fits. */
export const tokenMismatch = (
  connection: Connection,
  reading: SubscriptionReading & { readonly kind: 'read' },
  channel: Resolved['channel'],
): string | undefined => {
  if (reading.user !== connection.user) return 'claim sub is another user'
  const named = connection.parts.tenancy.resolve(connection.scope, reading.channel)
  if (named.kind !== 'resolved' || named.channel !== channel) return 'claim channel is another channel'
  return reading.client !== '' && reading.client !== connection.id ? 'claim client is another connection' : undefined
}

const open = (
  connection: Connection,
  id: number,
  request: SubscribeRequest,
  { channel, rules }: Resolved,
  decision: Allowed & { readonly by: AllowedBy },
  adopted: Subscription | undefined,
): MaybePromise<void> => {
  if (connection.isClosed) return
  const refuse = (error: ProtocolError, rule: string) =>
    connection.refuse('subscribe', id, error, rule, request.channel)
  let filter: SubscriptionGrant['filter']
  if (request.tagsFilter) {
    filter = rules.allowTagsFilter ? compileTagsFilter(request.tagsFilter) : undefined
    if (!filter)
      return refuse(
        errors.badRequest,
        rules.allowTagsFilter ? 'invalid tags filter' : 'the namespace has no tags filter',
      )
  }
  const { expireAt } = decision
  if (expireAt && expireAt * 1000 <= connection.parts.clock.now())
    return refuse(errors.expired, 'expire_at is in the past')

  const grant = clientSideGrant(connection, rules, request, decision.by, { ...decision, filter })
  // The adopted place may have gone while the token was read.
  const takesOver = adopted && connection.subscriptions.get(channel) === adopted ? adopted : undefined
  const opened = openSubscription(connection, {
    key: channel,
    name: request.channel,
    grant,
    recovery: request,
    takesOver,
  })
  return whenReady(opened, (outcome) => answer(connection, id, request, outcome))
}

const answer = (connection: Connection, id: number, request: SubscribeRequest, outcome: OpenOutcome): void => {
  if (outcome.kind === 'closed') return
  if (outcome.kind === 'store') {
    return connection.refuse('subscribe', id, errors.internal, 'history could not be read', request.channel)
  }
  const { subscription, goLive } = outcome
  if ((request.flag & rejectUnrecovered) !== 0 && isUnrecovered(request, outcome)) {
    connection.dropSubscription(subscription, { code: 0, reason: '' }, true)
    return connection.refuse('subscribe', id, errors.unrecoverablePosition, 'recovery failed', request.channel)
  }
  connection.reply({ kind: 'subscribe', id, result: withExpiry(connection, subscription, outcome.result) })
  goLive()
}

/** Only the recovery of a stream can fail in this sense: a cache tells it in the reply. */
const isUnrecovered = ({ recover }: SubscribeRequest, { subscription, result }: OpenedSubscription): boolean =>
  recover && !result.recovered && subscription.grant.recoverable && subscription.grant.rules.recoveryMode === 'stream'

/** Client-side subscriptions are told when they expire, so that the SDK can bring a new token in time. */
const withExpiry = (
  connection: Connection,
  { expireAt, grant }: Subscription,
  result: SubscribeResult,
): SubscribeResult => {
  if (expireAt === 0 || (grant.rules.subRefreshProxy !== undefined && connection.parts.tenancy.extendSubscription))
    return result
  return { ...result, expires: true, ttl: Math.max(expireAt - Math.floor(connection.parts.clock.now() / 1000), 0) }
}
