import type { Clock } from '../clock.ts'

/** Something that wants to be woken: it stands in at most one place of the wheel, linked through its own fields. */
export interface Sleeper {
  /** Tick at which to wake; 0 while not in the wheel. Set by the wheel alone. */
  wakeTick: number
  nextSleeper: Sleeper | null
  previousSleeper: Sleeper | null
  /** May come once more right after a cancel() in the same tick. */
  onWake(): void
}

const slotCount = 1024

/**
 * One timer for all connections. A timeout per connection would cost more memory than the rest of an idle connection;
 * here going to sleep is two pointer writes and a tick touches only those that are due.
 *
 * Ticks are whole multiples of `tickMs` since construction and count from 1, so that deadlines are small integers.
 */
export class TimerWheel {
  readonly tickMs: number
  readonly #clock: Clock
  readonly #startMs: number
  readonly #slots: (Sleeper | null)[] = new Array<Sleeper | null>(slotCount).fill(null)
  #turnedTo = 1
  #sleepers = 0
  #cancel: (() => void) | undefined

  constructor(clock: Clock, tickMs = 50) {
    this.#clock = clock
    this.tickMs = tickMs
    this.#startMs = clock.now()
  }

  /** The current tick. */
  now(): number {
    return 1 + Math.floor((this.#clock.now() - this.#startMs) / this.tickMs)
  }

  /** The first tick that is at least `ms` away. */
  tickAfter(ms: number): number {
    return 1 + Math.ceil((this.#clock.now() - this.#startMs + ms) / this.tickMs)
  }

  /** Wakes `sleeper` at `tick` and not before, in place of any earlier wish of it. */
  wakeAt(sleeper: Sleeper, tick: number): void {
    if (sleeper.wakeTick === tick) return
    if (sleeper.wakeTick !== 0) this.#unlink(sleeper)
    if (this.#sleepers === 0) this.#turnedTo = this.now()
    sleeper.wakeTick = Math.max(tick, this.#turnedTo + 1)
    const slot = sleeper.wakeTick % slotCount
    const head = this.#slots[slot] ?? null
    sleeper.previousSleeper = null
    sleeper.nextSleeper = head
    if (head) head.previousSleeper = sleeper
    this.#slots[slot] = sleeper
    this.#sleepers++
    this.#arm()
  }

  cancel(sleeper: Sleeper): void {
    if (sleeper.wakeTick !== 0) this.#unlink(sleeper)
  }

  close(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#slots.fill(null)
    this.#sleepers = 0
  }

  #arm(): void {
    this.#cancel ??= this.#clock.after(this.tickMs, () => {
      this.#cancel = undefined
      this.#turn()
      if (this.#sleepers > 0) this.#arm()
    })
  }

  /** Wakes all that came due since the last turn; a turn that is late by more than a round visits each slot once. */
  #turn(): void {
    const now = this.now()
    const first = Math.max(this.#turnedTo + 1, now - slotCount + 1)
    this.#turnedTo = now
    const due: Sleeper[] = []
    for (let tick = first; tick <= now; tick++) {
      let sleeper = this.#slots[tick % slotCount] ?? null
      while (sleeper) {
        const next: Sleeper | null = sleeper.nextSleeper
        if (sleeper.wakeTick <= now) {
          this.#unlink(sleeper)
          due.push(sleeper)
        }
        sleeper = next
      }
    }
    // Woken only now: one that wakes may put others to sleep or take them out.
    for (const sleeper of due) sleeper.onWake()
  }

  #unlink(sleeper: Sleeper): void {
    if (sleeper.previousSleeper) sleeper.previousSleeper.nextSleeper = sleeper.nextSleeper
    else this.#slots[sleeper.wakeTick % slotCount] = sleeper.nextSleeper
    if (sleeper.nextSleeper) sleeper.nextSleeper.previousSleeper = sleeper.previousSleeper
    sleeper.nextSleeper = null
    sleeper.previousSleeper = null
    sleeper.wakeTick = 0
    this.#sleepers--
  }
}
