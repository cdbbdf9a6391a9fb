import type {
  DeliveredPublication,
  Payload,
  Publication,
  StreamPosition,
  SubscribeRequest,
  SubscribeResult,
} from '@xshathra/protocol'
import type { HistoryFilter, HistoryPage } from '../broker/broker.ts'
import type { ChannelRules, Retention } from '../channel-rules.ts'
import { isPromise, type MaybePromise } from '../maybe-promise.ts'
import type { InternalChannel } from '../names.ts'
import type { RulesOverride } from '../tenancy.ts'
import { chainPatches } from './announcement.ts'
import type { Connection } from './connection.ts'
import { recoverCache, recoverStream } from './recovery.ts'
import { Subscription, type SubscriptionGrant } from './subscription.ts'

/** What a client asks to recover, or nothing. */
export type RecoveryRequest = Pick<SubscribeRequest, 'recover' | 'offset' | 'epoch'>

export interface OpenRequest {
  readonly key: InternalChannel
  /** As the subscriber names it. */
  readonly name: string
  readonly grant: SubscriptionGrant
  readonly recovery?: RecoveryRequest | undefined
  /** Hands over the place of an older subscription of the same connection: nobody sees a leave or a join. */
  readonly takesOver?: Subscription | undefined
}

export interface OpenedSubscription {
  readonly kind: 'opened'
  readonly subscription: Subscription
  readonly result: SubscribeResult
  /**
   * Call once the result is on its way to the client: from then on publications flow, and the others hear a join.
   * A client must not see a push for a channel before it knows that it is subscribed.
   */
  readonly goLive: () => void
}

/** `closed`: the connection went meanwhile; `store`: history could not be read. */
export type OpenOutcome = OpenedSubscription | { readonly kind: 'closed' } | { readonly kind: 'store' }

/**
 * Takes a place in a channel: presence at once, publications held back until goLive(). Reads the stream where the
 * subscription follows positions and works out what the client missed.
 */
export const openSubscription = (connection: Connection, request: OpenRequest): MaybePromise<OpenOutcome> => {
  const { hub, broker, client } = connection.parts
  const { key, grant, name, recovery } = request
  if (request.takesOver) connection.dropSubscription(request.takesOver, { code: 0, reason: '' }, true)
  const channel = hub.channelFor(key, connection.scope, grant.rules.namespace)
  const subscription = new Subscription(connection, channel, name, grant)
  connection.addSubscription(subscription)
  const opened = (page: HistoryPage | undefined): OpenOutcome => {
    const { result, offset, isCaughtUp } = describe(subscription, recovery, page)
    if (isCaughtUp && grant.delta) subscription.delivery = 'patch'
    return {
      kind: 'opened',
      subscription,
      result,
      goLive: () => goLive(connection, subscription, offset, result, request),
    }
  }
  if (!subscription.hasPosition) return opened(undefined)

  const filter = historyFilter(grant, recovery, client.recoveryMaxPublicationLimit)
  const page = broker.history(key, filter, grant.rules.history ?? nothingKept)
  const read = (outcome: Awaited<typeof page>): OpenOutcome => {
    if (connection.isClosed || connection.subscriptions.get(key) !== subscription) return { kind: 'closed' }
    if (outcome.ok) return opened(outcome.value)
    if (outcome.problem === 'unrecoverable')
      return opened({ publications: [], offset: channel.offset, epoch: channel.epoch })
    connection.dropSubscription(subscription, { code: 0, reason: 'store' }, true)
    return { kind: 'store' }
  }
  if (!isPromise(page)) return read(page)
  channel.hold(subscription)
  return page.then(read)
}

/** Streams of channels that follow positions but keep nothing still have an epoch. */
const nothingKept: Retention = { size: 0, ttlMs: 0, metaTtlMs: 0, durability: 'memory' }

const wantsRecovery = (rules: ChannelRules, recovery: RecoveryRequest | undefined): boolean =>
  (recovery?.recover ?? false) || rules.autoCacheRecover

const historyFilter = (
  { rules, recoverable }: SubscriptionGrant,
  recovery: RecoveryRequest | undefined,
  recoveryLimit: number,
): HistoryFilter => {
  if (!recoverable || !wantsRecovery(rules, recovery)) return { limit: 0 }
  if (rules.recoveryMode === 'cache') return { limit: 1, reverse: true }
  // The epoch is compared by the recovery rule, which answers `recovered: false` where history would be an error.
  const since = { offset: recovery?.offset ?? 0, epoch: '' }
  return { since, limit: recoveryLimit > 0 ? recoveryLimit : -1 }
}

interface Description {
  readonly result: SubscribeResult
  /** Publications up to here are known to the client, or about to be. */
  readonly offset: number
  /** The client has the stream's latest publication, so that the next one may be a patch against it. */
  readonly isCaughtUp: boolean
}

/** The reply to a subscribe. Source of the offset rule: recovered replies carry the request's offset, others the top. */
const describe = (
  subscription: Subscription,
  recovery: RecoveryRequest | undefined,
  page: HistoryPage | undefined,
): Description => {
  const { grant, channel } = subscription
  const { rules } = grant
  const wasRecovering = wantsRecovery(rules, recovery)
  const base: SubscribeResult = {
    ...(grant.data ? { data: grant.data } : {}),
    ...(grant.delta ? { delta: true } : {}),
    ...(wasRecovering ? { wasRecovering: true } : {}),
  }
  if (!page) return { result: base, offset: 0, isCaughtUp: false }
  channel.epoch = page.epoch
  channel.offset = page.offset
  const positions: SubscribeResult = {
    ...base,
    positioned: true,
    epoch: page.epoch,
    ...(grant.recoverable ? { recoverable: true } : {}),
  }
  if (!wasRecovering || !grant.recoverable) {
    return { result: { ...positions, offset: page.offset }, offset: page.offset, isCaughtUp: false }
  }
  const since: StreamPosition = { offset: recovery?.offset ?? 0, epoch: recovery?.epoch ?? '' }
  const isCache = rules.recoveryMode === 'cache'
  const { recovered, publications } = isCache ? recoverCache(since, page) : recoverStream(since, page)
  if (!recovered) return { result: { ...positions, offset: page.offset }, offset: page.offset, isCaughtUp: false }
  const missed = inSubscribersForm(subscription, publications)
  return {
    result: {
      ...positions,
      recovered: true,
      offset: since.offset,
      ...(missed.length > 0 ? { publications: missed } : {}),
    },
    offset: page.offset,
    isCaughtUp: true,
  }
}

/** Recovered publications as this subscriber gets them: filtered, or as a chain of patches. */
const inSubscribersForm = (
  { connection, grant }: Subscription,
  publications: readonly Publication[],
): readonly DeliveredPublication[] => {
  if (grant.delta) return chainPatches(publications, connection.form.codec.protocol === 'json')
  const { filter } = grant
  return filter ? publications.filter(({ tags }) => filter(tags)) : publications
}

const goLive = (
  connection: Connection,
  subscription: Subscription,
  offset: number,
  result: SubscribeResult,
  { grant, takesOver }: OpenRequest,
): void => {
  if (connection.subscriptions.get(subscription.channel.key) !== subscription) return
  const { channel } = subscription
  channel.goLive(subscription, offset)
  if (takesOver) return
  const { events, tenancy } = connection.parts
  if (events.wants('subscribe')) {
    events.emit({
      kind: 'subscribe',
      client: connection.id,
      scope: connection.scope,
      user: connection.user,
      channel: tenancy.display(channel.scope, channel.key),
      namespace: channel.namespace,
      serverSide: grant.serverSide,
      ...(result.wasRecovering
        ? { recovered: result.recovered ?? false, recoveredCount: result.publications?.length ?? 0 }
        : {}),
    })
  }
  if (!grant.rules.joinLeave) return
  channel.announcePresence('join', connection.infoFor(subscription))
  connection.emitPresence('join', subscription)
}

/** What a server-side subscription may do: only what the namespace, or an override, forces. */
export const serverSideGrant = (
  rules: ChannelRules,
  source: {
    readonly chanInfo?: Payload | undefined
    readonly data?: Payload | undefined
    readonly expireAt?: number | undefined
    readonly override?: RulesOverride | undefined
    readonly delta?: string | undefined
    readonly fromConnectionToken: boolean
  },
): SubscriptionGrant => {
  const effective = withOverride(rules, source.override)
  return {
    rules: effective,
    positioned: effective.forcePositioning,
    recoverable: effective.forceRecovery,
    pushJoinLeave: effective.forcePushJoinLeave,
    delta: source.delta === 'fossil' && effective.allowFossilDelta,
    chanInfo: source.chanInfo,
    data: source.data,
    expireAt: source.expireAt ?? 0,
    serverSide: true,
    fromConnectionToken: source.fromConnectionToken,
  }
}

export const withOverride = (rules: ChannelRules, override: RulesOverride | undefined): ChannelRules =>
  override
    ? {
        ...rules,
        presence: override.presence ?? rules.presence,
        joinLeave: override.joinLeave ?? rules.joinLeave,
        forcePushJoinLeave: override.forcePushJoinLeave ?? rules.forcePushJoinLeave,
        forcePositioning: override.forcePositioning ?? rules.forcePositioning,
        forceRecovery: override.forceRecovery ?? rules.forceRecovery,
      }
    : rules
