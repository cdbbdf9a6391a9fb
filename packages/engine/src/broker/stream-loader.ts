import type { Clock } from '../clock.ts'
import type { InternalChannel } from '../names.ts'
import { ByteReader } from './byte-reader.ts'
import { DurableStream } from './durable-stream.ts'
import type { HistoryQuotas } from './history-quotas.ts'
import type { StoreKeeper } from './store-keeper.ts'
import type { StreamCache } from './stream-cache.ts'
import { readStoredStream } from './stream-change.ts'

/** Told the stream, or that it could not be loaded. Must not throw. */
type Waiter = (stream: DurableStream | undefined) => void

/** Streams asked for at once; how much comes back is bounded by bytes besides. */
const askedAtOnce = 64

/**
 * Brings streams into memory when they are touched for the first time. All who want the same stream share one load and
 * are served in the order they came, in one tick.
 */
export class StreamLoader {
  readonly #clock: Clock
  readonly #store: StoreKeeper
  readonly #streams: StreamCache<DurableStream>
  readonly #quotas: HistoryQuotas
  readonly #waiters = new Map<InternalChannel, Waiter[]>()
  #wanted: InternalChannel[] = []
  #isAsking = false
  #onIdle: (() => void) | undefined

  constructor(clock: Clock, store: StoreKeeper, streams: StreamCache<DurableStream>, quotas: HistoryQuotas) {
    this.#clock = clock
    this.#store = store
    this.#streams = streams
    this.#quotas = quotas
  }

  isLoading(channel: InternalChannel): boolean {
    return this.#waiters.size > 0 && this.#waiters.has(channel)
  }

  load(channel: InternalChannel, waiter: Waiter): void {
    const waiters = this.#waiters.get(channel)
    if (waiters !== undefined) {
      waiters.push(waiter)
      return
    }
    this.#waiters.set(channel, [waiter])
    this.#wanted.push(channel)
    this.#askSoon()
  }

  /** Waits until nobody waits. */
  async idle(): Promise<void> {
    if (this.#waiters.size === 0) return
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
  }

  /** What is wanted in the same tick is asked for together. */
  #askSoon(): void {
    if (this.#isAsking) return
    this.#isAsking = true
    queueMicrotask(() => this.#ask())
  }

  #ask(): void {
    const channels = this.#wanted.splice(0, askedAtOnce)
    if (channels.length === 0) {
      this.#isAsking = false
      return
    }
    this.#store.load(channels, this.#clock.now(), (reply) => {
      const served = reply.kind === 'loaded' ? reply.count : channels.length
      this.#wanted = channels.slice(served).concat(this.#wanted)
      const reader = reply.kind === 'loaded' ? new ByteReader(reply.streams) : undefined
      for (const channel of channels.slice(0, served)) this.#serve(channel, reader)
      if (this.#waiters.size === 0) this.#onIdle?.()
      this.#ask()
    })
  }

  #serve(channel: InternalChannel, reader: ByteReader | undefined): void {
    const waiters = this.#waiters.get(channel) ?? []
    this.#waiters.delete(channel)
    const stream = reader === undefined ? undefined : this.#restore(channel, reader)
    if (stream === undefined) {
      for (const waiter of waiters) waiter(undefined)
      return
    }
    this.#streams.add(stream)
    // No waiter's use may make room by dropping the stream from under the next one.
    this.#streams.pin(stream)
    for (const waiter of waiters) waiter(stream)
    if (stream.waiting === 0) this.#streams.unpin(stream)
  }

  /** Records that cannot be read make a stream that cannot be loaded. */
  #restore(channel: InternalChannel, reader: ByteReader): DurableStream | undefined {
    // One copy for the whole stream, which its publications share: ten thousand small buffers would keep the collector
    // busy, and views on the reply would keep the other streams' bytes alive.
    const bytes = new Uint8Array(reader.bytes())
    try {
      return new DurableStream(channel, readStoredStream(new ByteReader(bytes)), this.#quotas.ownerOf(channel))
    } catch (error) {
      this.#store.report(`a record of the history file cannot be read: ${(error as Error).message}`)
      return undefined
    }
  }
}
