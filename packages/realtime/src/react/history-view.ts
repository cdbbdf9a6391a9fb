import type { Channel, Received } from '../channels/typed-channel.ts'
import type { Status } from '../client/status.ts'
import type { MessageMeta, ReceivedHistory, ReceivedMessage, SubscriptionHandle } from '../client/subscribe.ts'
import type { RealtimeProblem } from '../result.ts'
import { RealtimeError } from '../result.ts'

export interface HistorySnapshot<Message> {
  /** Oldest first, each once. */
  readonly messages: readonly ReceivedMessage<Message>[]
  /** There are older ones that `loadOlder` would bring. */
  readonly hasOlder: boolean
  readonly isLoading: boolean
  /** Why the last page could not be loaded. */
  readonly problem?: RealtimeProblem | undefined
}

export interface HistoryLimits {
  readonly pageSize: number
  /** Most messages that are kept here; the oldest make room. */
  readonly maxMessages: number
}

export const emptyHistory: HistorySnapshot<never> = { messages: [], hasOlder: false, isLoading: true }

/**
 * Pages of a channel's history and what arrives live, as one list: by offset, without repeats. A gap that cannot be
 * filled starts the list anew.
 */
export class HistoryView<Of extends Channel> {
  readonly #subscription: SubscriptionHandle<Of>
  readonly #limits: HistoryLimits
  readonly #onChange: () => void
  /** Sorted by offset. */
  #messages: readonly ReceivedMessage<Received<Of>>[] = []
  #epoch = ''
  /** Where the next older page ends; absent: there is none. */
  #cursor: number | undefined
  #loading: Promise<void> | undefined
  /** Counts beginnings: pages that were asked for before one are of no use. */
  #round = 0
  #problem: RealtimeProblem | undefined
  #snapshot: HistorySnapshot<Received<Of>> = emptyHistory

  constructor(subscription: SubscriptionHandle<Of>, limits: HistoryLimits, onChange: () => void) {
    this.#subscription = subscription
    this.#limits = limits
    this.#onChange = onChange
  }

  get snapshot(): HistorySnapshot<Received<Of>> {
    return this.#snapshot
  }

  onStatus(status: Status): void {
    // What a recovered subscription missed arrives by itself.
    if (status.state === 'live' && (status.continuity !== 'recovered' || this.#epoch === '')) this.#loadNewest()
    if (status.state === 'refused') this.#publish()
  }

  onMessage(data: Received<Of>, meta: MessageMeta): void {
    this.#add([{ data, ...meta }])
    this.#publish()
  }

  async loadOlder(): Promise<void> {
    if (this.#loading !== undefined) return this.#loading
    const offset = this.#cursor
    if (offset === undefined) return
    await this.#load({ limit: this.#limits.pageSize, since: { offset, epoch: this.#epoch }, reverse: true }, (page) => {
      this.#moveCursor(page)
      this.#add(page.messages)
    })
  }

  #loadNewest(): void {
    this.#round++
    this.#loading = undefined
    void this.#load({ limit: this.#limits.pageSize, reverse: true }, (page) => {
      const newest = this.#messages.findLast(({ offset }) => offset !== undefined)?.offset ?? 0
      const meets = page.epoch === this.#epoch && (page.oldestOffset ?? 0) <= newest + 1
      // What arrived while the page was under way is in it, or behind it.
      if (!meets) this.#messages = this.#messages.filter(({ offset = 0 }) => offset > page.offset)
      if (!meets || this.#epoch === '') this.#moveCursor(page)
      this.#epoch = page.epoch
      this.#add(page.messages)
    })
  }

  #load(
    question: Parameters<SubscriptionHandle<Of>['history']>[0],
    take: (page: ReceivedHistory<Received<Of>>) => void,
  ): Promise<void> {
    const round = this.#round
    const loading = this.#subscription.history(question).then(
      (page) => {
        if (round !== this.#round) return
        this.#problem = undefined
        take(page)
      },
      (error) => {
        if (round !== this.#round) return
        this.#problem = error instanceof RealtimeError ? error.problem : { code: 'internal', message: String(error) }
      },
    )
    const settled = loading.then(() => {
      if (round !== this.#round) return
      this.#loading = undefined
      this.#publish()
    })
    this.#loading = settled
    this.#publish()
    return settled
  }

  #moveCursor({ oldestOffset = 0, isFull }: ReceivedHistory<Received<Of>>): void {
    this.#cursor = isFull && oldestOffset > 1 ? oldestOffset : undefined
  }

  #add(messages: readonly ReceivedMessage<Received<Of>>[]): void {
    const known = new Set(this.#messages.map(({ offset }) => offset))
    const fresh = messages.filter(({ offset }) => offset === undefined || !known.has(offset))
    if (fresh.length === 0) return
    // Sorting is stable, and messages without history have no offset and come last.
    const byOffset = (one: MessageMeta, other: MessageMeta) =>
      (one.offset ?? Number.MAX_SAFE_INTEGER) - (other.offset ?? Number.MAX_SAFE_INTEGER)
    const all = [...this.#messages, ...fresh].sort(byOffset)
    const kept = all.slice(-this.#limits.maxMessages)
    // Whatever made room can be loaded again only by beginning anew.
    if (kept.length < all.length) this.#cursor = undefined
    this.#messages = kept
  }

  #publish(): void {
    this.#snapshot = {
      messages: this.#messages,
      hasOlder: this.#cursor !== undefined,
      isLoading: this.#loading !== undefined,
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    }
    this.#onChange()
  }
}
