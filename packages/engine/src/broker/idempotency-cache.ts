import type { StreamPosition } from '@xshathra/protocol'
import type { InternalChannel } from '../names.ts'

/** How long a key counts. Centrifugo, lib broker_memory.go. */
export const idempotencyTtlMs = 300_000

interface Remembered {
  readonly position: StreamPosition
  readonly expiresAtMs: number
}

/**
 * Remembers where publications with an idempotency key came to stand, per channel, for five minutes. Bounded: beyond
 * `limitBytes` the oldest keys are forgotten early.
 */
export class IdempotencyCache {
  /** All keys count equally long, so the order of insertion is the order of expiry. */
  readonly #entries = new Map<string, Remembered>()
  readonly #limitBytes: number
  #bytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get size(): number {
    return this.#entries.size
  }

  /** When the oldest key expires, in Unix milliseconds. */
  get nextMs(): number {
    for (const { expiresAtMs } of this.#entries.values()) return expiresAtMs
    return Number.POSITIVE_INFINITY
  }

  find(channel: InternalChannel, key: string, nowMs: number): StreamPosition | undefined {
    const found = this.#entries.get(entryName(channel, key))
    return found !== undefined && found.expiresAtMs > nowMs ? found.position : undefined
  }

  remember(
    channel: InternalChannel,
    key: string,
    position: StreamPosition,
    nowMs: number,
    expiresAtMs = nowMs + idempotencyTtlMs,
  ): void {
    const name = entryName(channel, key)
    this.#forget(name)
    this.#entries.set(name, { position, expiresAtMs })
    this.#bytes += entryBytes(name)
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#limitBytes) return
      this.#forget(oldest)
    }
  }

  /** Frees at most `limit` expired keys; returns how many. */
  sweep(nowMs: number, limit: number): number {
    let freed = 0
    for (const [name, { expiresAtMs }] of this.#entries) {
      if (freed === limit || expiresAtMs > nowMs) break
      this.#forget(name)
      freed += 1
    }
    return freed
  }

  #forget(name: string): void {
    if (this.#entries.delete(name)) this.#bytes -= entryBytes(name)
  }
}

/** The length in front keeps (`a`, `bc`) and (`ab`, `c`) apart, whatever is in a channel's name. */
const entryName = (channel: InternalChannel, key: string): string => `${channel.length}:${channel}${key}`

const entryBytes = (name: string): number => 2 * name.length + 150
