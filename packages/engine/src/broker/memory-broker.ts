import type { Publication, Result, StreamPosition } from '@xshathra/protocol'
import { ok } from '@xshathra/protocol'
import type { Retention } from '../channel-rules.ts'
import type { Clock } from '../clock.ts'
import type { InternalChannel } from '../names.ts'
import type {
  Broker,
  BrokerEvents,
  BrokerProblem,
  BrokerPublishOptions,
  HistoryFilter,
  HistoryPage,
  PublicationDraft,
  PublishOutcome,
} from './broker.ts'
import { drawEpoch } from './epoch.ts'
import { IdempotencyCache, idempotencyTtlMs } from './idempotency-cache.ts'
import { keptPublication, passingPublication } from './publication.ts'
import { isStaleVersion, Stream } from './stream.ts'
import { StreamCache } from './stream-cache.ts'
import { Sweep } from './sweep.ts'

export interface MemoryBrokerLimits {
  /** Budget for all publications kept; beyond it the streams used longest ago lose theirs. */
  readonly historyBytes: number
  /** Budget for all streams without their publications; beyond it those used longest ago end (a new epoch follows). */
  readonly streamBytes: number
  /** Budget for idempotency keys; beyond it the oldest are forgotten early. */
  readonly idempotencyBytes: number
}

export const defaultMemoryBrokerLimits: MemoryBrokerLimits = {
  historyBytes: 512 * 1024 * 1024,
  streamBytes: 256 * 1024 * 1024,
  idempotencyBytes: 64 * 1024 * 1024,
}

export interface MemoryBrokerNeeds {
  readonly clock: Clock
  readonly events: BrokerEvents
  readonly limits?: Partial<MemoryBrokerLimits> | undefined
  /** Source of epochs, in [0, 1). */
  readonly random?: (() => number) | undefined
  /** Idempotency keys, where they are shared with another broker. */
  readonly keys?: IdempotencyCache | undefined
}

/** Makes a broker that keeps everything in this process and ends with it. */
export const createMemoryBroker = (needs: MemoryBrokerNeeds): MemoryBroker => new MemoryBroker(needs)

/** Keeps streams in memory. Fully synchronous: every answer is a plain value, given after the announcement. */
export class MemoryBroker implements Broker {
  readonly #clock: Clock
  readonly #events: BrokerEvents
  readonly #random: () => number
  readonly #streams: StreamCache
  readonly #keys: IdempotencyCache
  readonly #sweep: Sweep

  constructor({ clock, events, limits, random = Math.random, keys }: MemoryBrokerNeeds) {
    const { historyBytes, streamBytes, idempotencyBytes } = { ...defaultMemoryBrokerLimits, ...limits }
    this.#clock = clock
    this.#events = events
    this.#random = random
    this.#streams = new StreamCache({ historyBytes, streamBytes, evict: 'publications' })
    this.#keys = keys ?? new IdempotencyCache(idempotencyBytes)
    this.#sweep = new Sweep(clock, [this.#streams, this.#keys])
  }

  publish(
    channel: InternalChannel,
    draft: PublicationDraft,
    options: BrokerPublishOptions,
  ): Result<PublishOutcome, BrokerProblem> {
    const { idempotencyKey = '', retention } = options
    const nowMs = this.#clock.now()
    if (idempotencyKey !== '') {
      const known = this.#keys.find(channel, idempotencyKey, nowMs)
      if (known !== undefined) return ok({ ...known, suppressed: 'idempotency' })
    }
    const outcome =
      retention === undefined
        ? this.#pass(channel, draft, options)
        : this.#keep(channel, draft, options, retention, nowMs)
    if (idempotencyKey !== '' && outcome.suppressed === undefined) {
      this.#keys.remember(channel, idempotencyKey, outcome, nowMs)
      this.#sweep.expect(nowMs + idempotencyTtlMs)
    }
    return ok(outcome)
  }

  history(channel: InternalChannel, filter: HistoryFilter, retention: Retention): Result<HistoryPage, BrokerProblem> {
    const nowMs = this.#clock.now()
    const stream = this.#open(channel, nowMs)
    stream.renewMeta(retention, nowMs)
    this.#used(stream)
    return stream.read(filter)
  }

  removeHistory(channel: InternalChannel): Result<void, BrokerProblem> {
    const stream = this.#streams.find(channel, this.#clock.now())
    if (stream !== undefined) {
      stream.clear()
      this.#streams.used(stream)
    }
    return ok(undefined)
  }

  async close(): Promise<void> {
    this.#sweep.close()
  }

  /** Delivers a publication that nothing keeps. */
  #pass(channel: InternalChannel, draft: PublicationDraft, options: BrokerPublishOptions): PublishOutcome {
    this.#announce(channel, passingPublication(draft, options), nowhere.epoch, undefined, options)
    return nowhere
  }

  /** Gives a publication its place in the channel's stream, and delivers it. */
  #keep(
    channel: InternalChannel,
    draft: PublicationDraft,
    options: BrokerPublishOptions,
    retention: Retention,
    nowMs: number,
  ): PublishOutcome {
    const stream = this.#open(channel, nowMs)
    stream.renew(retention, nowMs)
    if (isStaleVersion(options, stream)) {
      this.#used(stream)
      return { ...stream.position(), suppressed: 'version' }
    }
    const previous = options.delta === true ? stream.latest : undefined
    const publication = keptPublication(draft, options, stream.top + 1, stream.epoch)
    stream.append(publication, retention.size, options.versionEpoch ?? '')
    this.#used(stream)
    const position = stream.position()
    this.#announce(channel, publication, stream.epoch, previous, options)
    return position
  }

  #open(channel: InternalChannel, nowMs: number): Stream {
    const found = this.#streams.find(channel, nowMs)
    if (found !== undefined) return found
    const stream = new Stream(channel, drawEpoch(this.#random))
    this.#streams.add(stream)
    return stream
  }

  #used(stream: Stream): void {
    this.#streams.used(stream)
    this.#sweep.expect(stream.deadlineMs)
  }

  #announce(
    channel: InternalChannel,
    publication: Publication,
    epoch: string,
    previous: Publication | undefined,
    { delta = false }: BrokerPublishOptions,
  ): void {
    this.#events.onPublication(channel, publication, epoch, previous, delta)
  }
}

/** The position of what has none. */
const nowhere: StreamPosition = { offset: 0, epoch: '' }
