import type { Centrifuge, PublicationContext } from 'centrifuge'
import {
  assertChannel,
  type Channel,
  checkMessage,
  describeIssues,
  type MessageVerdict,
  nameOf,
  type Received,
  type Sent,
} from '../channels/typed-channel.ts'
import { RealtimeError, type RealtimeProblem } from '../result.ts'
import { assertFunctions } from './assert-functions.ts'
import { problemOfError } from './client-problem.ts'
import { type Connection, type ConnectionOptions, shareConnection } from './connection.ts'
import { Feed, type FeedOptions } from './feed.ts'
import { omitUndefined } from './omit-undefined.ts'
import { type Member, memberOf } from './presence-view.ts'
import type { Status } from './status.ts'

/** What is known of a message besides its data. */
export interface MessageMeta {
  /** Place in the channel's stream; absent where the channel keeps no history. */
  readonly offset?: number | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** Who published it, where a client did. */
  readonly sender?: Member | undefined
}

export interface SubscribeOptions<Of extends Channel = string> extends ConnectionOptions, FeedOptions {
  /** A name, or what a function of `defineChannels` returns: then messages are typed, and checked before they arrive here. */
  readonly channel: Of
  /** Called for each message, in order. */
  readonly onMessage?: ((message: Received<Of>, meta: MessageMeta) => void) | undefined
  /** Called when messages begin and cease to flow: `true` is live. */
  readonly onState?: ((connected: boolean) => void) | undefined
  /** Called with every change, and once at the start. */
  readonly onStatus?: ((status: Status) => void) | undefined
  /** Called with all that are subscribed, once it is known and whenever it changes. */
  readonly onPresence?: ((members: readonly Member[]) => void) | undefined
  /** Told what went wrong and is tried again, and of messages that do not fit the schema of their channel. */
  readonly onError?: ((problem: RealtimeProblem) => void) | undefined
}

export interface ReceivedMessage<Message> extends MessageMeta {
  readonly data: Message
}

export interface ReceivedHistory<Message> {
  readonly messages: readonly ReceivedMessage<Message>[]
  /** The lowest offset that was looked at, messages that were left out included; absent where there was nothing. */
  readonly oldestOffset?: number | undefined
  /** There were as many as were asked for, so there may be more. */
  readonly isFull: boolean
  /** Where the stream stands. */
  readonly offset: number
  readonly epoch: string
}

export interface HistoryQuestion {
  /** By default 100; the server has a limit of its own. */
  readonly limit?: number | undefined
  /** Exclusive, in both directions. */
  readonly since?: { readonly offset: number; readonly epoch: string } | undefined
  /** Newest first. */
  readonly reverse?: boolean | undefined
}

/** A subscription. What it asks of the server rejects with a `RealtimeError`. */
export interface SubscriptionHandle<Of extends Channel = string> {
  /** Ends it: nothing is called any more. The connection closes with the last of its subscriptions. */
  close(): void
  /** Publishes from here, where the namespace allows it. */
  publish(data: Sent<Of>): Promise<void>
  /** What the channel keeps; messages that do not fit the schema are left out and told to `onError`. */
  history(question?: HistoryQuestion): Promise<ReceivedHistory<Received<Of>>>
  /** Who is subscribed now. */
  presence(): Promise<readonly Member[]>
  readonly status: Status
  /** The client underneath, for everything else. Others may share it. */
  readonly centrifuge: Centrifuge
}

/**
 * Subscribes to a channel, over a connection that is shared with all other subscriptions of the same url and identity.
 * It connects, reconnects, fetches tokens and catches up on missed messages by itself, until it is closed. What handlers
 * throw is reported and stops nothing. A wrong option is a TypeError that names it.
 *
 * A channel is opened by whoever subscribes first: tokens and `since` of those that join later are not needed any more.
 *
 * @example
 * import { fetchToken, subscribe } from '@xshathra/realtime/client'
 *
 * const subscription = subscribe({
 *   getToken: fetchToken('/api/realtime-token'),
 *   channel: 'chat:room:7',
 *   onMessage: (message) => console.log(message),
 *   onState: (connected) => console.log(connected ? 'live' : 'offline'),
 * })
 * addEventListener('pagehide', () => subscription.close())
 */
export const subscribe = <Of extends Channel>(options: SubscribeOptions<Of>): SubscriptionHandle<Of> => {
  assertChannel(options.channel)
  assertFunctions(options, ['onMessage', 'onState', 'onStatus', 'onPresence', 'onError'])
  return new SharedSubscription(shareConnection(options), options)
}

class SharedSubscription<Of extends Channel> implements SubscriptionHandle<Of> {
  readonly #connection: Connection
  readonly #feed: Feed
  readonly #options: SubscribeOptions<Of>
  readonly #leave: () => void
  #isClosed = false
  #isLive = false
  #told: Status | undefined
  /** Messages whose schema takes its time hold up those behind them. */
  #checking: Promise<void> | undefined

  constructor(connection: Connection, options: SubscribeOptions<Of>) {
    this.#connection = connection
    this.#options = options
    const name = nameOf(options.channel)
    this.#feed = connection.feed(name, () => new Feed(connection, name, options))
    this.#leave = this.#feed.add({
      onPublication: (publication) => this.#receive(publication),
      onStatus: (status) => this.#tell(status),
      onProblem: (problem) => this.#report(problem),
      onMembers: options.onPresence && ((members) => this.#call(options.onPresence, members)),
    })
    // Once whoever subscribes has the handle in hand.
    queueMicrotask(() => this.#tell(this.#feed.status))
  }

  get status(): Status {
    return this.#feed.status
  }

  get centrifuge(): Centrifuge {
    return this.#connection.centrifuge
  }

  close(): void {
    this.#isClosed = true
    this.#leave()
  }

  async publish(data: Sent<Of>): Promise<void> {
    const { channel } = this.#options
    const verdict = await checkMessage(channel, data)
    if (!verdict.ok) throw new RealtimeError(unfit(channel, verdict))
    await this.#ask((client, name) => client.publish(name, data))
  }

  async history({ limit = 100, since, reverse }: HistoryQuestion = {}): Promise<ReceivedHistory<Received<Of>>> {
    const question = omitUndefined({ limit, since, reverse })
    const { publications, offset, epoch } = await this.#ask((client, name) => client.history(name, question))
    const messages: ReceivedMessage<Received<Of>>[] = []
    for (const publication of publications) {
      const verdict = await checkMessage(this.#options.channel, publication.data)
      if (verdict.ok) messages.push({ data: verdict.value as Received<Of>, ...metaOf(publication) })
      else this.#report(unfit(this.#options.channel, verdict))
    }
    const offsets = publications.map((publication) => publication.offset ?? 0)
    const oldestOffset = offsets.length > 0 ? Math.min(...offsets) : undefined
    return omitUndefined({ messages, oldestOffset, isFull: offsets.length >= limit, offset, epoch })
  }

  async presence(): Promise<readonly Member[]> {
    const { clients } = await this.#ask((client, name) => client.presence(name))
    return Object.values(clients).map(memberOf)
  }

  async #ask<Value>(question: (client: Centrifuge, name: string) => Promise<Value>): Promise<Value> {
    try {
      return await question(await this.#feed.whenSubscribed(), this.#feed.channel)
    } catch (error) {
      throw new RealtimeError(problemOfError(error, this.#connection.url))
    }
  }

  #receive(publication: PublicationContext): void {
    if (this.#options.onMessage === undefined) return
    const check = () => this.#check(publication)
    const checking = this.#checking === undefined ? check() : this.#checking.then(check)
    if (checking === undefined) return
    const settled: Promise<void> = checking.then(() => {
      if (this.#checking === settled) this.#checking = undefined
    })
    this.#checking = settled
  }

  #check(publication: PublicationContext): Promise<void> | undefined {
    const verdict = checkMessage(this.#options.channel, publication.data)
    if (verdict instanceof Promise) return verdict.then((settled) => this.#deliver(settled, publication))
    this.#deliver(verdict, publication)
    return undefined
  }

  #deliver(verdict: MessageVerdict, publication: PublicationContext): void {
    if (verdict.ok) this.#call(this.#options.onMessage, verdict.value as Received<Of>, metaOf(publication))
    else this.#report(unfit(this.#options.channel, verdict))
  }

  #tell(status: Status): void {
    if (this.#told === status) return
    this.#told = status
    this.#call(this.#options.onStatus, status)
    const isLive = status.state === 'live'
    if (isLive === this.#isLive) return
    this.#isLive = isLive
    this.#call(this.#options.onState, isLive)
  }

  #report(problem: RealtimeProblem): void {
    this.#call(this.#options.onError, problem)
  }

  /** An exception that escaped into the client underneath would stop it for everybody. */
  #call<Args extends readonly unknown[]>(handler: ((...args: Args) => void) | undefined, ...args: Args): void {
    if (this.#isClosed || handler === undefined) return
    try {
      handler(...args)
    } catch (error) {
      const report = globalThis.reportError ?? console.error
      report(error)
    }
  }
}

const unfit = (channel: Channel, verdict: MessageVerdict & { readonly ok: false }): RealtimeProblem => ({
  code: 'invalid_message',
  message: describeIssues(channel, verdict.issues),
  issues: verdict.issues,
})

const metaOf = ({ offset, tags, info }: PublicationContext): MessageMeta =>
  omitUndefined({ offset, tags, sender: info && memberOf(info) })
