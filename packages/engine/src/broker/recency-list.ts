/** What an entry carries for the one list it is in; only the list touches these. */
export interface RecencyEntry<Entry> {
  newer: Entry | undefined
  older: Entry | undefined
}

/**
 * Entries by when they were used last. The links are in the entries, so that a use is a few assignments and allocates
 * nothing. An entry is in at most one list, once; the caller knows in which.
 */
export class RecencyList<Entry extends RecencyEntry<Entry>> {
  #newest: Entry | undefined
  #oldest: Entry | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  get oldest(): Entry | undefined {
    return this.#oldest
  }

  add(entry: Entry): void {
    entry.older = this.#newest
    entry.newer = undefined
    if (this.#newest === undefined) this.#oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
    this.#size += 1
  }

  remove(entry: Entry): void {
    if (entry.newer === undefined) this.#newest = entry.older
    else entry.newer.older = entry.older
    if (entry.older === undefined) this.#oldest = entry.newer
    else entry.older.newer = entry.newer
    entry.newer = undefined
    entry.older = undefined
    this.#size -= 1
  }

  /** Makes an entry of this list its newest. */
  touch(entry: Entry): void {
    if (entry === this.#newest) return
    this.remove(entry)
    this.add(entry)
  }
}
