import type { IncomingMessage } from 'node:http'

/**
 * Collects the body of a request and hands it over once: the bytes, or undefined where they were more than `maxBytes`.
 * Too large a body is read to its end all the same and forgotten on the way, because most clients do not look for an
 * answer before they have sent everything. A client that goes away in between is never answered, so nothing is handed
 * over then.
 */
export const readBody = (
  request: IncomingMessage,
  maxBytes: number,
  onBody: (body: Buffer | undefined) => void,
): void => {
  let size = 0
  let chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= maxBytes) chunks.push(chunk)
    else chunks = []
  })
  request.on('end', () => {
    if (size > maxBytes) onBody(undefined)
    else onBody(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size))
  })
}
