import {
  type Centrifuge,
  type PublicationContext,
  State,
  type SubscribedContext,
  type Subscription,
  type SubscriptionOptions,
  type SubscriptionTokenContext,
} from 'centrifuge'
import type { RealtimeProblem } from '../result.ts'
import { problemOfError } from './client-problem.ts'
import type { Connection } from './connection.ts'
import { demandToken, type TokenAnswer } from './demand-token.ts'
import { docsLink } from './endpoints.ts'
import { lingerMs } from './linger.ts'
import { omitUndefined } from './omit-undefined.ts'
import { type Member, PresenceView } from './presence-view.ts'
import { isSameStatus, type Status } from './status.ts'

export interface FeedOptions {
  readonly subscriptionToken?: string | undefined
  readonly getSubscriptionToken?: ((context: { readonly channel: string }) => TokenAnswer) | undefined
  /** Messages after this position come first. */
  readonly since?: { readonly offset: number; readonly epoch: string } | undefined
}

export interface FeedListener {
  onPublication(publication: PublicationContext): void
  onStatus(status: Status): void
  onProblem(problem: RealtimeProblem): void
  /** Absent: it does not care who is there. */
  readonly onMembers?: ((members: readonly Member[]) => void) | undefined
}

/** Source: Centrifuge client protocol, error 105: the token has subscribed the connection already. */
const alreadySubscribed = 105

/**
 * One channel on one connection, shared by all that listen. A client may subscribe to a channel once only; where the
 * connection's token has done it already, the feed listens to that subscription instead.
 */
export class Feed {
  readonly channel: string
  /** Who is there, while somebody wants to know. */
  readonly presence: PresenceView
  readonly #connection: Connection
  readonly #listeners = new Set<FeedListener>()
  readonly #letGo: () => void
  #subscription: Subscription | undefined
  #status: Status = { state: 'connecting' }
  #wasLive = false
  #closing: ReturnType<typeof setTimeout> | undefined

  constructor(connection: Connection, channel: string, options: FeedOptions) {
    this.channel = channel
    this.#connection = connection
    this.presence = new PresenceView({
      load: () => connection.centrifuge.presence(channel),
      onMembers: (members) => this.#each((listener) => listener.onMembers?.(members)),
      onError: (error) => this.#report(error),
    })
    if (connection.state === 'offline') this.#status = { state: 'offline', reason: connection.offlineReason }
    this.#letGo = connection.hold({
      onConnectionError: (problem) => this.#each((listener) => listener.onProblem(problem)),
    })
    this.#subscription = this.#open(subscriptionOptions(options))
    this.#subscription.subscribe()
  }

  get status(): Status {
    return this.#status
  }

  add(listener: FeedListener): () => void {
    clearTimeout(this.#closing)
    this.#closing = undefined
    this.#listeners.add(listener)
    if (listener.onMembers !== undefined && this.#status.state === 'live') void this.presence.start()
    return () => {
      if (!this.#listeners.delete(listener)) return
      if (!this.#wantsMembers) this.presence.stop()
      if (this.#listeners.size === 0) this.#closing = setTimeout(() => this.#close(), lingerMs)
    }
  }

  /** The client underneath, once the channel is there: permissions of subscribers need a subscription. */
  async whenSubscribed(): Promise<Centrifuge> {
    await this.#subscription?.ready()
    return this.#connection.centrifuge
  }

  // ── what the connection tells ───────────────────────────────────────────────────────────────────────────────

  onConnected(): void {
    if (this.#status.state !== 'live' && this.#status.state !== 'refused')
      this.#setStatus({ state: this.#wasLive ? 'recovering' : 'connecting' })
  }

  onOffline(reason: string): void {
    this.presence.stop()
    if (this.#status.state !== 'refused') this.#setStatus({ state: 'offline', reason })
  }

  /** It is over for those who listen; whoever subscribes next begins anew. */
  onRefused(code: number, reason: string): void {
    this.presence.stop()
    this.#connection.forget(this)
    this.#connection.centrifuge.removeSubscription(this.#subscription ?? null)
    const docs = docsLink(this.#connection.url, code)
    this.#setStatus(omitUndefined({ state: 'refused', code, reason, docs }))
  }

  onPublication(publication: PublicationContext): void {
    this.#each((listener) => listener.onPublication(publication))
  }

  /** The connection's token subscribed it; that counts once we have given up our own subscription. */
  onServerSubscribed(context: Pick<SubscribedContext, 'wasRecovering' | 'recovered'>): void {
    if (this.#subscription === undefined) this.#goLive(context)
  }

  onServerUnsubscribed(): void {
    if (this.#subscription === undefined) this.onRefused(0, 'unsubscribed by the server')
  }

  #open(options: SubscriptionOptions): Subscription {
    const { centrifuge } = this.#connection
    const subscription = centrifuge.newSubscription(this.channel, options)
    subscription.on('publication', (publication) => this.onPublication(publication))
    subscription.on('join', ({ info }) => this.presence.join(info))
    subscription.on('leave', ({ info }) => this.presence.leave(info))
    subscription.on('subscribed', (context) => this.#goLive(context))
    subscription.on('subscribing', () => {
      // Where the connection is lost, it says so itself.
      if (centrifuge.state === State.Connected) this.onConnected()
    })
    subscription.on('unsubscribed', ({ code, reason }) => {
      if (code === alreadySubscribed) this.#attach()
      else if (this.#listeners.size > 0) this.onRefused(code, reason)
    })
    subscription.on('error', ({ error }) => this.#report(error))
    return subscription
  }

  /** Listens to the subscription that the connection's token made. */
  #attach(): void {
    this.#connection.centrifuge.removeSubscription(this.#subscription ?? null)
    this.#subscription = undefined
    this.#goLive({ wasRecovering: false, recovered: false })
  }

  #goLive({ wasRecovering, recovered }: Pick<SubscribedContext, 'wasRecovering' | 'recovered'>): void {
    const isStart = !this.#wasLive && !wasRecovering
    this.#wasLive = true
    this.#setStatus({ state: 'live', continuity: isStart ? 'start' : recovered ? 'recovered' : 'gap' })
    if (this.#wantsMembers) void this.presence.start()
  }

  get #wantsMembers(): boolean {
    for (const { onMembers } of this.#listeners) if (onMembers !== undefined) return true
    return false
  }

  #setStatus(status: Status): void {
    if (isSameStatus(this.#status, status)) return
    this.#status = status
    this.#each((listener) => listener.onStatus(status))
  }

  #report(error: unknown): void {
    const problem = problemOfError(error, this.#connection.url)
    this.#each((listener) => listener.onProblem(problem))
  }

  #each(tell: (listener: FeedListener) => void): void {
    // Whoever is told may come and go meanwhile.
    for (const listener of [...this.#listeners]) if (this.#listeners.has(listener)) tell(listener)
  }

  #close(): void {
    this.#connection.forget(this)
    this.presence.stop()
    const subscription = this.#subscription
    subscription?.unsubscribe()
    this.#connection.centrifuge.removeSubscription(subscription ?? null)
    this.#letGo()
  }
}

const subscriptionOptions = ({ subscriptionToken, getSubscriptionToken, since }: FeedOptions): SubscriptionOptions =>
  omitUndefined({
    // Asked for where the namespace leaves it to the client, and without effect elsewhere.
    recoverable: true,
    joinLeave: true,
    token: subscriptionToken,
    getToken: getSubscriptionToken && demandToken<SubscriptionTokenContext>(getSubscriptionToken),
    since,
  })
