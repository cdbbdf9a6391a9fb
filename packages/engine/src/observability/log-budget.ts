import type { Clock } from '../clock.ts'

export interface LogBudgetOptions {
  readonly clock: Clock
  /** Lines a window has for all sources together. */
  readonly lines: number
  /** Lines of them that one source may use. */
  readonly linesPerSource: number
  readonly windowMs: number
  /** Told at the end of a window how many lines were left out, if any were. */
  readonly onSuppressed: (count: number) => void
}

/**
 * Keeps a log readable when somebody outside could fill it: each window of time has so many lines, and one source cannot
 * use them all. Remembers no more sources than a window has lines.
 */
export class LogBudget {
  readonly #options: LogBudgetOptions
  readonly #used = new Map<string, number>()
  #left: number
  #suppressed = 0
  #cancel: (() => void) | undefined

  constructor(options: LogBudgetOptions) {
    this.#options = options
    this.#left = options.lines
  }

  /** Whether a line of this source may be written; one that may not is counted. */
  take(source: string): boolean {
    const { clock, windowMs, linesPerSource } = this.#options
    this.#cancel ??= clock.after(windowMs, () => this.#endWindow())
    const used = this.#used.get(source) ?? 0
    if (this.#left === 0 || used === linesPerSource) {
      this.#suppressed++
      return false
    }
    this.#left--
    this.#used.set(source, used + 1)
    return true
  }

  /** Ends the window at once. */
  close(): void {
    this.#cancel?.()
    this.#endWindow()
  }

  #endWindow(): void {
    const suppressed = this.#suppressed
    this.#cancel = undefined
    this.#suppressed = 0
    this.#left = this.#options.lines
    this.#used.clear()
    if (suppressed > 0) this.#options.onSuppressed(suppressed)
  }
}
