import type { OwnerUsage } from './store-messages.ts'

/** What each owner has in the history file. Changes count at once, and are taken back with their transaction. */
export class OwnerBytes {
  readonly #bytes: Map<string, number>
  /** What the transaction that is open has added. */
  readonly #added = new Map<string, number>()

  constructor(usage: readonly OwnerUsage[]) {
    this.#bytes = new Map(usage.map(({ owner, bytes }) => [owner, bytes]))
  }

  bytesOf(owner: string): number {
    return (this.#bytes.get(owner) ?? 0) + (this.#added.get(owner) ?? 0)
  }

  /** Nobody's (`''`) are not counted. */
  add(owner: string, bytes: number): void {
    if (owner !== '') this.#added.set(owner, (this.#added.get(owner) ?? 0) + bytes)
  }

  /** Owners that the open transaction has touched. */
  changed(): OwnerUsage[] {
    return Array.from(this.#added.keys(), (owner) => ({ owner, bytes: this.bytesOf(owner) }))
  }

  /** The transaction is committed. */
  settle(): void {
    for (const owner of this.#added.keys()) {
      const bytes = this.bytesOf(owner)
      if (bytes > 0) this.#bytes.set(owner, bytes)
      else this.#bytes.delete(owner)
    }
    this.#added.clear()
  }

  /** The transaction is rolled back. */
  takeBack(): void {
    this.#added.clear()
  }
}
