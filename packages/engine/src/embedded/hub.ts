import type { Publication } from '@xshathra/protocol'
import type { BrokerEvents } from '../broker/broker.ts'
import type { InternalChannel, Scope } from '../names.ts'
import { Announcement } from './announcement.ts'
import type { Connection } from './connection.ts'
import { HubChannel, type HubChannelEvents } from './hub-channel.ts'
import type { Outbox } from './outbox.ts'
import type { Subscription } from './subscription.ts'

/** Connections of one user: most users have one, so a set is made only for the second. */
type UserConnections = Connection | Set<Connection>

/** One scope's people: connections counted, and found by user. */
class ScopeIndex {
  connections = 0
  readonly users = new Map<string, UserConnections>()
}

/** This process's index of connections and subscriptions; fans publications out. */
export class Hub implements BrokerEvents {
  readonly #outbox: Outbox
  readonly #channelEvents: HubChannelEvents
  readonly #connections = new Map<string, Connection>()
  readonly #sessions = new Map<string, Connection>()
  readonly #scopes = new Map<Scope, ScopeIndex>()
  readonly #channels = new Map<InternalChannel, HubChannel>()
  #subscriptions = 0

  constructor(outbox: Outbox, channelEvents: HubChannelEvents) {
    this.#outbox = outbox
    this.#channelEvents = channelEvents
  }

  get numConnections(): number {
    return this.#connections.size
  }

  get numChannels(): number {
    return this.#channels.size
  }

  get numSubscriptions(): number {
    return this.#subscriptions
  }

  get numUsers(): number {
    let users = 0
    for (const scope of this.#scopes.values()) users += scope.users.size
    return users
  }

  /** Makes a connected connection findable by id, session and user. */
  add(connection: Connection): void {
    this.#connections.set(connection.id, connection)
    if (connection.session !== '') this.#sessions.set(connection.session, connection)
    let scope = this.#scopes.get(connection.scope)
    if (!scope) {
      scope = new ScopeIndex()
      this.#scopes.set(connection.scope, scope)
    }
    scope.connections++
    const others = scope.users.get(connection.user)
    if (others === undefined) scope.users.set(connection.user, connection)
    else if (others instanceof Set) others.add(connection)
    else scope.users.set(connection.user, new Set([others, connection]))
  }

  remove(connection: Connection): void {
    if (!this.#connections.delete(connection.id)) return
    if (connection.session !== '') this.#sessions.delete(connection.session)
    const scope = this.#scopes.get(connection.scope)
    if (!scope) return
    scope.connections--
    const others = scope.users.get(connection.user)
    if (others instanceof Set) {
      others.delete(connection)
      if (others.size === 0) scope.users.delete(connection.user)
    } else scope.users.delete(connection.user)
    if (scope.connections === 0) this.#scopes.delete(connection.scope)
  }

  connection(id: string): Connection | undefined {
    return this.#connections.get(id)
  }

  connectionBySession(session: string): Connection | undefined {
    return this.#sessions.get(session)
  }

  /** All connections, of one scope if given. The array is the caller's own. */
  connections(scope?: Scope): Connection[] {
    const all = [...this.#connections.values()]
    return scope === undefined ? all : all.filter((connection) => connection.scope === scope)
  }

  /** The connections of one user. The array is the caller's own: connections may go while it is walked. */
  connectionsOf(scope: Scope, user: string): Connection[] {
    const found = this.#scopes.get(scope)?.users.get(user)
    if (found === undefined) return []
    return found instanceof Set ? [...found] : [found]
  }

  countOf(scope: Scope, user: string): number {
    const found = this.#scopes.get(scope)?.users.get(user)
    if (found === undefined) return 0
    return found instanceof Set ? found.size : 1
  }

  countIn(scope: Scope): number {
    return this.#scopes.get(scope)?.connections ?? 0
  }

  /** The channel, where anybody is subscribed to it. */
  channel(key: InternalChannel): HubChannel | undefined {
    return this.#channels.get(key)
  }

  channels(): IterableIterator<HubChannel> {
    return this.#channels.values()
  }

  /** The channel for a new subscriber. */
  channelFor(key: InternalChannel, scope: Scope, namespace: string): HubChannel {
    const known = this.#channels.get(key)
    if (known) return known
    const channel = new HubChannel(key, scope, namespace, this.#outbox, this.#channelEvents)
    this.#channels.set(key, channel)
    return channel
  }

  join(subscription: Subscription): void {
    this.#subscriptions++
    subscription.channel.join(subscription)
  }

  leave(subscription: Subscription): void {
    const { channel } = subscription
    this.#subscriptions--
    channel.leave(subscription)
    if (channel.subscribers === 0) this.#channels.delete(channel.key)
  }

  onPublication(
    key: InternalChannel,
    publication: Publication,
    epoch: string,
    previous: Publication | undefined,
    delta: boolean,
  ): void {
    this.#channels.get(key)?.announce(new Announcement(publication, epoch, previous, delta))
  }
}
