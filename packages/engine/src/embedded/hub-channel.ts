import { type ClientInfo, InappropriatePayload, type Push } from '@xshathra/protocol'
import type { Retention } from '../channel-rules.ts'
import type { InternalChannel, Scope } from '../names.ts'
import type { FrameForm } from '../transport.ts'
import type { Announcement, DeliveryKind } from './announcement.ts'
import type { Connection } from './connection.ts'
import type { Outbox } from './outbox.ts'
import type { Subscription } from './subscription.ts'

/** Subscribers of one channel that get the very same bytes: same form, same channel name, same kind of delivery. */
export class FanGroup {
  readonly form: FrameForm
  readonly name: string
  readonly delivery: DeliveryKind
  /** Side by side with `subscriptions`: the fan-out loop touches connections only. */
  readonly connections: Connection[] = []
  readonly subscriptions: Subscription[] = []

  constructor(form: FrameForm, name: string, delivery: DeliveryKind) {
    this.form = form
    this.name = name
    this.delivery = delivery
  }

  add(subscription: Subscription): void {
    subscription.group = this
    subscription.slot = this.subscriptions.length
    this.subscriptions.push(subscription)
    this.connections.push(subscription.connection)
  }

  /** Fills the gap with the last member, so that leaving costs the same in a group of any size. */
  remove(subscription: Subscription): void {
    const { slot } = subscription
    const lastSubscription = this.subscriptions.pop()
    const lastConnection = this.connections.pop()
    if (lastSubscription && lastConnection && lastSubscription !== subscription) {
      lastSubscription.slot = slot
      this.subscriptions[slot] = lastSubscription
      this.connections[slot] = lastConnection
    }
    subscription.group = null
    subscription.slot = -1
  }
}

/** Told of subscribers that cannot be served any longer. */
export interface HubChannelEvents {
  /** The stream moved on under a subscriber that follows positions. */
  onInsufficientState(subscription: Subscription): void
  /** The payload cannot travel in this subscriber's encoding. */
  onInappropriatePayload(connection: Connection): void
}

/** A channel somebody is subscribed to in this process: who listens, who is present, and where the stream stands. */
export class HubChannel {
  readonly key: InternalChannel
  readonly scope: Scope
  readonly namespace: string
  /** Top of the stream as far as it was announced here; epoch `''` while unknown. */
  epoch = ''
  offset = 0
  readonly #events: HubChannelEvents
  readonly #outbox: Outbox
  readonly #groups: FanGroup[] = []
  /** Subscribers with a tags filter are looked at one by one. */
  #filtered: Set<Subscription> | undefined
  /** Subscribers whose reply has not been sent yet. */
  #opening: Set<Subscription> | undefined
  /** Subscribers that get join and leave pushes. */
  #watchers: Set<Subscription> | undefined
  #present: Map<string, Subscription> | undefined
  #presentUsers: Map<string, number> | undefined
  #subscribers = 0

  constructor(key: InternalChannel, scope: Scope, namespace: string, outbox: Outbox, events: HubChannelEvents) {
    this.key = key
    this.scope = scope
    this.namespace = namespace
    this.#outbox = outbox
    this.#events = events
  }

  /** Subscriptions, those included whose reply is not sent yet. */
  get subscribers(): number {
    return this.#subscribers
  }

  get numPresent(): number {
    return this.#present?.size ?? 0
  }

  get numPresentUsers(): number {
    return this.#presentUsers?.size ?? 0
  }

  /** Counts a subscriber and makes it present. It gets publications only from goLive() on; until then they are held. */
  join(subscription: Subscription): void {
    this.#subscribers++
    if (!subscription.grant.rules.presence) return
    this.#present ??= new Map()
    this.#presentUsers ??= new Map()
    this.#present.set(subscription.connection.id, subscription)
    const { user } = subscription.connection
    this.#presentUsers.set(user, (this.#presentUsers.get(user) ?? 0) + 1)
  }

  /** Holds what is announced while the subscriber's position is still being read. */
  hold(subscription: Subscription): void {
    subscription.held = []
    this.#opening ??= new Set()
    this.#opening.add(subscription)
  }

  /** Delivers what was held beyond `offset`, then all that is announced. The reply must be on its way already. */
  goLive(subscription: Subscription, offset: number): void {
    const { held } = subscription
    subscription.held = null
    this.#opening?.delete(subscription)
    for (const announcement of held ?? []) {
      const place = announcement.publication.offset
      if (place === 0 || !subscription.hasPosition || place > offset) this.#deliverOne(subscription, announcement)
    }
    if (subscription.grant.pushJoinLeave) {
      this.#watchers ??= new Set()
      this.#watchers.add(subscription)
    }
    if (subscription.grant.filter && !subscription.grant.delta) {
      this.#filtered ??= new Set()
      this.#filtered.add(subscription)
    } else this.#groupOf(subscription).add(subscription)
  }

  /** Takes a subscriber out in whatever state it is. */
  leave(subscription: Subscription): void {
    this.#subscribers--
    this.#opening?.delete(subscription)
    this.#watchers?.delete(subscription)
    this.#filtered?.delete(subscription)
    const { group } = subscription
    if (group) {
      group.remove(subscription)
      if (group.subscriptions.length === 0) this.#groups.splice(this.#groups.indexOf(group), 1)
    }
    this.#endPresence(subscription)
  }

  /** Everybody present, by connection id. */
  *presence(): IterableIterator<[string, ClientInfo]> {
    for (const [client, subscription] of this.#present ?? [])
      yield [client, subscription.connection.infoFor(subscription)]
  }

  /** Every live subscription. */
  *subscriptions(): IterableIterator<Subscription> {
    for (const group of this.#groups) yield* group.subscriptions
    yield* this.#filtered ?? []
  }

  /** How the stream is kept, where any subscriber follows its position. */
  get followedRetention(): Retention | undefined {
    for (const subscription of this.subscriptions()) {
      if (subscription.hasPosition) return subscription.grant.rules.history
    }
    return undefined
  }

  /** Hands one publication to everybody: encoded once per group, a pointer per subscriber. */
  announce(announcement: Announcement): void {
    const { publication, epoch } = announcement
    if (publication.offset > 0) this.#advance(publication.offset, epoch)
    if (this.#opening) for (const subscription of this.#opening) subscription.held?.push(announcement)
    const groups = this.#groups
    let unfit: FanGroup[] | undefined
    for (let i = 0; i < groups.length; i++) {
      const group = groups[i] as FanGroup
      const frame = this.#frame(announcement, group.form, group.name, group.delivery)
      if (frame) this.#outbox.addToAll(group.connections, group.connections.length, frame)
      else unfit = [...(unfit ?? []), group]
    }
    if (unfit) for (const group of unfit) this.#expelAll(group.subscriptions)
    this.#promoteToPatches()
    if (this.#filtered) for (const subscription of this.#filtered) this.#deliverOne(subscription, announcement)
  }

  /** Tells those who asked for it that somebody came or went. */
  announcePresence(kind: 'join' | 'leave', info: ClientInfo): void {
    if (!this.#watchers) return
    const frames: { form: FrameForm; name: string; frame: Buffer }[] = []
    for (const watcher of this.#watchers) {
      const { form } = watcher.connection
      let known = frames.find((one) => one.form === form && one.name === watcher.name)
      if (!known) {
        known = { form, name: watcher.name, frame: framePush(form, { kind, channel: watcher.name, info }) }
        frames.push(known)
      }
      this.#outbox.add(watcher.connection, known.frame)
    }
  }

  /** Compares with the stream's stored top: subscribers that follow positions and fell behind are told so. */
  checkPosition(offset: number, epoch: string): void {
    if (this.epoch === '' || (this.epoch === epoch && this.offset === offset)) return
    this.epoch = epoch
    this.offset = offset
    this.#expelPositioned()
  }

  #advance(offset: number, epoch: string): void {
    if (this.epoch !== '' && this.epoch !== epoch) this.#expelPositioned()
    this.epoch = epoch
    this.offset = offset
  }

  #expelPositioned(): void {
    for (const subscription of [...this.subscriptions()]) {
      if (subscription.hasPosition) this.#events.onInsufficientState(subscription)
    }
  }

  #expelAll(subscriptions: readonly Subscription[]): void {
    for (const subscription of [...subscriptions]) this.#events.onInappropriatePayload(subscription.connection)
  }

  #deliverOne(subscription: Subscription, announcement: Announcement): void {
    const { filter, delta } = subscription.grant
    if (filter && !delta && !filter(announcement.publication.tags)) return
    const { connection } = subscription
    const frame = this.#frame(announcement, connection.form, subscription.name, subscription.delivery)
    if (!frame) return this.#events.onInappropriatePayload(connection)
    if (subscription.delivery === 'whole') subscription.delivery = 'patch'
    this.#outbox.add(connection, frame)
  }

  /** Undefined where the payload cannot travel in this form. */
  #frame(announcement: Announcement, form: FrameForm, name: string, delivery: DeliveryKind): Buffer | undefined {
    try {
      return announcement.frame(form, name, delivery)
    } catch (error) {
      if (error instanceof InappropriatePayload) return undefined
      throw error
    }
  }

  /** Who got its first publication whole can read patches from now on. */
  #promoteToPatches(): void {
    for (let i = this.#groups.length - 1; i >= 0; i--) {
      const group = this.#groups[i] as FanGroup
      if (group.delivery !== 'whole') continue
      this.#groups.splice(i, 1)
      for (const subscription of group.subscriptions) {
        subscription.delivery = 'patch'
        this.#groupOf(subscription).add(subscription)
      }
    }
  }

  #groupOf({ connection, name, delivery }: Subscription): FanGroup {
    const { form } = connection
    for (const group of this.#groups) {
      if (group.form === form && group.delivery === delivery && group.name === name) return group
    }
    const group = new FanGroup(form, name, delivery)
    this.#groups.push(group)
    return group
  }

  #endPresence(subscription: Subscription): void {
    if (!this.#present?.delete(subscription.connection.id)) return
    const { user } = subscription.connection
    const left = (this.#presentUsers?.get(user) ?? 1) - 1
    if (left > 0) this.#presentUsers?.set(user, left)
    else this.#presentUsers?.delete(user)
  }
}

/** A push as finished bytes of one form. */
export const framePush = (form: FrameForm, push: Push): Buffer =>
  form.frame(form.bare ? form.codec.encodeBarePush(push) : form.codec.encodePush(push))
