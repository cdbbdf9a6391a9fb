import type { Clock } from '../clock.ts'

/** Something that holds what expires. */
export interface Swept {
  /** When something expires next, in Unix milliseconds, or earlier; infinite where nothing does. */
  readonly nextMs: number
  /** Frees what has expired, with no more than `limit` units of work; returns how many it took. */
  sweep(nowMs: number, limit: number): number
}

/** Cadence of sweeps at most; expiry by the clock does not depend on it, only when memory is freed does. */
const cadenceMs = 1000

/** Work of one sweep, so that no sweep stops the event loop for more than a fraction of a millisecond or so. */
const unitsPerSweep = 500

/** How soon the next sweep comes where one had more to do than it may. */
const backlogCadenceMs = 10

/** No timer is set further ahead: beyond 2^31 ms they fire at once. */
const longestTimerMs = 3_600_000

/**
 * Frees what has expired, in small steps, about once a second while there is something to free. Sets no timer while
 * nothing is due for long.
 */
export class Sweep {
  readonly #clock: Clock
  readonly #parts: readonly Swept[]
  #cancel: (() => void) | undefined
  #armedForMs = Number.POSITIVE_INFINITY
  #isClosed = false

  constructor(clock: Clock, parts: readonly Swept[]) {
    this.#clock = clock
    this.#parts = parts
  }

  /** Sees to it that a sweep comes after `deadlineMs`. One comparison where one is coming anyway. */
  expect(deadlineMs: number): void {
    if (deadlineMs >= this.#armedForMs || this.#isClosed) return
    const nowMs = this.#clock.now()
    const delayMs = Math.min(Math.max(deadlineMs - nowMs, cadenceMs), longestTimerMs)
    if (nowMs + delayMs < this.#armedForMs) this.#arm(nowMs, delayMs)
  }

  close(): void {
    this.#isClosed = true
    this.#cancel?.()
    this.#cancel = undefined
  }

  #arm(nowMs: number, delayMs: number): void {
    this.#cancel?.()
    this.#armedForMs = nowMs + delayMs
    this.#cancel = this.#clock.after(delayMs, () => this.#run())
  }

  #run(): void {
    this.#cancel = undefined
    this.#armedForMs = Number.POSITIVE_INFINITY
    const nowMs = this.#clock.now()
    let left = unitsPerSweep
    for (const part of this.#parts) left -= part.sweep(nowMs, left)
    if (left <= 0) this.#arm(nowMs, backlogCadenceMs)
    for (const part of this.#parts) this.expect(part.nextMs)
  }
}
