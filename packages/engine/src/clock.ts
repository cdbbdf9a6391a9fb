/** Time as an argument: the machine's in production, {@link FakeClock} in tests. */
export interface Clock {
  /** Unix time in milliseconds. */
  now(): number
  /** Calls back once after `ms`; the returned function cancels. Never keeps the process alive by itself. */
  after(ms: number, callback: () => void): () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
