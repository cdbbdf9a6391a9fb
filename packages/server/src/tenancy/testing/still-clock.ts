import type { Clock } from '@xshathra/engine'

/** A clock that a test sets; what waits on it is never called. */
export class StillClock implements Clock {
  nowMs = 1_700_000_000_000

  now(): number {
    return this.nowMs
  }

  after(): () => void {
    return () => {}
  }
}
