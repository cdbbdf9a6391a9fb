import type { IncomingMessage } from 'node:http'

export interface BodyBounds {
  readonly maxBytes: number
  /**
   * What becomes of a body that is larger. `refuse` hands over undefined as soon as that is known: right for strangers.
   * `drain` first reads the body to its end and forgets it on the way: right for known callers, because most HTTP
   * clients do not look for an answer before they have sent everything.
   */
  readonly excess: 'refuse' | 'drain'
}

/**
 * Collects the body of a request and hands it over once: the bytes, or undefined where they were too many. Nothing is
 * handed over for a client that went away in between, since nobody waits for an answer then.
 */
export const readBody = (
  request: IncomingMessage,
  { maxBytes, excess }: BodyBounds,
  onBody: (body: Buffer | undefined) => void,
): void => {
  const isExcessive = Number(request.headers['content-length'] ?? 0) > maxBytes
  if (isExcessive && excess === 'refuse') return onBody(undefined)
  let size = 0
  let chunks: Buffer[] = []
  const onData = (chunk: Buffer): void => {
    size += chunk.length
    if (size <= maxBytes) return void chunks.push(chunk)
    chunks = []
    if (excess === 'drain') return
    request.off('data', onData).off('end', onEnd)
    onBody(undefined)
  }
  const onEnd = (): void => {
    if (size > maxBytes) onBody(undefined)
    else onBody(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size))
  }
  request.on('data', onData).on('end', onEnd)
}
