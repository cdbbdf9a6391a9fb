import type { Worker } from 'node:worker_threads'
import type { Clock } from '../clock.ts'
import type { InternalChannel } from '../names.ts'
import type { OwnerUsage, StoreReply, StoreSettings } from './store-messages.ts'
import { StoreThread } from './store-thread.ts'

/** Whether commits work; `detail` is for logs. */
export interface StoreState {
  readonly state: 'failing' | 'recovered'
  readonly detail: string
}

export interface StoreKeeperNeeds {
  readonly path: string
  readonly budgetBytes: number
  readonly clock: Clock
  readonly onStoreProblem: (state: StoreState) => void
  /** Told what owners have on disk after each commit that touched their streams. */
  readonly onUsage: (usage: readonly OwnerUsage[]) => void
  /** Called when what is in memory may differ from what is in the file. */
  readonly onReset: () => void
  readonly spawn?: ((settings: StoreSettings) => Worker) | undefined
}

/** How long after a round of tidying the next one begins. */
const roundMs = 60_000

/** Between two steps of one round: what is committed meanwhile does not wait long. */
const stepMs = 20

/** How long to wait before a lost thread is started again. */
const restartMs = 1000

/**
 * Looks after the store's thread: reports once when commits begin to fail and once when they work again, tidies the file
 * bit by bit, and starts the thread again should it be lost.
 */
export class StoreKeeper {
  readonly #needs: StoreKeeperNeeds
  #thread: StoreThread
  #isFailing = false
  #isClosed = false
  #cancel: () => void = () => {}

  constructor(needs: StoreKeeperNeeds) {
    this.#needs = needs
    this.#thread = this.#start()
  }

  /** Waits until the file is open. Throws `HistoryFileUnusable`. */
  async open(): Promise<StoreReply & { readonly kind: 'opened' }> {
    const opened = await this.#thread.opened()
    this.#tidyIn(stepMs)
    return opened
  }

  /** Commits changes, all or none; `done` is told what stood in the way. */
  commit(changes: Uint8Array, isPower: boolean, done: (failure: string | undefined) => void): void {
    const nowMs = this.#needs.clock.now()
    this.#thread.ask({ kind: 'commit', changes, isPower, nowMs }, (reply) => {
      if (reply.kind === 'failed') this.report(reply.detail)
      else this.#recover()
      done(reply.kind === 'failed' ? reply.detail : undefined)
      if (reply.kind === 'committed' && reply.usage.length > 0) this.#needs.onUsage(reply.usage)
    })
  }

  /** Brings what an owner has on disk down to these bytes, bit by bit: commits go in between. */
  trim(owner: string, bytes: number, done: () => void): void {
    this.#thread.ask({ kind: 'trim', owner, bytes }, (reply) => {
      if (reply.kind === 'trimmed' && reply.more) this.trim(owner, bytes, done)
      else done()
    })
  }

  load(channels: readonly InternalChannel[], nowMs: number, done: (reply: StoreReply) => void): void {
    this.#thread.ask({ kind: 'load', channels, nowMs }, (reply) => {
      if (reply.kind === 'failed') this.report(reply.detail)
      done(reply)
    })
  }

  /** Writes a copy of the file; the answer is what stood in the way, a sentence for people. */
  copy(path: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.#thread.ask({ kind: 'copy', path }, (reply) => {
        if (reply.kind === 'copied') resolve(reply.failure)
        else resolve(reply.kind === 'failed' ? reply.detail : undefined)
      })
    })
  }

  /** Reports a failure, unless one was reported since the last commit that worked. */
  report(detail: string): void {
    if (this.#isFailing || this.#isClosed) return
    this.#isFailing = true
    this.#needs.onStoreProblem({ state: 'failing', detail })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancel()
    await this.#thread.close()
  }

  #recover(): void {
    if (!this.#isFailing) return
    this.#isFailing = false
    this.#needs.onStoreProblem({ state: 'recovered', detail: 'history is written again' })
  }

  #start(): StoreThread {
    const { path, budgetBytes, clock, spawn } = this.#needs
    const settings = { path, budgetBytes, nowMs: clock.now() }
    return new StoreThread({ settings, spawn, onLost: () => this.#restartSoon() })
  }

  /** What was not answered when the thread was lost may be in the file, so memory is no longer to be trusted. */
  #restartSoon(): void {
    if (this.#isClosed) return
    this.report('the thread of the history file was lost')
    this.#cancel()
    this.#needs.onReset()
    this.#cancel = this.#needs.clock.after(restartMs, () => void this.#restart())
  }

  async #restart(): Promise<void> {
    if (this.#isClosed) return
    const thread = this.#start()
    try {
      await thread.opened()
    } catch {
      // Reported as failing already; the next try may find the file in order.
      this.#restartSoon()
      return
    }
    if (this.#isClosed) {
      await thread.close()
      return
    }
    this.#thread = thread
    this.#tidyIn(stepMs)
  }

  #tidyIn(delayMs: number): void {
    this.#cancel = this.#needs.clock.after(delayMs, () => {
      this.#thread.ask({ kind: 'tidy', nowMs: this.#needs.clock.now() }, (reply) => {
        if (!this.#isClosed) this.#tidyIn(reply.kind === 'tidied' && reply.more ? stepMs : roundMs)
      })
    })
  }
}
