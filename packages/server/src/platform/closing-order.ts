type Close = () => unknown

/** What was opened, to be closed in reverse: what was built on something goes before it. */
export class ClosingOrder {
  readonly #closes: Close[] = []

  /** Notes how to close what has just been opened. */
  add(close: Close): void {
    this.#closes.push(close)
  }

  /** Closes everything, also what comes after something that failed to close; throws the first failure then. */
  async close(): Promise<void> {
    const failures: unknown[] = []
    for (const close of this.#closes.splice(0).reverse()) {
      try {
        await close()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}
