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
  /** The child made last: the next connection with this history and the same next frame finds it here. */
  lastChild: Owed | null
  merged: Buffer | null
}

/** Where merged bytes go: a connection, as far as the outbox cares. */
export interface Outlet {
  /** What waits for the next flush; null when nothing does. Written by the outbox alone. */
  owed: Owed | null
  /** Writes one merged buffer. The bytes are shared and must not be changed. */
  deliver(bytes: Buffer): void
}

/** Above this the merged bytes of a turn leave early, so that a burst cannot pile up before the backlog is looked at. */
const earlyFlushBytes = 256 * 1024

/**
 * Merges all that every connection is owed in one turn of the event loop into one write per connection.
 *
 * Adding a frame to a connection is a pointer comparison and a pointer write; nothing is copied until the flush, and
 * then each distinct history is joined once, however many connections share it. The flush runs after the turn's IO, so
 * merging adds no delay.
 */
export class Outbox {
  readonly #schedule: (flush: () => void) => void
  readonly #flush = () => this.flush()
  #root: Owed = newRoot()
  #waiting: Outlet[] = []
  #isScheduled = false
  #isUrgent = false

  /** `schedule` runs the flush soon, after the IO of this turn: `setImmediate`, or a test's hand. */
  constructor(schedule: (flush: () => void) => void) {
    this.#schedule = schedule
  }

  /** Owes `frame` to one connection, behind all that it is owed already. */
  add(outlet: Outlet, frame: Buffer): void {
    this.#arm(this.#append(outlet, frame).bytes)
  }

  /** Owes the same `frame` to each of the first `count` outlets: the engine's innermost loop. */
  addToAll(outlets: readonly Outlet[], count: number, frame: Buffer): void {
    let mostBytes = 0
    for (let i = 0; i < count; i++) {
      const child = this.#append(outlets[i] as Outlet, frame)
      if (child.bytes > mostBytes) mostBytes = child.bytes
    }
    if (count > 0) this.#arm(mostBytes)
  }

  /** Writes now what one connection is owed. */
  flushOne(outlet: Outlet): void {
    const owed = outlet.owed
    if (owed === null) return
    outlet.owed = null
    outlet.deliver(bytesOf(owed))
  }

  /** Forgets what one connection is owed. */
  drop(outlet: Outlet): void {
    outlet.owed = null
  }

  /** Writes all that waits, one write per connection. */
  flush(): void {
    this.#isScheduled = false
    this.#isUrgent = false
    const waiting = this.#waiting
    this.#waiting = []
    this.#root = newRoot()
    for (let i = 0; i < waiting.length; i++) this.flushOne(waiting[i] as Outlet)
  }

  #append(outlet: Outlet, frame: Buffer): Owed {
    let parent = outlet.owed
    if (parent === null) {
      this.#waiting.push(outlet)
      parent = this.#root
    }
    let child = parent.lastChild
    if (child === null || child.frame !== frame) {
      child = {
        frame,
        parent,
        count: parent.count + 1,
        bytes: parent.bytes + frame.length,
        lastChild: null,
        merged: null,
      }
      parent.lastChild = child
    }
    outlet.owed = child
    return child
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

const newRoot = (): Owed => ({
  frame: Buffer.alloc(0),
  parent: null,
  count: 0,
  bytes: 0,
  lastChild: null,
  merged: null,
})

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
