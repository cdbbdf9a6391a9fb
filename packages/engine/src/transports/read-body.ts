import type { IncomingMessage } from 'node:http'

/** A whole request body, or why there is none: it is larger than allowed, or its sender went away. */
export type Body = Buffer | 'too-large' | 'aborted'

/** Reads a request body of at most `maxBytes`, and stops reading where there is more. */
export const readBody = (request: IncomingMessage, maxBytes: number, onBody: (body: Body) => void): void => {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return onBody('too-large')
  const chunks: Buffer[] = []
  let bytes = 0
  const settle = (body: Body): void => {
    request.off('data', onData).off('end', onEnd).off('close', onAborted)
    onBody(body)
  }
  const onData = (chunk: Buffer): void => {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > maxBytes) settle('too-large')
  }
  const onEnd = (): void => settle(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, bytes))
  const onAborted = (): void => settle('aborted')
  request.on('data', onData).on('end', onEnd).on('close', onAborted).on('error', ignore)
}

/** An aborted request says so by `close` too. */
const ignore = (): void => {}
