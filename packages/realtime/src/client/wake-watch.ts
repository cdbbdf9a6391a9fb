/** What is needed of a page to see it sleep. */
export interface Page {
  readonly visibilityState: string
  addEventListener(type: 'visibilitychange', listener: () => void): void
  removeEventListener(type: 'visibilitychange', listener: () => void): void
}

const tickMs = 10_000
/** Shorter breaks do not cost a connection. */
const longBreakMs = 30_000

/**
 * Calls back when a page comes to life after a while: shown after having been hidden, or on a machine that slept, which
 * shows in a timer that fires far too late. Connections may have died meanwhile without anybody noticing. Returns the
 * function that ends it.
 */
export const watchForWaking = (onWake: () => void, page: Page | undefined = globalThis.document): (() => void) => {
  if (page === undefined) return () => {}
  let aliveAtMs = Date.now()
  const look = () => {
    if (page.visibilityState !== 'visible') return
    const nowMs = Date.now()
    if (nowMs - aliveAtMs > longBreakMs) onWake()
    aliveAtMs = nowMs
  }
  const tick = setInterval(look, tickMs)
  page.addEventListener('visibilitychange', look)
  return () => {
    clearInterval(tick)
    page.removeEventListener('visibilitychange', look)
  }
}
