import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../testing/fake-clock.ts'
import { type Sleeper, TimerWheel } from './timer-wheel.ts'

class Waker implements Sleeper {
  wakeTick = 0
  nextSleeper: Sleeper | null = null
  previousSleeper: Sleeper | null = null
  readonly wokenAtMs: number[] = []
  readonly #now: () => number
  constructor(now: () => number) {
    this.#now = now
  }
  onWake(): void {
    this.wokenAtMs.push(this.#now())
  }
}

describe('the timer wheel', () => {
  it('[TW1] wakes nobody early and nobody later than a tick, however far away', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200_000), { minLength: 1, maxLength: 40 }), (delays) => {
        const clock = new FakeClock()
        const wheel = new TimerWheel(clock)
        const startMs = clock.now()
        const wakers = delays.map((delay) => {
          const waker = new Waker(() => clock.now() - startMs)
          wheel.wakeAt(waker, wheel.tickAfter(delay))
          return { waker, delay }
        })
        clock.advance(210_000)
        for (const { waker, delay } of wakers) {
          expect(waker.wokenAtMs).toHaveLength(1)
          expect(waker.wokenAtMs[0]).toBeGreaterThanOrEqual(delay)
          expect(waker.wokenAtMs[0]).toBeLessThanOrEqual(delay + 2 * wheel.tickMs)
        }
        expect(clock.pending).toBe(0)
      }),
      { numRuns: 20 },
    )
  })

  it('[TW2] a new wish replaces the old one, and a cancelled sleeper sleeps on', () => {
    const clock = new FakeClock()
    const wheel = new TimerWheel(clock)
    const moved = new Waker(() => clock.now())
    const cancelled = new Waker(() => clock.now())
    wheel.wakeAt(moved, wheel.tickAfter(1_000))
    wheel.wakeAt(cancelled, wheel.tickAfter(1_000))
    wheel.wakeAt(moved, wheel.tickAfter(5_000))
    wheel.cancel(cancelled)
    clock.advance(2_000)
    expect(moved.wokenAtMs).toHaveLength(0)
    clock.advance(4_000)
    expect(moved.wokenAtMs).toHaveLength(1)
    expect(cancelled.wokenAtMs).toHaveLength(0)
  })

  it('[TW3] costs no timer while nobody sleeps', () => {
    const clock = new FakeClock()
    const wheel = new TimerWheel(clock)
    expect(clock.pending).toBe(0)
    const waker = new Waker(() => clock.now())
    wheel.wakeAt(waker, wheel.tickAfter(100))
    expect(clock.pending).toBe(1)
    clock.advance(1_000)
    expect(clock.pending).toBe(0)
  })
})
