import type { Clock } from '@xshathra/engine/core'
import { LRUCache } from 'lru-cache'

export interface AttemptLimits {
  /** Attempts that may fail in one window. */
  readonly attempts: number
  readonly windowMs: number
  /** Keys counted at the same time; the one seen longest ago makes room. */
  readonly keys: number
}

interface Window {
  count: number
  readonly endsAtMs: number
}

/**
 * Counts attempts at a secret by some key. An attempt counts from its beginning, so that many at the same time are not
 * more than one after the other; what succeeded is given back.
 */
export class AttemptLimiter {
  readonly #clock: Clock
  readonly #limits: AttemptLimits
  readonly #windows: LRUCache<string, Window>

  constructor(clock: Clock, limits: AttemptLimits) {
    this.#clock = clock
    this.#limits = limits
    this.#windows = new LRUCache({ max: limits.keys })
  }

  /** Begins an attempt. Returned is 0, or how many milliseconds have to pass before there may be one. */
  begin(key: string): number {
    const window = this.#current(key)
    if (window.count >= this.#limits.attempts) return window.endsAtMs - this.#clock.now()
    window.count += 1
    return 0
  }

  /** Takes back one attempt. */
  giveBack(key: string): void {
    const window = this.#windows.get(key)
    if (window !== undefined && window.count > 0) window.count -= 1
  }

  /** Takes back all attempts. */
  forget(key: string): void {
    this.#windows.delete(key)
  }

  #current(key: string): Window {
    const nowMs = this.#clock.now()
    const window = this.#windows.get(key)
    if (window !== undefined && nowMs < window.endsAtMs) return window
    const begun = { count: 0, endsAtMs: nowMs + this.#limits.windowMs }
    this.#windows.set(key, begun)
    return begun
  }
}
