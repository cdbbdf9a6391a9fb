import type { Clock } from '@xshathra/engine'
import { type Problem, problem } from '../problems.ts'
import type { ProjectId } from '../projects/project.ts'

interface Bucket {
  tokens: number
  filledAtMs: number
}

/**
 * How fast each project publishes, by whichever door: a bucket that holds a second's worth. One call may overdraw it, so that a broadcast to
 * more channels than a second allows goes through and the next one waits for longer.
 */
export class PublishRates {
  readonly #clock: Clock
  readonly #buckets = new Map<ProjectId, Bucket>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes `count` publications; gives the problem where the project has to wait first. */
  take(projectId: ProjectId, perSecond: number | undefined, count: number): Problem | undefined {
    if (perSecond === undefined) return undefined
    const now = this.#clock.now()
    let bucket = this.#buckets.get(projectId)
    if (!bucket) {
      bucket = { tokens: perSecond, filledAtMs: now }
      this.#buckets.set(projectId, bucket)
    }
    const elapsedMs = Math.max(0, now - bucket.filledAtMs)
    bucket.tokens = Math.min(perSecond, bucket.tokens + (elapsedMs * perSecond) / 1000)
    bucket.filledAtMs = now
    if (bucket.tokens <= 0) {
      const retryAfterSeconds = Math.max(1, Math.ceil(-bucket.tokens / Math.max(perSecond, 1)))
      return problem('rate_limited', `The project publishes more than ${perSecond} messages a second.`, {
        retryAfterSeconds,
      })
    }
    bucket.tokens -= count
    return undefined
  }

  /** Forgets a project that is gone. */
  forget(projectId: ProjectId): void {
    this.#buckets.delete(projectId)
  }
}
