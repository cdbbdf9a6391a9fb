import type { Clock } from '../clock.ts'
import type { ClientOptions } from '../options.ts'

type Limits = Pick<ClientOptions, 'connectionLimit' | 'connectionRateLimit'>

/** Decides whether there is room for one more connection: so many open, and so many new ones per second. */
export class Admission {
  readonly #clock: Clock
  readonly #limits: () => Limits
  readonly #countOpen: () => number
  /** Connections that may come now: refilled evenly, up to one second's worth. */
  #allowance: number
  #refilledAtMs: number
  #isShut = false

  constructor(clock: Clock, limits: () => Limits, countOpen: () => number) {
    this.#clock = clock
    this.#limits = limits
    this.#countOpen = countOpen
    this.#allowance = limits().connectionRateLimit
    this.#refilledAtMs = clock.now()
  }

  /** The rule that keeps a new connection out, or undefined; admitting one uses up allowance. */
  refuse(): 'shutdown' | 'connection rate' | 'connection limit' | undefined {
    if (this.#isShut) return 'shutdown'
    const { connectionLimit, connectionRateLimit } = this.#limits()
    if (connectionRateLimit > 0 && !this.#spend(connectionRateLimit)) return 'connection rate'
    return connectionLimit > 0 && this.#countOpen() >= connectionLimit ? 'connection limit' : undefined
  }

  /** Admits nobody from now on. */
  shut(): void {
    this.#isShut = true
  }

  #spend(perSecond: number): boolean {
    const now = this.#clock.now()
    const refill = (Math.max(0, now - this.#refilledAtMs) * perSecond) / 1000
    this.#allowance = Math.min(perSecond, this.#allowance + refill)
    this.#refilledAtMs = now
    if (this.#allowance < 1) return false
    this.#allowance--
    return true
  }
}
