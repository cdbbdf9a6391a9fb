interface Timer {
  readonly dueMs: number
  readonly callback: () => void
}

/**
 * Time that goes on by itself and can be moved ahead besides: what falls due on the way is called back then, soonest
 * first. Under a test runner's fake timers it stands still with them.
 */
export class MovableClock {
  #aheadMs = 0
  readonly #timers = new Map<Timer, ReturnType<typeof setTimeout>>()

  now(): number {
    return Date.now() + this.#aheadMs
  }

  after(ms: number, callback: () => void): () => void {
    const timer: Timer = { dueMs: this.now() + ms, callback }
    const handle = setTimeout(() => this.#fire(timer), ms)
    // A server that a test forgot must not keep the process alive. Browsers' handles are numbers.
    if (typeof handle === 'object') handle.unref?.()
    this.#timers.set(timer, handle)
    return () => {
      clearTimeout(handle)
      this.#timers.delete(timer)
    }
  }

  advance(ms: number): void {
    const untilMs = this.now() + ms
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      this.#aheadMs += Math.max(0, next.dueMs - this.now())
      this.#fire(next)
    }
    this.#aheadMs += Math.max(0, untilMs - this.now())
  }

  #fire(timer: Timer): void {
    clearTimeout(this.#timers.get(timer))
    if (this.#timers.delete(timer)) timer.callback()
  }

  #next(untilMs: number): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers.keys()) {
      if (timer.dueMs <= untilMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer
    }
    return next
  }
}
