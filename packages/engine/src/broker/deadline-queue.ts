export interface DeadlineEntry {
  /** Unix milliseconds: when the entry has something to do. May move at any time without telling the queue. */
  readonly deadlineMs: number
  /** For which deadline the entry waits. Only the queue touches this and `queueIndex`. */
  queuedForMs: number
  /** Place in the queue's heap; -1: not in it. */
  queueIndex: number
}

/**
 * Finds the entries whose deadline has come. Deadlines that move later cost nothing: an entry is looked at when the
 * deadline it had at first comes, and queued again if it has a later one by then. One that moves earlier is found late.
 */
export class DeadlineQueue<Entry extends DeadlineEntry> {
  /** A binary heap, soonest first. */
  readonly #heap: Entry[] = []

  get size(): number {
    return this.#heap.length
  }

  /** When the next entry wants to be looked at, in Unix milliseconds. */
  get nextMs(): number {
    return this.#heap[0]?.queuedForMs ?? Number.POSITIVE_INFINITY
  }

  /** Queues an entry unless it is queued already or never has anything to do. */
  add(entry: Entry): void {
    if (entry.queueIndex >= 0) return
    const deadlineMs = entry.deadlineMs
    if (deadlineMs === Number.POSITIVE_INFINITY) return
    entry.queuedForMs = deadlineMs
    this.#rise(entry, this.#heap.length)
  }

  remove(entry: Entry): void {
    const index = entry.queueIndex
    if (index < 0) return
    entry.queueIndex = -1
    const last = this.#heap.pop() as Entry
    if (last === entry) return
    if (last.queuedForMs < entry.queuedForMs) this.#rise(last, index)
    else this.#sink(last, index)
  }

  /** Takes out the entry that was queued for the soonest time not after `nowMs`. */
  takeDue(nowMs: number): Entry | undefined {
    const due = this.#heap[0]
    if (due === undefined || due.queuedForMs > nowMs) return undefined
    this.remove(due)
    return due
  }

  /** Puts an entry at `from`, or above it as long as those there are due later. */
  #rise(entry: Entry, from: number): void {
    let index = from
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = this.#heap[above] as Entry
      if (parent.queuedForMs <= entry.queuedForMs) break
      this.#put(parent, index)
      index = above
    }
    this.#put(entry, index)
  }

  /** Puts an entry at `from`, or below it as long as those there are due sooner. */
  #sink(entry: Entry, from: number): void {
    let index = from
    for (;;) {
      let below = 2 * index + 1
      let child = this.#heap[below]
      if (child === undefined) break
      const right = this.#heap[below + 1]
      if (right !== undefined && right.queuedForMs < child.queuedForMs) {
        below += 1
        child = right
      }
      if (child.queuedForMs >= entry.queuedForMs) break
      this.#put(child, index)
      index = below
    }
    this.#put(entry, index)
  }

  #put(entry: Entry, index: number): void {
    this.#heap[index] = entry
    entry.queueIndex = index
  }
}
