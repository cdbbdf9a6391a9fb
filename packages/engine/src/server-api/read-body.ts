import type { IncomingMessage } from 'node:http'

/**
 * Collects the body of a request and hands it over once: the bytes, or undefined as soon as they are more than
 * `maxBytes`. A client that goes away in between is never answered, so nothing is handed over then.
 */
export const readBody = (
  request: IncomingMessage,
  maxBytes: number,
  onBody: (body: Buffer | undefined) => void,
): void => {
  if (Number(request.headers['content-length']) > maxBytes) return onBody(undefined)
  let size = 0
  const chunks: Buffer[] = []
  const onData = (chunk: Buffer): void => {
    size += chunk.length
    chunks.push(chunk)
    if (size <= maxBytes) return
    request.off('data', onData).off('end', onEnd)
    onBody(undefined)
  }
  const onEnd = (): void => onBody(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size))
  request.on('data', onData).on('end', onEnd)
}
