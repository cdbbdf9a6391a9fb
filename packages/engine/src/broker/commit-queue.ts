import type { Publication } from '@xshathra/protocol'
import { ByteWriter } from './byte-writer.ts'
import type { DurableStream } from './durable-stream.ts'

/** Something that waits for a commit, or behind something that does. */
export interface Operation {
  /** Called once, in the order of acceptance: the commit happened, or it failed and nothing of it is there. */
  settle(isCommitted: boolean): void
}

/** A publication on its way into a durable stream. */
export interface KeepOperation extends Operation {
  readonly publication: Publication
  /** `''`: none. */
  readonly idempotencyKey: string
  /** Unix milliseconds. */
  readonly acceptedAtMs: number
}

/** Operations that are committed together. */
export interface Batch {
  readonly operations: Operation[]
  readonly dirty: DurableStream[]
  isPower: boolean
  /** What the publications in it weigh, roughly. */
  bytes: number
  /** Written when the batch is full or about to leave, before anything is assigned for the next one. */
  changes: Uint8Array | undefined
}

/** Hands a batch to the store; `done` is called in a later turn of the event loop, with what stood in the way. */
export type CommitBatch = (changes: Uint8Array, isPower: boolean, done: (failure: string | undefined) => void) => void

/** A batch is settled in one turn of the event loop, which bounds how long that turn is. */
const batchOperations = 512
const batchBytes = 1024 * 1024

/**
 * Group commit: one batch is with the store while the next one fills. Operations settle in the order they were added;
 * when a commit fails, all that was added up to then fails with it, because later places build on earlier ones.
 */
export class CommitQueue {
  readonly #commit: CommitBatch
  readonly #queue: Batch[] = []
  #inFlight: Batch | undefined
  #isScheduled = false
  #lastBytes = 4096
  #onIdle: (() => void) | undefined

  constructor(commit: CommitBatch) {
    this.#commit = commit
  }

  /** The batch that takes the next operation; it leaves when the one before it is back, or at the end of this turn. */
  filling(): Batch {
    const last = this.#queue.at(-1)
    if (last !== undefined && last.operations.length < batchOperations && last.bytes < batchBytes) return last
    if (last !== undefined) this.#seal(last)
    const batch: Batch = { operations: [], dirty: [], isPower: false, bytes: 0, changes: undefined }
    this.#queue.push(batch)
    this.#schedule()
    return batch
  }

  /** Waits until everything added so far has settled. */
  async idle(): Promise<void> {
    if (this.#inFlight === undefined && this.#queue.length === 0) return
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
  }

  #schedule(): void {
    if (this.#isScheduled || this.#inFlight !== undefined) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      if (this.#inFlight === undefined) this.#send()
    })
  }

  #send(): void {
    const batch = this.#queue.shift()
    if (batch === undefined) {
      this.#onIdle?.()
      this.#onIdle = undefined
      return
    }
    this.#inFlight = batch
    this.#commit(this.#seal(batch), batch.isPower, (failure) => this.#settle(batch, failure === undefined))
  }

  #settle(batch: Batch, isCommitted: boolean): void {
    const settled = isCommitted ? [batch] : [batch, ...this.#queue.splice(0)]
    // Before anybody hears of it: what is published by whoever does starts from what is committed.
    if (!isCommitted) for (const { dirty } of settled) for (const stream of dirty) stream.fallBack()
    // Operations added meanwhile to wait behind these are settled too: a loop over an array sees what is pushed to it.
    for (const { operations } of settled) for (const operation of operations) operation.settle(isCommitted)
    this.#inFlight = undefined
    this.#send()
  }

  #seal(batch: Batch): Uint8Array {
    if (batch.changes === undefined) {
      const writer = new ByteWriter(this.#lastBytes)
      for (const stream of batch.dirty) stream.send(writer)
      this.#lastBytes = Math.max(4096, writer.length)
      batch.changes = writer.take()
    }
    return batch.changes
  }
}
