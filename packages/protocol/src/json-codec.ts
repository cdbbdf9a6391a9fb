import { isUtf8 } from 'node:buffer'
import { asBuffer } from './as-buffer.ts'
import { type Codec, type CommandReader, malformed } from './codec.ts'
import { newConnect, toCommand } from './command-draft.ts'
import { readCommand, readConnect } from './json-commands.ts'
import { writePush, writeReply } from './json-replies.ts'
import { JsonScanner } from './json-scanner.ts'
import { JsonWriter } from './json-writer.ts'
import type { Command, ConnectRequest, Push, Reply } from './messages.ts'

/**
 * The JSON encoding. Frames are read in one pass and payloads kept as views into them, so that numbers, key order and
 * white space of what people publish survive. Where Centrifugo 6.9.1 is laxer, this reader takes the side that harms
 * nobody else: bytes that are not UTF-8, text behind a command, nesting deeper than 1000, offsets above 2^53-1 and
 * `null` among a filter's nodes or the subscriptions of a connect (which kill its process) are malformed.
 */
export const jsonCodec: Codec = {
  protocol: 'json',

  readCommands(frame: Uint8Array): CommandReader {
    return new JsonCommandReader(asBuffer(frame))
  },

  readConnectRequest(frame: Uint8Array): ConnectRequest | typeof malformed {
    if (frame.length === 0) return newConnect()
    const bytes = asBuffer(frame)
    const scanner = new JsonScanner(bytes)
    const request = scanner.takeNull() ? newConnect() : readConnect(scanner)
    return scanner.isComplete() && isUtf8(bytes) ? request : malformed
  },

  encodeReply(reply: Reply): Buffer {
    const writer = new JsonWriter()
    writeReply(writer, reply)
    return writer.finish()
  },

  encodePush(push: Push): Buffer {
    const writer = new JsonWriter()
    writer.beginObject()
    writer.key('push')
    writePush(writer, push)
    writer.endObject()
    return writer.finish()
  },

  encodeBarePush(push: Push): Buffer {
    const writer = new JsonWriter()
    writePush(writer, push)
    return writer.finish()
  },

  ping: Buffer.from('{}'),
}

const lineFeed = 0x0a

/** One command per line; the last line may end in a line feed. */
class JsonCommandReader implements CommandReader {
  readonly #frame: Buffer
  readonly #isUtf8: boolean
  readonly #scanner: JsonScanner
  #lineStart = 0
  #isBroken = false

  constructor(frame: Buffer) {
    this.#frame = frame
    this.#isUtf8 = isUtf8(frame)
    this.#scanner = new JsonScanner(frame)
  }

  next(): Command | undefined | typeof malformed {
    const start = this.#lineStart
    if (this.#isBroken || (start >= this.#frame.length && start > 0)) return undefined
    const lineFeedAt = this.#frame.indexOf(lineFeed, start)
    const end = lineFeedAt < 0 ? this.#frame.length : lineFeedAt
    this.#lineStart = end + 1
    this.#scanner.restart(start, end)
    const draft = readCommand(this.#scanner)
    if (this.#scanner.isComplete() && this.#isLineUtf8(start, end)) return toCommand(draft)
    this.#isBroken = true
    return malformed
  }

  #isLineUtf8(start: number, end: number): boolean {
    return this.#isUtf8 || isUtf8(this.#frame.subarray(start, end))
  }
}
