import type { Clock } from '@xshathra/engine'
import { LRUCache } from 'lru-cache'

/** Beyond so many blocks the one set longest ago ends early. */
const maxBlocks = 100_000

/**
 * Users, or whole projects, whose connections are refused for a while after they were disconnected. Kept in memory: a
 * block lasts as long as the process at most.
 */
export class BlockedUsers {
  readonly #clock: Clock
  readonly #until = new LRUCache<string, number>({ max: maxBlocks })

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `user` absent: everybody of the project. */
  block(projectId: string, user: string | undefined, seconds: number): void {
    this.#until.set(entryOf(projectId, user), this.#clock.now() + seconds * 1000)
  }

  isBlocked(projectId: string, user: string): boolean {
    return this.#until.size > 0 && (this.#isOn(entryOf(projectId, user)) || this.#isOn(entryOf(projectId, undefined)))
  }

  #isOn(entry: string): boolean {
    const until = this.#until.peek(entry)
    if (until === undefined) return false
    if (until > this.#clock.now()) return true
    this.#until.delete(entry)
    return false
  }
}

const entryOf = (projectId: string, user: string | undefined): string =>
  user === undefined ? projectId : `${projectId}:${user}`
