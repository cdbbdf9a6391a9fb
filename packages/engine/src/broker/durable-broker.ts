import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import type { Result, StreamPosition } from '@xshathra/protocol'
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
import type { Batch, KeepOperation, Operation } from './commit-queue.ts'
import { CommitQueue } from './commit-queue.ts'
import type { DurableStream } from './durable-stream.ts'
import { type HistoryQuotas, noQuotas } from './history-quotas.ts'
import { IdempotencyCache, idempotencyTtlMs } from './idempotency-cache.ts'
import type { MemoryBroker } from './memory-broker.ts'
import { createMemoryBroker } from './memory-broker.ts'
import { keptPublication } from './publication.ts'
import { QuotaKeeper } from './quota-keeper.ts'
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
  /** Absent: all history is bounded by the store's budget alone. That of `memory` durability always is by its own. */
  readonly quotas?: HistoryQuotas | undefined
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
  const { clock, onStoreProblem, spawn, quotas = noQuotas } = needs
  const { cacheBytes: historyBytes, streamBytes } = limits
  const streams = new StreamCache<DurableStream>({ historyBytes, streamBytes, evict: 'streams' })
  const settings = { path: join(needs.directory, 'history.db'), budgetBytes: limits.storeBytes }
  const store = new StoreKeeper({
    clock,
    onStoreProblem,
    onUsage: (usage) => quotaKeeper.check(usage),
    onReset: () => streams.clear(),
    spawn,
    ...settings,
  })
  const quotaKeeper = new QuotaKeeper(quotas, store)
  const opened = await store.open()
  const nowMs = clock.now()
  for (const { channel, key, offset, epoch, expiresAtMs } of opened.keys) {
    keys.remember(channel, key, { offset, epoch }, nowMs, expiresAtMs)
  }
  return new DurableBroker({
    clock,
    events: needs.events,
    limits,
    store,
    streams,
    quotas,
    keys,
    nextStreamId: opened.nextStreamId,
  })
}

interface DurableBrokerParts {
  readonly clock: Clock
  readonly events: BrokerEvents
  readonly limits: DurableBrokerLimits
  readonly store: StoreKeeper
  readonly streams: StreamCache<DurableStream>
  readonly quotas: HistoryQuotas
  readonly keys: IdempotencyCache
  readonly nextStreamId: number
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

  constructor({ clock, events, limits, store, streams, quotas, keys, nextStreamId }: DurableBrokerParts) {
    const historyBytes = limits.memoryHistoryBytes
    this.#clock = clock
    this.#events = events
    this.#keys = keys
    this.#store = store
    this.#streams = streams
    this.#memory = createMemoryBroker({ clock, events, keys, limits: { historyBytes } })
    this.#loader = new StreamLoader(clock, store, streams, quotas)
    this.#commits = new CommitQueue((changes, isPower, done) => store.commit(changes, isPower, done))
    this.#sweep = new Sweep(clock, [streams, keys])
    this.#pendingLimitBytes = limits.pendingBytes
    this.#nextStreamId = nextStreamId
  }

  publish(
    channel: InternalChannel,
    draft: PublicationDraft,
    options: BrokerPublishOptions,
  ): MaybePromise<Result<PublishOutcome, BrokerProblem>> {
    if (this.#isClosed) return failed('store')
    const { retention } = options
    const nowMs = this.#clock.now()
    const stream = this.#streams.find(channel, nowMs)
    if (retention === undefined || retention.durability === 'memory') {
      return this.#passInTurn(channel, stream, draft, options)
    }
    if (stream !== undefined) return this.#keep(stream, draft, options, retention, nowMs)
    return this.#loaded(channel, draft.data.byteLength, (found) =>
      this.#keep(found, draft, options, retention, this.#clock.now()),
    )
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

  /**
   * Writes a consistent copy of the history file while it is in use, for this user alone; publishing goes on meanwhile.
   * All that was acknowledged before the call is in it. The problem is a sentence for people: then there is no copy.
   * Before a copy is put back into use its epochs must be renewed, see `renewEpochs`.
   */
  async backup(path: string): Promise<Result<void, string>> {
    const failure = await this.#store.copy(path)
    return failure === undefined ? ok(undefined) : failed(failure)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#loader.idle()
    await this.#commits.idle()
    this.#sweep.close()
    await this.#memory.close()
    await this.#store.close()
  }

  /** Assigns a publication its place; plain answers where it needs no commit of its own. */
  #keep(
    stream: DurableStream,
    draft: PublicationDraft,
    options: BrokerPublishOptions,
    retention: Retention,
    nowMs: number,
  ): MaybePromise<Result<PublishOutcome, BrokerProblem>> {
    const { idempotencyKey = '', versionEpoch = '' } = options
    if (stream.waiting === 0) stream.resetAhead()
    const repeated = this.#findKey(stream, idempotencyKey, nowMs)
    if (repeated !== undefined) return repeated
    stream.renew(retention, nowMs)
    if (isStaleVersion(options, stream.ahead)) return this.#suppressVersion(stream)
    if (!this.#admit(draft.data.byteLength)) return failed('store')
    // Before anything is assigned: this may close the batch before it, which takes the stream as it is now.
    const batch = this.#commits.filling()
    const publication = keptPublication(draft, options, stream.aheadTop + 1, stream.epoch)
    if (stream.id === 0) stream.id = this.#takeStreamId()
    stream.assign(publication, retention, versionEpoch)
    if (idempotencyKey !== '') stream.waitFor(idempotencyKey)
    batch.bytes += draft.data.byteLength
    return new Promise((resolve) => {
      const settle = (isCommitted: boolean) => {
        this.#dismiss(draft.data.byteLength)
        if (idempotencyKey !== '') stream.waitingKeys?.delete(idempotencyKey)
        const position = isCommitted ? this.#accept(stream, kept, options, retention.size) : undefined
        this.#release(stream)
        resolve(position === undefined ? failed('store') : ok(position))
      }
      const kept: KeepOperation = { publication, idempotencyKey, acceptedAtMs: nowMs, settle }
      stream.unsent.push(kept)
      this.#enqueue(stream, kept, batch, true)
    })
  }

  /** Adds and announces a publication that is committed. */
  #accept(stream: DurableStream, kept: KeepOperation, options: BrokerPublishOptions, size: number): StreamPosition {
    const { publication, idempotencyKey, acceptedAtMs } = kept
    const { delta = false, versionEpoch = '' } = options
    const previous = delta ? stream.latest : undefined
    stream.isSettled = true
    stream.append(publication, size, versionEpoch)
    const position = stream.position()
    if (idempotencyKey !== '') {
      this.#keys.remember(stream.channel, idempotencyKey, position, acceptedAtMs)
      this.#sweep.expect(acceptedAtMs + idempotencyTtlMs)
    }
    this.#events.onPublication(stream.channel, publication, stream.epoch, previous, delta)
    return position
  }

  /** Answers a publication whose key is known already: at once, or when the first one with it is settled. */
  #findKey(
    stream: DurableStream,
    key: string,
    nowMs: number,
  ): MaybePromise<Result<PublishOutcome, BrokerProblem>> | undefined {
    if (key === '') return undefined
    const known = this.#keys.find(stream.channel, key, nowMs)
    if (known !== undefined) return ok({ ...known, suppressed: 'idempotency' })
    if (stream.waitingKeys?.has(key) !== true) return undefined
    return this.#behind(stream, () => {
      const first = this.#keys.find(stream.channel, key, nowMs)
      return first === undefined ? failed('store') : ok({ ...first, suppressed: 'idempotency' })
    })
  }

  /** Answers with the top, once the publication that made the version old is committed. The stream's life is renewed. */
  #suppressVersion(stream: DurableStream): MaybePromise<Result<PublishOutcome, BrokerProblem>> {
    const outcome = { offset: stream.aheadTop, epoch: stream.epoch, suppressed: 'version' } as const
    const isSettled = stream.waiting === 0
    this.#renewOnDisk(stream)
    if (isSettled) return ok(outcome)
    return this.#behind(stream, (isCommitted) => (isCommitted ? ok(outcome) : failed('store')))
  }

  #read(stream: DurableStream, filter: HistoryFilter, retention: Retention): Result<HistoryPage, BrokerProblem> {
    const nowMs = this.#clock.now()
    stream.renewMeta(retention, nowMs)
    if (stream.needsRenewal(retention)) this.#renewOnDisk(stream)
    this.#used(stream)
    return stream.read(filter)
  }

  #purge(stream: DurableStream): MaybePromise<Result<void, BrokerProblem>> {
    if (stream.waiting === 0 && stream.length === 0) return ok(undefined)
    if (stream.waiting === 0) stream.resetAhead()
    const batch = this.#commits.filling()
    stream.aheadFloor = stream.aheadTop + 1
    return new Promise((resolve) => {
      const settle = (isCommitted: boolean) => {
        if (isCommitted) stream.clear()
        this.#release(stream)
        resolve(isCommitted ? ok(undefined) : failed('store'))
      }
      this.#enqueue(stream, { settle }, batch, true)
    })
  }

  /** Writes the stream's life to disk without anybody waiting for it. */
  #renewOnDisk(stream: DurableStream): void {
    if (stream.isDirty) return
    if (stream.waiting === 0) stream.resetAhead()
    const batch = this.#commits.filling()
    this.#enqueue(stream, { settle: () => this.#release(stream) }, batch, true)
  }

  /** Hands a publication that never touches the disk to memory, behind those of its channel that wait for it. */
  #passInTurn(
    channel: InternalChannel,
    stream: DurableStream | undefined,
    draft: PublicationDraft,
    options: BrokerPublishOptions,
  ): MaybePromise<Result<PublishOutcome, BrokerProblem>> {
    const pass = () => this.#memory.publish(channel, draft, options)
    if (stream !== undefined && stream.waiting > 0) {
      const { idempotencyKey = '' } = options
      const isRepeated = stream.waitingKeys?.has(idempotencyKey) === true
      if (idempotencyKey !== '' && !isRepeated) stream.waitFor(idempotencyKey)
      return this.#behind(stream, () => {
        if (!isRepeated) stream.waitingKeys?.delete(idempotencyKey)
        return pass()
      })
    }
    if (!this.#loader.isLoading(channel)) return pass()
    if (!this.#admit(draft.data.byteLength)) return failed('store')
    return new Promise((resolve) => {
      this.#loader.load(channel, (found) => {
        this.#dismiss(draft.data.byteLength)
        resolve(this.#passInTurn(channel, found, draft, options))
      })
    })
  }

  /** Does something when all that waits in a stream now has settled. */
  #behind<Value>(
    stream: DurableStream,
    answer: (isCommitted: boolean) => Result<Value, BrokerProblem>,
  ): MaybePromise<Result<Value, BrokerProblem>> {
    if (!this.#admit(0)) return failed('store')
    return new Promise((resolve) => {
      const settle = (isCommitted: boolean) => {
        this.#dismiss(0)
        const answered = answer(isCommitted)
        this.#release(stream)
        resolve(answered)
      }
      this.#enqueue(stream, { settle }, stream.lastBatch as Batch, false)
    })
  }

  /** Does something with a stream that is not in memory, once it is. */
  #loaded<Value>(
    channel: InternalChannel,
    bytes: number,
    use: (stream: DurableStream) => MaybePromise<Result<Value, BrokerProblem>>,
  ): MaybePromise<Result<Value, BrokerProblem>> {
    if (this.#isClosed || !this.#admit(bytes)) return failed('store')
    return new Promise((resolve) => {
      this.#loader.load(channel, (stream) => {
        this.#dismiss(bytes)
        resolve(stream === undefined ? failed('store') : use(stream))
      })
    })
  }

  #enqueue(stream: DurableStream, operation: Operation, batch: Batch, isChange: boolean): void {
    if (stream.waiting === 0) this.#streams.pin(stream)
    stream.waiting += 1
    stream.lastBatch = batch
    batch.operations.push(operation)
    if (!isChange || stream.isDirty) return
    stream.isDirty = true
    batch.isPower ||= stream.isPower
    batch.dirty.push(stream)
  }

  #release(stream: DurableStream): void {
    stream.waiting -= 1
    if (stream.waiting > 0) return
    stream.lastBatch = undefined
    this.#streams.unpin(stream)
    this.#sweep.expect(stream.deadlineMs)
  }

  #used(stream: DurableStream): void {
    if (stream.waiting > 0) return
    this.#streams.used(stream)
    this.#sweep.expect(stream.deadlineMs)
  }

  #takeStreamId(): number {
    this.#nextStreamId += 1
    return this.#nextStreamId - 1
  }

  /** Makes room for something that waits; false: too much waits already. */
  #admit(bytes: number): boolean {
    if (this.#pendingBytes + bytes + waitingOverheadBytes > this.#pendingLimitBytes) return false
    this.#pendingBytes += bytes + waitingOverheadBytes
    return true
  }

  #dismiss(bytes: number): void {
    this.#pendingBytes -= bytes + waitingOverheadBytes
  }
}

/** What an operation that waits weighs besides its payload, roughly. */
const waitingOverheadBytes = 512
