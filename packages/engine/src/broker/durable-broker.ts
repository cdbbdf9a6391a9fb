import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import type { Publication, Result, StreamPosition } from '@xshathra/protocol'
import { failed, ok } from '@xshathra/protocol'
import type { Retention } from '../channel-rules.ts'
import type { Clock } from '../clock.ts'
import type { MaybePromise } from '../maybe-promise.ts'
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
import type { Operation } from './commit-queue.ts'
import { CommitQueue } from './commit-queue.ts'
import { DurableStream } from './durable-stream.ts'
import { IdempotencyCache, idempotencyTtlMs } from './idempotency-cache.ts'
import type { MemoryBroker } from './memory-broker.ts'
import { createMemoryBroker } from './memory-broker.ts'
import { keptPublication } from './publication.ts'
import type { StoreState } from './store-keeper.ts'
import { StoreKeeper } from './store-keeper.ts'
import type { StoreSettings } from './store-messages.ts'
import { isStaleVersion } from './stream.ts'
import { StreamCache } from './stream-cache.ts'
import { StreamLoader } from './stream-loader.ts'
import { Sweep } from './sweep.ts'

export interface DurableBrokerLimits {
  /** Budget in memory for publications that are on disk too; beyond it the streams used longest ago leave memory. */
  readonly cacheBytes: number
  /** The same for streams without their publications. */
  readonly streamBytes: number
  /** Budget for idempotency keys; beyond it the oldest are forgotten early. */
  readonly idempotencyBytes: number
  /** Publications that wait for a commit or a load; beyond it publishing is refused. */
  readonly pendingBytes: number
  /** Live data on disk; beyond it the streams written longest ago lose their publications. */
  readonly storeBytes: number
  /** Budget for publications of `memory` durability. */
  readonly memoryHistoryBytes: number
}

export const defaultDurableBrokerLimits: DurableBrokerLimits = {
  cacheBytes: 256 * 1024 * 1024,
  streamBytes: 128 * 1024 * 1024,
  idempotencyBytes: 64 * 1024 * 1024,
  pendingBytes: 32 * 1024 * 1024,
  storeBytes: 8 * 1024 * 1024 * 1024,
  memoryHistoryBytes: 512 * 1024 * 1024,
}

export interface DurableBrokerNeeds {
  /** Where `history.db` is. It must exist, and be locked for this process (see `lockDataDirectory`). */
  readonly directory: string
  readonly clock: Clock
  readonly events: BrokerEvents
  /** Told once when commits begin to fail and once when they work again. */
  readonly onStoreProblem: (state: StoreState) => void
  readonly limits?: Partial<DurableBrokerLimits> | undefined
  /** Starts the store's thread. */
  readonly spawn?: ((settings: StoreSettings) => Worker) | undefined
}

/**
 * Makes a broker whose history outlives the process, in `history.db`. Throws `HistoryFileUnusable`, with a sentence for
 * people, for a file that is damaged, foreign, newer or in use; such a file is left as it is.
 */
export const createDurableBroker = async (needs: DurableBrokerNeeds): Promise<DurableBroker> => {
  const limits = { ...defaultDurableBrokerLimits, ...needs.limits }
  const keys = new IdempotencyCache(limits.idempotencyBytes)
  const { clock, onStoreProblem, spawn } = needs
  const settings = { path: join(needs.directory, 'history.db'), budgetBytes: limits.storeBytes }
  const store = new StoreKeeper({ clock, onStoreProblem, spawn, ...settings })
  const opened = await store.open()
  const nowMs = clock.now()
  for (const { channel, key, offset, epoch, expiresAtMs } of opened.keys) {
    keys.remember(channel, key, { offset, epoch }, nowMs, expiresAtMs)
  }
  return new DurableBroker(needs, limits, store, keys, opened.nextStreamId)
}

/**
 * Keeps streams in memory as a write-through cache of the store. A publication is assigned its place at once, and
 * announced and answered once the batch it is in is committed; meanwhile what comes after it in its channel waits behind
 * it. Reading what is in memory waits for nothing.
 */
export class DurableBroker implements Broker {
  readonly #clock: Clock
  readonly #events: BrokerEvents
  readonly #memory: MemoryBroker
  readonly #store: StoreKeeper
  readonly #streams: StreamCache<DurableStream>
  readonly #loader: StreamLoader
  readonly #commits: CommitQueue
  readonly #keys: IdempotencyCache
  readonly #sweep: Sweep
  readonly #pendingLimitBytes: number
  #pendingBytes = 0
  #nextStreamId: number
  #isClosed = false

  constructor(
    { clock, events }: DurableBrokerNeeds,
    limits: DurableBrokerLimits,
    store: StoreKeeper,
    keys: IdempotencyCache,
    nextStreamId: number,
  ) {
    const { cacheBytes, streamBytes, memoryHistoryBytes } = limits
    this.#clock = clock
    this.#events = events
    this.#keys = keys
    this.#store = store
    this.#memory = createMemoryBroker({ clock, events, keys, limits: { historyBytes: memoryHistoryBytes } })
    this.#streams = new StreamCache({ historyBytes: cacheBytes, streamBytes, evict: 'streams' })
    this.#loader = new StreamLoader(clock, store, this.#streams)
    this.#commits = new CommitQueue((changes, isPower, done) => store.commit(changes, isPower, done))
    this.#sweep = new Sweep(clock, [this.#streams, keys])
    this.#pendingLimitBytes = limits.pendingBytes
    this.#nextStreamId = nextStreamId
    store.onReset = () => this.#streams.clear()
  }

  publish(
    channel: InternalChannel,
    draft: PublicationDraft,
    options: BrokerPublishOptions,
  ): MaybePromise<Result<PublishOutcome, BrokerProblem>> {
    if (this.#isClosed) return failed('store')
    const { retention } = options
    const stream = this.#streams.find(channel, this.#clock.now())
    if (retention === undefined || retention.durability === 'memory') {
      return this.#passInTurn(channel, stream, draft, options)
    }
    if (stream !== undefined) return this.#keep(stream, draft, options, retention)
    return this.#loaded(channel, draft.data.byteLength, (found) => this.#keep(found, draft, options, retention))
  }

  history(
    channel: InternalChannel,
    filter: HistoryFilter,
    retention: Retention,
  ): MaybePromise<Result<HistoryPage, BrokerProblem>> {
    if (retention.durability === 'memory') return this.#memory.history(channel, filter, retention)
    const stream = this.#streams.find(channel, this.#clock.now())
    if (stream !== undefined) return this.#read(stream, filter, retention)
    return this.#loaded(channel, 0, (found) => this.#read(found, filter, retention))
  }

  removeHistory(channel: InternalChannel): MaybePromise<Result<void, BrokerProblem>> {
    this.#memory.removeHistory(channel)
    const stream = this.#streams.find(channel, this.#clock.now())
    if (stream !== undefined) return this.#purge(stream)
    return this.#loaded(channel, 0, (found) => this.#purge(found))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#loader.idle()
    await this.#commits.idle()
    this.#sweep.close()
    await this.#memory.close()
    await this.#store.close()
  }
}
