import type { Clock } from '../../clock.ts'

export interface FramePingTimes {
  readonly intervalMs: number
  /** From a ping to its pong; shorter than the interval. */
  readonly timeoutMs: number
}

/** Keeps one socket alive by ping frames, and finds out when nobody answers them any more. */
export class FramePings {
  readonly #clock: Clock
  readonly #times: FramePingTimes
  readonly #ping: () => void
  readonly #onLost: () => void
  #isAnswered = true
  #cancel: () => void

  /** `ping` sends a ping frame, the first one after an interval; `onLost` is called once, when a pong did not come. */
  constructor(clock: Clock, times: FramePingTimes, ping: () => void, onLost: () => void) {
    this.#clock = clock
    this.#times = times
    this.#ping = ping
    this.#onLost = onLost
    this.#cancel = clock.after(times.intervalMs, this.#send)
  }

  onPong(): void {
    this.#isAnswered = true
  }

  stop(): void {
    this.#cancel()
  }

  readonly #send = (): void => {
    this.#isAnswered = false
    this.#cancel = this.#clock.after(this.#times.timeoutMs, this.#check)
    this.#ping()
  }

  readonly #check = (): void => {
    if (!this.#isAnswered) this.#onLost()
    else this.#cancel = this.#clock.after(this.#times.intervalMs - this.#times.timeoutMs, this.#send)
  }
}
