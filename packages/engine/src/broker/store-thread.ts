import { Worker } from 'node:worker_threads'
import { HistoryFileUnusable } from './store-file.ts'
import type { StoreReply, StoreRequest, StoreSettings } from './store-messages.ts'

type Answer = (reply: StoreReply) => void

/** Starts the thread's entry point, which lies beside this file: `.ts` in the source, `.js` once compiled. */
const spawnStoreWorker = (settings: StoreSettings): Worker => {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new Worker(new URL(`./store-worker.${extension}`, import.meta.url), { workerData: settings })
}

export interface StoreThreadNeeds {
  readonly settings: StoreSettings
  /** The thread ended by itself after it had opened the file; what it had not answered may be in the file or not. */
  readonly onLost: () => void
  readonly spawn?: ((settings: StoreSettings) => Worker) | undefined
}

/** The store's thread as seen from the event loop: requests out, replies back in the same order, those to copies in theirs. */
export class StoreThread {
  readonly #worker: Worker
  readonly #waiting: Answer[] = []
  readonly #waitingForCopies: Answer[] = []
  readonly #onLost: () => void
  #isOpen = false
  #isOver = false

  constructor({ settings, onLost, spawn = spawnStoreWorker }: StoreThreadNeeds) {
    this.#onLost = onLost
    this.#worker = spawn(settings)
    this.#worker.on('message', (reply: StoreReply) => {
      // Under `node --watch` every thread also posts which modules it has loaded.
      if (reply.kind === undefined) return
      const waiting = reply.kind === 'copied' ? this.#waitingForCopies : this.#waiting
      waiting.shift()?.(reply)
    })
    // An error that ends the thread is followed by its exit.
    this.#worker.on('error', (error) => this.#end(error.message))
    this.#worker.on('exit', () => this.#end('the store has ended'))
  }

  /** Waits until the file is open. Throws {@link HistoryFileUnusable}. */
  async opened(): Promise<StoreReply & { readonly kind: 'opened' }> {
    const reply = await new Promise<StoreReply>((resolve) => {
      this.#waiting.push((first) => {
        this.#isOpen = first.kind === 'opened'
        this.#isOver = !this.#isOpen
        resolve(first)
      })
    })
    if (reply.kind === 'opened') return reply
    await this.#worker.terminate()
    const message = reply.kind === 'refused' ? reply.message : 'The thread of the history file did not start.'
    throw new HistoryFileUnusable(message)
  }

  /** Asks; the answer comes in a later turn of the event loop, or at once if the thread is over. */
  ask(request: StoreRequest, answer: Answer): void {
    if (this.#isOver) return answer({ kind: 'failed', detail: 'the store has ended' })
    const waiting = request.kind === 'copy' ? this.#waitingForCopies : this.#waiting
    waiting.push(answer)
    this.#worker.postMessage(request, request.kind === 'commit' ? [request.changes.buffer as ArrayBuffer] : [])
  }

  /** Closes the file and ends the thread. */
  async close(): Promise<StoreReply> {
    const reply = await new Promise<StoreReply>((resolve) => {
      this.ask({ kind: 'close' }, (last) => {
        // At once: the thread's exit may come in the same turn as its last reply, and is no loss.
        this.#isOver = true
        resolve(last)
      })
    })
    await this.#worker.terminate()
    return reply
  }

  #end(detail: string): void {
    if (this.#isOver) return
    this.#isOver = true
    const unanswered = [...this.#waiting.splice(0), ...this.#waitingForCopies.splice(0)]
    for (const answer of unanswered) answer({ kind: 'failed', detail })
    if (this.#isOpen) this.#onLost()
  }
}
