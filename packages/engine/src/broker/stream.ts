import type { Publication, Result, StreamPosition } from '@xshathra/protocol'
import { failed, ok } from '@xshathra/protocol'
import type { Retention } from '../channel-rules.ts'
import type { InternalChannel } from '../names.ts'
import type { BrokerPublishOptions, HistoryFilter, HistoryPage } from './broker.ts'
import type { DeadlineEntry } from './deadline-queue.ts'
import type { RecencyEntry, RecencyList } from './recency-list.ts'

/** What a stream costs besides its publications: the object, its place in maps and lists, its names. Estimated. */
const streamOverheadBytes = 400

/** What a kept publication costs besides its data: object, typed array, slot. Estimated from heap snapshots' order. */
const publicationOverheadBytes = 240

/**
 * One channel's stream in memory: a window over its latest publications, and where it stands. Holds only what was
 * accepted for good; whoever assigns places ahead of a commit keeps them to himself until then.
 *
 * Time is the caller's: {@link expire} must be called before a stream is read or written, so that what has expired by
 * the clock is never seen, whenever a sweep comes along to free its memory.
 */
export class Stream implements RecencyEntry<Stream>, DeadlineEntry {
  readonly channel: InternalChannel
  readonly epoch: string
  /** Offset of the latest publication ever accepted; outlives the publications. */
  top: number
  version = 0
  versionEpoch = ''
  /** Unix milliseconds: when the publications go, all at once. */
  expiresAtMs = Number.POSITIVE_INFINITY
  /** Unix milliseconds: when offset and epoch go too. */
  metaExpiresAtMs = Number.POSITIVE_INFINITY

  /** Where the stream stands in its {@link StreamCache}, which alone touches these. */
  isCached = false
  isPinned = false
  countedBytes = 0
  list: RecencyList<Stream> | undefined = undefined
  newer: Stream | undefined = undefined
  older: Stream | undefined = undefined
  queuedForMs = 0
  queueIndex = -1

  /** A ring: the publication at an offset is in the slot that the offset's low bits name. Its length is a power of two. */
  #slots: (Publication | undefined)[] = noSlots
  #length = 0
  #publicationBytes = 0

  constructor(channel: InternalChannel, epoch: string, top = 0) {
    this.channel = channel
    this.epoch = epoch
    this.top = top
  }

  /** Publications kept. */
  get length(): number {
    return this.#length
  }

  /** What the stream's publications weigh in memory, estimated. */
  get publicationBytes(): number {
    return this.#publicationBytes
  }

  /** What the stream itself weighs in memory, without publications, estimated. */
  get ownBytes(): number {
    return streamOverheadBytes + 2 * this.channel.length
  }

  get latest(): Publication | undefined {
    return this.#length > 0 ? this.#at(this.top) : undefined
  }

  /** When {@link expire} has something to do next; infinite where nothing ever expires. */
  get deadlineMs(): number {
    return this.#length > 0 ? Math.min(this.expiresAtMs, this.metaExpiresAtMs) : this.metaExpiresAtMs
  }

  /** Lets go of expired publications. False: the stream itself is over, and a new one takes its place. */
  expire(nowMs: number): boolean {
    if (nowMs >= this.metaExpiresAtMs) return false
    this.expirePublications(nowMs)
    return true
  }

  /** Lets go of expired publications, whatever has become of the stream itself. */
  expirePublications(nowMs: number): void {
    if (nowMs >= this.expiresAtMs) this.clear()
  }

  /** Renews the life of the publications: the whole stream's, at every publish. */
  renew(retention: Retention, nowMs: number): void {
    this.expiresAtMs = nowMs + retention.ttlMs
    this.renewMeta(retention, nowMs)
  }

  /** Renews the life of offset and epoch: at every publish and every read. */
  renewMeta(retention: Retention, nowMs: number): void {
    this.metaExpiresAtMs = retention.metaTtlMs > 0 ? nowMs + retention.metaTtlMs : Number.POSITIVE_INFINITY
  }

  /** Adds the publication that comes next (`offset` is `top + 1`) and evicts the oldest beyond `size`. */
  append(publication: Publication, size: number, versionEpoch: string): void {
    this.top = publication.offset
    this.version = publication.version ?? 0
    this.versionEpoch = versionEpoch
    this.#put(publication)
    while (this.#length > size) this.#evictOldest()
  }

  /** Puts back publications that were kept elsewhere: contiguous, the last one at offset `top`. */
  restore(publications: readonly Publication[]): void {
    this.clear()
    for (const publication of publications) this.#put(publication)
  }

  /** Forgets the publications; offset, epoch and version stay. */
  clear(): void {
    this.#slots = noSlots
    this.#length = 0
    this.#publicationBytes = 0
  }

  /** Where the stream stands. */
  position(): StreamPosition {
    return { offset: this.top, epoch: this.epoch }
  }

  /** Reads what is kept; the semantics of `since` and `reverse` are those of Centrifugo's memory engine. */
  read(filter: HistoryFilter): Result<HistoryPage, 'unrecoverable'> {
    const { since } = filter
    if (since !== undefined && since.epoch !== '' && since.epoch !== this.epoch) return failed('unrecoverable')
    const publications = filter.reverse ? this.#readBackward(filter) : this.#readForward(filter)
    return ok({ publications, offset: this.top, epoch: this.epoch })
  }

  /** Starts with the oldest where the one after `since` is gone. */
  #readForward({ since, limit }: HistoryFilter): readonly Publication[] {
    const first = this.top - this.length + 1
    const from = since === undefined ? first : Math.max(first, since.offset + 1)
    const count = limit < 0 ? this.length : limit
    return this.#slice(from, Math.min(this.top, from + count - 1))
  }

  /** Nothing where the one before `since` is gone, or was never there. */
  #readBackward({ since, limit }: HistoryFilter): readonly Publication[] {
    const first = this.top - this.length + 1
    const from = since === undefined ? this.top : since.offset - 1
    if (from < first || from > this.top) return []
    const count = limit < 0 ? this.length : limit
    return this.#slice(Math.max(first, from - count + 1), from).reverse()
  }

  /** Publications at offsets `from` to `to`, both inclusive. */
  #slice(from: number, to: number): Publication[] {
    const publications: Publication[] = []
    for (let offset = from; offset <= to; offset += 1) publications.push(this.#at(offset))
    return publications
  }

  #at(offset: number): Publication {
    return this.#slots[offset & (this.#slots.length - 1)] as Publication
  }

  #put(publication: Publication): void {
    if (this.#length === this.#slots.length) this.#grow(publication.offset - this.#length)
    this.#slots[publication.offset & (this.#slots.length - 1)] = publication
    this.#length += 1
    this.#publicationBytes += publicationBytes(publication)
  }

  #evictOldest(): void {
    const oldest = this.#at(this.top - this.#length + 1)
    this.#slots[oldest.offset & (this.#slots.length - 1)] = undefined
    this.#length -= 1
    this.#publicationBytes -= publicationBytes(oldest)
  }

  /** Doubles the ring; the oldest publication in it is at offset `first`. */
  #grow(first: number): void {
    const kept = this.#slice(first, first + this.#length - 1)
    const slots = new Array<Publication | undefined>(Math.max(4, 2 * this.#slots.length)).fill(undefined)
    for (const publication of kept) slots[publication.offset & (slots.length - 1)] = publication
    this.#slots = slots
  }
}

const noSlots: (Publication | undefined)[] = []

/** What a kept publication weighs in memory, estimated; always the same for the same publication. */
const publicationBytes = ({ data, tags }: Publication): number => {
  let bytes = publicationOverheadBytes + data.byteLength
  for (const name in tags) bytes += 2 * (name.length + (tags[name] as string).length)
  return bytes
}

/**
 * True where a version is no news: not greater than the stream's own, counted only within one version epoch. An absent
 * version epoch is any.
 */
export const isStaleVersion = (
  { version = 0, versionEpoch = '' }: BrokerPublishOptions,
  stream: { readonly version: number; readonly versionEpoch: string },
): boolean => version > 0 && version <= stream.version && (versionEpoch === '' || versionEpoch === stream.versionEpoch)
