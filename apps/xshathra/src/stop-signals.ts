/** Where signals come from: the process, or an EventEmitter in tests. */
export type SignalSource = NodeJS.EventEmitter

/**
 * Signals within this time of the first are the same wish: one Ctrl-C in a terminal reaches us from the terminal and again
 * from each npm and Node in between.
 */
const sameWishMs = 1_000

/** Listens for SIGTERM and SIGINT: the first asks to stop, one that comes later insists. */
export class StopSignals {
  readonly #source: SignalSource
  readonly #now: () => number
  readonly #requested = Promise.withResolvers<void>()
  readonly #insisted = Promise.withResolvers<void>()
  #requestedAtMs: number | undefined

  constructor(source: SignalSource, now: () => number = () => performance.now()) {
    this.#source = source
    this.#now = now
    source.on('SIGTERM', this.#onSignal)
    source.on('SIGINT', this.#onSignal)
  }

  /** Resolves when somebody asks to stop. */
  get requested(): Promise<void> {
    return this.#requested.promise
  }

  /** Resolves when somebody does not want to wait for the stop any longer. */
  get insisted(): Promise<void> {
    return this.#insisted.promise
  }

  close(): void {
    this.#source.off('SIGTERM', this.#onSignal)
    this.#source.off('SIGINT', this.#onSignal)
  }

  readonly #onSignal = (): void => {
    this.#requestedAtMs ??= this.#now()
    this.#requested.resolve()
    if (this.#now() - this.#requestedAtMs >= sameWishMs) this.#insisted.resolve()
  }
}
