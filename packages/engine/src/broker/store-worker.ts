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
  port.on('message', (request: StoreRequest) => {
    const reply = answer(store, request)
    port.postMessage(reply, reply.kind === 'loaded' ? [reply.streams.buffer as ArrayBuffer] : [])
    // After the answer, so that nobody waits for it.
    if (request.kind === 'commit') store.checkpoint()
    if (request.kind === 'close') port.close()
  })
}

const answer = (store: HistoryStore, request: StoreRequest): StoreReply => {
  try {
    switch (request.kind) {
      case 'commit':
        store.commit(request.changes, request.isPower, request.nowMs)
        return { kind: 'committed' }
      case 'load':
        return load(store, request)
      case 'tidy':
        return { kind: 'tidied', more: store.tidy(request.nowMs) }
      case 'close':
        store.close()
        return { kind: 'closed' }
    }
  } catch (error) {
    return { kind: 'failed', detail: explain(error) }
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
