/**
 * What one connection is owed in this turn of the event loop: the frame at this node behind those of its parents.
 * Connections that are owed the same frames in the same order meet in the same node and share the merged bytes.
 */
interface Owed {
  readonly frame: Buffer
  readonly parent: Owed | null
  /** Frames up to and with this one. */
  readonly count: number
  readonly bytes: number
  /** Place of the child made last: the next connection with this history and the same next frame finds it there. */
  lastChild: number
  merged: Buffer | null
}

/** Where merged bytes go: a connection, as far as the outbox cares. */
export interface Outlet {
  /**
   * Place of what waits for the next flush; 0 when nothing does. Written by the outbox alone. A place and no pointer:
   * connections are old and nodes are young, and of every such pointer the garbage collector would have to be told.
   */
  owed: number
  /** Writes one merged buffer. The bytes are shared and must not be changed. */
  deliver(bytes: Buffer): void
}

/** Place of the root, and so of what a connection is owed when it is owed nothing. */
const nothing = 0

/** Above this the merged bytes of a turn leave early, so that a burst cannot pile up before the backlog is looked at. */
const earlyFlushBytes = 256 * 1024

/**
 * Merges all that every connection is owed in one turn of the event loop into one write per connection.
 *
 * Adding a frame to a connection is a comparison and a write of two small numbers; nothing is copied until the flush, and
 * then each distinct history is joined once, however many connections share it. The flush runs after the turn's IO, so
 * merging adds no delay.
 */
export class Outbox {
  readonly #schedule: (flush: () => void) => void
  readonly #flush = () => this.flush()
  /** The nodes of this turn; the first one is the root of all, where nothing is owed yet. */
  #nodes: Owed[] = [newRoot()]
  #waiting: Outlet[] = []
  #isScheduled = false
  #isUrgent = false

  /** `schedule` runs the flush soon, after the IO of this turn: `setImmediate`, or a test's hand. */
  constructor(schedule: (flush: () => void) => void) {
    this.#schedule = schedule
  }

  /** Owes `frame` to one connection, behind all that it is owed already. */
  add(outlet: Outlet, frame: Buffer): void {
    const before = outlet.owed
    if (before === nothing) this.#waiting.push(outlet)
    outlet.owed = this.#childOf(before, frame)
    this.#arm(this.#at(outlet.owed).bytes)
  }

  /** Owes the same `frame` to each of the first `count` outlets: the engine's innermost loop. */
  addToAll(outlets: readonly Outlet[], count: number, frame: Buffer): void {
    // Neighbours mostly have the same history: the step that one took is the next one's, too.
    let before = -1
    let after = nothing
    let mostBytes = 0
    for (let i = 0; i < count; i++) {
      const outlet = outlets[i] as Outlet
      if (outlet.owed !== before) {
        before = outlet.owed
        after = this.#childOf(before, frame)
        mostBytes = Math.max(mostBytes, this.#at(after).bytes)
      }
      if (before === nothing) this.#waiting.push(outlet)
      outlet.owed = after
    }
    if (count > 0) this.#arm(mostBytes)
  }

  /** Writes now what one connection is owed. */
  flushOne(outlet: Outlet): void {
    const { owed } = outlet
    if (owed === nothing) return
    outlet.owed = nothing
    outlet.deliver(bytesOf(this.#at(owed)))
  }

  /** Forgets what one connection is owed. */
  drop(outlet: Outlet): void {
    outlet.owed = nothing
  }

  /** Writes all that waits, one write per connection. */
  flush(): void {
    this.#isScheduled = false
    this.#isUrgent = false
    const waiting = this.#waiting
    this.#waiting = []
    for (let i = 0; i < waiting.length; i++) this.flushOne(waiting[i] as Outlet)
    // Whatever was added while we wrote stands among these nodes.
    if (this.#waiting.length === 0) this.#nodes = [newRoot()]
  }

  #at(place: number): Owed {
    return this.#nodes[place] as Owed
  }

  /** Place of the node that comes with `frame` behind the one at `before`. */
  #childOf(before: number, frame: Buffer): number {
    const parent = this.#at(before)
    const { lastChild } = parent
    if (lastChild !== nothing && this.#at(lastChild).frame === frame) return lastChild
    parent.lastChild = this.#nodes.length
    this.#nodes.push({
      frame,
      parent,
      count: parent.count + 1,
      bytes: parent.bytes + frame.length,
      lastChild: nothing,
      merged: null,
    })
    return parent.lastChild
  }

  /** Never flushes by itself: the caller may be in the middle of a loop that a disconnect would disturb. */
  #arm(bytes: number): void {
    if (!this.#isScheduled) {
      this.#isScheduled = true
      this.#schedule(this.#flush)
    }
    if (bytes > earlyFlushBytes && !this.#isUrgent) {
      this.#isUrgent = true
      queueMicrotask(this.#flush)
    }
  }
}

const noBytes = Buffer.alloc(0)

const newRoot = (): Owed => ({ frame: noBytes, parent: null, count: 0, bytes: 0, lastChild: nothing, merged: null })

const bytesOf = (owed: Owed): Buffer => {
  if (owed.count === 1) return owed.frame
  if (owed.merged) return owed.merged
  const frames = new Array<Buffer>(owed.count)
  let node: Owed | null = owed
  for (let i = owed.count - 1; i >= 0 && node; i--) {
    frames[i] = node.frame
    node = node.parent
  }
  owed.merged = Buffer.concat(frames, owed.bytes)
  return owed.merged
}
