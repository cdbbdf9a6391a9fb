/** A span of time after which everything that waits gives up; a caller's own signal ends it early. */
export interface Deadline {
  readonly signal: AbortSignal
  /** Milliseconds that are left. */
  left(): number
  /** Why it is over; undefined while it is not. */
  over(): 'timeout' | 'aborted' | undefined
  /** Waits for something, but not longer than the deadline: then it rejects. */
  race<Value>(promise: Promise<Value>): Promise<Value>
  /** Waits some time, or until the deadline. */
  wait(ms: number): Promise<void>
  /** Lets go of timer and listener. */
  close(): void
}

export const startDeadline = (ms: number, outer: AbortSignal | undefined): Deadline => {
  const endsAtMs = performance.now() + ms
  const controller = new AbortController()
  const { signal } = controller
  let reason: 'timeout' | 'aborted' | undefined
  const end = (why: 'timeout' | 'aborted') => {
    reason ??= why
    controller.abort()
  }
  const onAbort = () => end('aborted')
  const timer = setTimeout(() => end('timeout'), ms)
  if (outer?.aborted) onAbort()
  else outer?.addEventListener('abort', onAbort, { once: true })
  const whenOver = new Promise<never>((_, reject) => {
    const giveUp = () => reject(new Error('the deadline is over'))
    if (signal.aborted) giveUp()
    else signal.addEventListener('abort', giveUp, { once: true })
  })
  // It rejects whether anybody waits or not.
  whenOver.catch(() => {})
  return {
    signal,
    left: () => endsAtMs - performance.now(),
    over: () => reason,
    race: (promise) => Promise.race([promise, whenOver]),
    wait: async (waitMs) => {
      let pause: ReturnType<typeof setTimeout> | undefined
      const passed = new Promise<void>((resolve) => {
        pause = setTimeout(resolve, waitMs)
      })
      await Promise.race([passed, whenOver]).finally(() => clearTimeout(pause))
    },
    close: () => {
      clearTimeout(timer)
      outer?.removeEventListener('abort', onAbort)
    },
  }
}
