import type { IncomingMessage } from 'node:http'
import type { Problem } from '../problems.ts'
import { problem } from '../problems.ts'

/** A body that was not read, with what to answer. */
export class BodyRefused extends Error {
  readonly problem: Problem

  constructor(refusal: Problem) {
    super(refusal.message)
    this.problem = refusal
  }
}

/**
 * Reads a body as bytes. One that is too large is read to its end all the same and forgotten on the way, because most
 * clients do not look for an answer before they have sent everything.
 */
export const readBody = (
  payload: IncomingMessage,
  maxBytes: number,
  done: (error: Error | null, body?: Buffer) => void,
): void => {
  let size = 0
  let chunks: Buffer[] = []
  payload.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= maxBytes) chunks.push(chunk)
    else chunks = []
  })
  payload.on('end', () => {
    if (size > maxBytes) done(new BodyRefused(tooLarge('body', size, maxBytes)))
    else done(null, chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size))
  })
  payload.on('error', (error) => done(error))
}

/** Names limit and size, so that nobody has to guess by how much. */
export const tooLarge = (what: string, size: number, limit: number, field?: string): Problem =>
  problem('too_large', `The ${what} has ${size} bytes, and the limit is ${limit} bytes.`, { field })
