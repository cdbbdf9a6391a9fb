import type { MessagePort } from 'node:worker_threads'
import { parentPort, workerData } from 'node:worker_threads'
import { ByteWriter } from './byte-writer.ts'
import { HistoryStore } from './history-store.ts'
import { isDamage } from './store-file.ts'
import type { StoreReply, StoreRequest, StoreSettings } from './store-messages.ts'
import { writeStoredStream } from './stream-change.ts'

/** How much history one reply carries, so that taking it in stops nobody's event loop for long. */
const replyBytes = 64 * 1024

/** Entry point of the store's thread: a {@link HistoryStore} behind a port. */
const serve = (port: MessagePort, { path, budgetBytes, nowMs }: StoreSettings): void => {
  let store: HistoryStore
  try {
    store = new HistoryStore(path, budgetBytes)
    port.postMessage({
      kind: 'opened',
      nextStreamId: store.nextStreamId(),
      keys: store.keys(nowMs),
    } satisfies StoreReply)
  } catch (error) {
    port.postMessage({ kind: 'refused', message: (error as Error).message } satisfies StoreReply)
    port.close()
    return
  }
  const copies = new Copies(store)
  port.on('message', (request: StoreRequest) => {
    if (request.kind === 'copy') return void copies.make(request.path).then((reply) => port.postMessage(reply))
    if (request.kind === 'close') return void closeAfter(copies.stop(), store, port)
    const reply = answer(store, request)
    port.postMessage(reply, reply.kind === 'loaded' ? [reply.streams.buffer as ArrayBuffer] : [])
    // After the answer, so that nobody waits for it.
    if (request.kind === 'commit') store.checkpoint()
  })
}

type PlainRequest = Exclude<StoreRequest, { readonly kind: 'copy' | 'close' }>

const answer = (store: HistoryStore, request: PlainRequest): StoreReply => {
  try {
    switch (request.kind) {
      case 'commit':
        return { kind: 'committed', usage: store.commit(request.changes, request.isPower, request.nowMs) }
      case 'load':
        return load(store, request)
      case 'tidy':
        return { kind: 'tidied', more: store.tidy(request.nowMs) }
      case 'trim':
        return { kind: 'trimmed', more: store.trim(request.owner, request.bytes) }
    }
  } catch (error) {
    return { kind: 'failed', detail: explain(error) }
  }
}

/** The last request. A database is not closed under a copy. */
const closeAfter = async (copied: Promise<unknown>, store: HistoryStore, port: MessagePort): Promise<void> => {
  await copied
  try {
    store.close()
    port.postMessage({ kind: 'closed' } satisfies StoreReply)
  } catch (error) {
    port.postMessage({ kind: 'failed', detail: explain(error) } satisfies StoreReply)
  }
  port.close()
}

/** Copies of the store, one after the other, beside everything else it does. */
class Copies {
  readonly #store: HistoryStore
  readonly #stopping = new AbortController()
  #last: Promise<unknown> = Promise.resolve()

  constructor(store: HistoryStore) {
    this.#store = store
  }

  make(path: string): Promise<StoreReply> {
    const copy = this.#last.then(() => this.#copy(path))
    this.#last = copy
    return copy
  }

  /** Ends those under way; settles when none is. */
  stop(): Promise<unknown> {
    this.#stopping.abort(new Error('The server is being stopped.'))
    return this.#last
  }

  async #copy(path: string): Promise<StoreReply> {
    try {
      this.#stopping.signal.throwIfAborted()
      await this.#store.copyTo(path, this.#stopping.signal)
      return { kind: 'copied' }
    } catch (error) {
      return { kind: 'copied', failure: explain(error) }
    }
  }
}

const load = (store: HistoryStore, { channels, nowMs }: StoreRequest & { readonly kind: 'load' }): StoreReply => {
  const writer = new ByteWriter(64 * 1024)
  let count = 0
  for (const channel of channels) {
    const stream = store.load(channel, nowMs)
    writer.nested(() => writeStoredStream(writer, stream))
    count += 1
    if (writer.length >= replyBytes) break
  }
  return { kind: 'loaded', count, streams: writer.take() }
}

const explain = (error: unknown): string => {
  const reason = error instanceof Error ? error.message : String(error)
  return isDamage(error) ? `the history file is damaged: ${reason}` : reason
}

if (parentPort !== null) serve(parentPort, workerData as StoreSettings)
