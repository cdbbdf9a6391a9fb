import type { MovableClock } from './movable-clock.ts'

/** What every connection of the test server suffers from. */
export interface Weather {
  /** How long each message travels, in milliseconds. */
  delayMs: number
  /** Messages get lost, and nobody is told. */
  isSilent: boolean
  /** Nothing connects. */
  isOffline: boolean
}

/** One direction of a connection: messages arrive later, in their order, as the weather allows. */
export class Lane {
  readonly #clock: MovableClock
  readonly #weather: Weather
  readonly #waiting: (() => void)[] = []
  #lastDueMs = 0

  constructor(clock: MovableClock, weather: Weather) {
    this.#clock = clock
    this.#weather = weather
  }

  send(arrive: () => void): void {
    if (this.#weather.isSilent) return
    const nowMs = this.#clock.now()
    // Not before what was sent before.
    this.#lastDueMs = Math.max(nowMs + this.#weather.delayMs, this.#waiting.length > 0 ? this.#lastDueMs : 0)
    this.#waiting.push(arrive)
    // Timers of nearly the same time may fire in either order: whichever does, it is the turn of the first.
    const next = () => this.#waiting.shift()?.()
    if (this.#lastDueMs > nowMs) this.#clock.after(this.#lastDueMs - nowMs, next)
    else queueMicrotask(next)
  }
}
