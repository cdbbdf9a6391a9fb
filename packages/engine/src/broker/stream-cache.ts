import type { InternalChannel } from '../names.ts'
import { DeadlineQueue } from './deadline-queue.ts'
import { RecencyList } from './recency-list.ts'
import type { Stream } from './stream.ts'
import type { Swept } from './sweep.ts'

export interface StreamBudgets {
  /** For the publications of all streams. */
  readonly historyBytes: number
  /** For all streams without their publications. */
  readonly streamBytes: number
  /**
   * What a stream beyond the first budget loses: its publications, or, where they are kept elsewhere and can be loaded
   * again, its whole place here.
   */
  readonly evict: 'publications' | 'streams'
}

/**
 * The streams in memory, by channel: within budgets, the ones used longest ago going first, and rid of what has expired.
 *
 * Whoever changes a stream says so with {@link used} in the same tick.
 */
export class StreamCache<Kept extends Stream = Stream> implements Swept {
  readonly #streams = new Map<InternalChannel, Kept>()
  readonly #withPublications = new RecencyList<Stream>()
  readonly #bare = new RecencyList<Stream>()
  readonly #deadlines = new DeadlineQueue<Stream>()
  readonly #budgets: StreamBudgets
  #publicationBytes = 0
  #ownBytes = 0

  constructor(budgets: StreamBudgets) {
    this.#budgets = budgets
  }

  get size(): number {
    return this.#streams.size
  }

  /** What all kept publications weigh, estimated. */
  get publicationBytes(): number {
    return this.#publicationBytes
  }

  get nextMs(): number {
    return this.#deadlines.nextMs
  }

  /**
   * Finds a channel's stream as it is at this time: without what has expired, or not at all. A pinned one does not end,
   * because something that renews its life is under way.
   */
  find(channel: InternalChannel, nowMs: number): Kept | undefined {
    const stream = this.#streams.get(channel)
    if (stream === undefined) return undefined
    if (stream.isPinned) stream.expirePublications(nowMs)
    else if (!stream.expire(nowMs)) {
      this.remove(stream)
      return undefined
    }
    return stream
  }

  /** Takes in a new stream of a channel that has none. It stays at least until the next {@link used}. */
  add(stream: Kept): void {
    this.#streams.set(stream.channel, stream)
    this.#ownBytes += stream.ownBytes
    stream.isCached = true
    this.#enlist(stream)
  }

  /** Notes that a stream was read or changed just now, and makes room if there is too much. */
  used(stream: Kept): void {
    if (!stream.isCached) return
    this.#delist(stream)
    this.#enlist(stream)
    this.#deadlines.add(stream)
    this.#makeRoom()
  }

  /** Keeps a stream here until {@link unpin}: something that refers to it is under way. */
  pin(stream: Kept): void {
    this.#delist(stream)
    stream.isPinned = true
    this.#enlist(stream)
  }

  unpin(stream: Kept): void {
    stream.isPinned = false
    this.used(stream)
  }

  /** Forgets all streams. None may be pinned. */
  clear(): void {
    for (const stream of this.#streams.values()) this.remove(stream)
  }

  remove(stream: Stream): void {
    if (!stream.isCached) return
    this.#streams.delete(stream.channel)
    this.#delist(stream)
    this.#deadlines.remove(stream)
    this.#ownBytes -= stream.ownBytes
    stream.isCached = false
  }

  /** Frees what has expired, looking at no more than `limit` streams; returns at how many it looked. */
  sweep(nowMs: number, limit: number): number {
    for (let looked = 0; looked < limit; looked += 1) {
      const stream = this.#deadlines.takeDue(nowMs)
      if (stream === undefined) return looked
      if (!stream.isPinned) this.#settle(stream, nowMs)
    }
    return limit
  }

  /** Does what is due for a stream, without counting as a use. */
  #settle(stream: Stream, nowMs: number): void {
    if (!stream.expire(nowMs)) {
      this.remove(stream)
      return
    }
    if (stream.publicationBytes !== stream.countedBytes) {
      this.#delist(stream)
      this.#enlist(stream)
    }
    this.#deadlines.add(stream)
  }

  #makeRoom(): void {
    const { historyBytes, streamBytes, evict } = this.#budgets
    while (this.#publicationBytes > historyBytes) {
      const oldest = this.#withPublications.oldest
      if (oldest === undefined) break
      if (evict === 'streams') this.remove(oldest)
      else {
        this.#delist(oldest)
        oldest.clear()
        this.#enlist(oldest)
      }
    }
    while (this.#ownBytes > streamBytes) {
      const oldest = this.#bare.oldest ?? this.#withPublications.oldest
      if (oldest === undefined) break
      this.remove(oldest)
    }
  }

  /** Counts a stream's publications and makes it the newest of its list; a pinned one is in none. */
  #enlist(stream: Stream): void {
    stream.countedBytes = stream.publicationBytes
    this.#publicationBytes += stream.countedBytes
    if (stream.isPinned) return
    stream.list = stream.countedBytes > 0 ? this.#withPublications : this.#bare
    stream.list.add(stream)
  }

  #delist(stream: Stream): void {
    this.#publicationBytes -= stream.countedBytes
    stream.countedBytes = 0
    stream.list?.remove(stream)
    stream.list = undefined
  }
}
