import { setTimeout as delay } from 'node:timers/promises'

/** How long something may take that a test waits for. */
const PATIENCE_MS = 8_000

/** What has arrived and no test has looked at yet, in order. */
export class Arrivals<Item> {
  readonly #isEnd: (item: Item) => boolean
  #items: Item[] = []
  #arrived = Promise.withResolvers<void>()

  /** `isEnd` tells the item behind which nothing comes: nobody waits past it. */
  constructor(isEnd: (item: Item) => boolean = () => false) {
    this.#isEnd = isEnd
  }

  /** What is there, left where it is. */
  get waiting(): readonly Item[] {
    return this.#items
  }

  add(item: Item): void {
    this.#items.push(item)
    this.#arrived.resolve()
    this.#arrived = Promise.withResolvers()
  }

  /** Takes everything up to and including the first item that `isLast` accepts, or up to the end. */
  async takeUntil(isLast: (item: Item, index: number) => boolean, patienceMs = PATIENCE_MS): Promise<Item[]> {
    const deadline = Date.now() + patienceMs
    for (;;) {
      const last = this.#items.findIndex((item, index) => isLast(item, index) || this.#isEnd(item))
      if (last >= 0) return this.#items.splice(0, last + 1)
      const left = deadline - Date.now()
      if (left <= 0) throw new Error(`waited in vain; arrived: ${JSON.stringify(this.#items)}`)
      const timer = new AbortController()
      await Promise.race([
        this.#arrived.promise,
        delay(left, undefined, { signal: timer.signal }).catch(() => undefined),
      ])
      timer.abort()
    }
  }

  /** Takes the next `count` items. */
  async take(count: number, patienceMs?: number): Promise<Item[]> {
    return this.takeUntil((_, index) => index === count - 1, patienceMs)
  }
}

/** A reply or push as JSON, or `{close: …}`, the last of all. */
export type Item = { readonly [key: string]: unknown }

/** What a server has sent over one connection. */
export class Inbox extends Arrivals<Item> {
  constructor() {
    super((item) => 'close' in item)
  }
}
