import {
  type ClientInfo,
  disconnects,
  errors,
  failed,
  ok,
  type ProtocolError,
  type Result,
  unsubscribes,
} from '@xshathra/protocol'
import type { HistoryFilter, HistoryPage, PublishOutcome } from '../broker/broker.ts'
import type { ChannelRules } from '../channel-rules.ts'
import { compileGlob } from '../config/glob.ts'
import type {
  ApiOutcome,
  DisconnectParams,
  EngineApi,
  NodeInfo,
  PublishParams,
  RefreshParams,
  SubscribeParams,
  UserTarget,
} from '../engine.ts'
import { isPromise, type MaybePromise, whenReady } from '../maybe-promise.ts'
import type { Scope } from '../names.ts'
import type { Resolution } from '../tenancy.ts'
import type { Connection } from './connection.ts'
import type { CoreParts } from './core-parts.ts'
import { openSubscription, serverSideGrant } from './open-subscription.ts'
import { acceptsData, isStream, publishResolved } from './publishing.ts'
import { effectiveChannelLimit } from './subscribe-rules.ts'

type Resolved = Resolution & { readonly kind: 'resolved' }

const done: Result<void, never> = ok(undefined)

/**
 * What backends may ask of the embedded engine. Client permissions do not apply here; whose channels and users a caller
 * reaches is decided by the tenancy alone.
 */
export class EmbeddedServerApi implements EngineApi {
  readonly #parts: CoreParts
  readonly #node: () => NodeInfo

  constructor(parts: CoreParts, node: () => NodeInfo) {
    this.#parts = parts
    this.#node = node
  }

  publish(scope: Scope, params: PublishParams): ApiOutcome<PublishOutcome> {
    return this.#withChannel(scope, params.channel, (resolution) => {
      const { rules } = resolution
      const isJson = params.isJson ?? false
      if (!isStream(rules)) return failed(errors.badRequest)
      if (!acceptsData(rules.dataFormat, params.data, isJson)) return failed(errors.badRequest)
      const { data, tags, skipHistory, idempotencyKey, version, versionEpoch } = params
      const delta = params.delta || rules.deltaPublish
      const accepted = { data, isJson, tags, skipHistory, idempotencyKey, version, versionEpoch, delta }
      return whenReady(publishResolved(this.#parts, resolution, scope, accepted), asApiResult)
    })
  }

  presence(scope: Scope, channel: string): ApiOutcome<ReadonlyMap<string, ClientInfo>> {
    return this.#withChannel(scope, channel, ({ rules, channel: key }) =>
      rules.presence ? ok(new Map(this.#parts.hub.channel(key)?.presence())) : failed(errors.notAvailable),
    )
  }

  presenceStats(scope: Scope, channel: string): ApiOutcome<{ readonly numClients: number; readonly numUsers: number }> {
    return this.#withChannel(scope, channel, ({ rules, channel: key }) => {
      if (!rules.presence) return failed(errors.notAvailable)
      const found = this.#parts.hub.channel(key)
      return ok({ numClients: found?.numPresent ?? 0, numUsers: found?.numPresentUsers ?? 0 })
    })
  }

  history(scope: Scope, channel: string, filter: HistoryFilter): ApiOutcome<HistoryPage> {
    return this.#withHistory(scope, channel, ({ channel: key }, retention) =>
      whenReady(this.#parts.broker.history(key, filter, retention), asApiResult),
    )
  }

  historyRemove(scope: Scope, channel: string): ApiOutcome<void> {
    return this.#withHistory(scope, channel, ({ channel: key }) =>
      whenReady(this.#parts.broker.removeHistory(key), asApiResult),
    )
  }

  subscribe(scope: Scope, params: SubscribeParams): ApiOutcome<void> {
    return this.#withChannel(scope, params.channel, (resolution) => {
      const outcomes = this.#targets(scope, params).map((connection) => this.#subscribe(connection, resolution, params))
      return outcomes.some(isPromise) ? Promise.all(outcomes).then(() => done) : done
    })
  }

  unsubscribe(scope: Scope, params: UserTarget & { readonly channel: string }): ApiOutcome<void> {
    return this.#withChannel(scope, params.channel, ({ channel }) => {
      for (const connection of this.#targets(scope, params)) {
        const subscription = connection.subscriptions.get(channel)
        if (subscription) connection.unsubscribe(subscription, unsubscribes.server)
      }
      return done
    })
  }

  disconnect(scope: Scope, params: DisconnectParams): ApiOutcome<void> {
    const { code, reason, whitelist } = params
    const known = Object.values(disconnects).find((one) => one.code === code)
    const disconnect =
      code === undefined
        ? { ...disconnects.forceDisconnect, ...(reason ? { reason } : {}) }
        : { code, reason: reason ?? known?.reason ?? '' }
    for (const connection of this.#targets(scope, params)) {
      if (!whitelist?.includes(connection.id)) connection.disconnect(disconnect)
    }
    return done
  }

  refresh(scope: Scope, params: RefreshParams): ApiOutcome<void> {
    const expireAt = params.expireAt ?? 0
    const isPast = expireAt > 0 && expireAt * 1000 <= this.#parts.clock.now()
    for (const connection of this.#targets(scope, params)) {
      if (params.expired || isPast) connection.disconnect(disconnects.expired)
      else {
        connection.renew(params.connInfo)
        connection.push({ kind: 'refresh', expires: expireAt > 0, ttl: connection.expireAt(expireAt) })
      }
    }
    return done
  }

  channels(scope: Scope, pattern?: string): ApiOutcome<ReadonlyMap<string, { readonly numClients: number }>> {
    const matches = pattern ? compileGlob(pattern) : () => true
    if (!matches) return failed(errors.internal)
    const { hub, tenancy } = this.#parts
    const found = new Map<string, { readonly numClients: number }>()
    for (const channel of hub.channels()) {
      if (!tenancy.sees(scope, channel.scope)) continue
      const name = tenancy.display(scope, channel.key)
      if (matches(name)) found.set(name, { numClients: channel.subscribers })
    }
    return ok(found)
  }

  info(): ApiOutcome<{ readonly nodes: readonly NodeInfo[] }> {
    return ok({ nodes: [this.#node()] })
  }

  #withChannel<Value>(scope: Scope, name: string, act: (resolution: Resolved) => ApiOutcome<Value>): ApiOutcome<Value> {
    if (name === '') return failed(errors.badRequest)
    const resolution = this.#parts.tenancy.resolve(scope, name)
    return resolution.kind === 'refused' ? failed(resolution.error) : act(resolution)
  }

  #withHistory<Value>(
    scope: Scope,
    name: string,
    act: (resolution: Resolved, retention: NonNullable<ChannelRules['history']>) => ApiOutcome<Value>,
  ): ApiOutcome<Value> {
    return this.#withChannel(scope, name, (resolution) =>
      resolution.rules.history ? act(resolution, resolution.rules.history) : failed(errors.notAvailable),
    )
  }

  /** The connections of a user, narrowed to one where a client or session id is given. */
  #targets(scope: Scope, { user, client, session }: UserTarget): Connection[] {
    const target = this.#parts.tenancy.resolveUser(scope, user)
    return this.#parts.hub
      .connectionsOf(target.scope, target.user)
      .filter((one) => (!client || one.id === client) && (!session || one.session === session))
  }

  /** Repeating it renews the subscription and its push, as Centrifugo does. */
  #subscribe(connection: Connection, { channel, rules }: Resolved, params: SubscribeParams): MaybePromise<void> {
    const takesOver = connection.subscriptions.get(channel)
    const limit = effectiveChannelLimit(connection)
    if (!takesOver && limit > 0 && connection.numChannels >= limit)
      return connection.disconnect(disconnects.channelLimit)
    const { recoverSince } = params
    const opened = openSubscription(connection, {
      key: channel,
      name: this.#parts.tenancy.display(connection.scope, channel),
      grant: serverSideGrant(rules, { ...params, fromConnectionToken: takesOver?.grant.fromConnectionToken ?? false }),
      recovery: recoverSince ? { recover: true, ...recoverSince } : undefined,
      takesOver,
    })
    return whenReady(opened, (outcome) => {
      if (outcome.kind !== 'opened') return
      const { recoverable, epoch, offset, positioned, data } = outcome.result
      const result = {
        ...(recoverable ? { recoverable } : {}),
        ...(epoch ? { epoch } : {}),
        ...(offset ? { offset } : {}),
        ...(positioned ? { positioned } : {}),
        ...(data ? { data } : {}),
      }
      connection.push({ kind: 'subscribe', channel: outcome.subscription.name, result })
      outcome.goLive()
    })
  }
}

const asApiResult = <Value>(result: Result<Value, 'store' | 'unrecoverable'>): Result<Value, ProtocolError> =>
  result.ok ? result : failed(result.problem === 'unrecoverable' ? errors.unrecoverablePosition : errors.internal)
