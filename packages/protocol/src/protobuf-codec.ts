import { asBuffer } from './as-buffer.ts'
import { type Codec, type CommandReader, malformed } from './codec.ts'
import { newConnect, pong, toCommand } from './command-draft.ts'
import type { Command, ConnectRequest, Push, Reply } from './messages.ts'
import { readCommand, readConnect } from './protobuf-commands.ts'
import { ProtobufReader } from './protobuf-reader.ts'
import { writePush, writeReply } from './protobuf-replies.ts'
import { ProtobufWriter } from './protobuf-writer.ts'

/**
 * The Protobuf encoding, for exactly the messages we speak. Fields that are not known are skipped. Where Centrifugo
 * 6.9.1 is laxer, this reader refuses: strings that are not UTF-8 and integers wider than their field or above 2^53-1
 * are malformed.
 */
export const protobufCodec: Codec = {
  protocol: 'protobuf',

  readCommands(frame: Uint8Array): CommandReader {
    return new ProtobufCommandReader(asBuffer(frame))
  },

  readConnectRequest(frame: Uint8Array): ConnectRequest | typeof malformed {
    if (frame.length === 0) return newConnect()
    const reader = new ProtobufReader(asBuffer(frame))
    const request = readConnect(reader)
    return reader.failed ? malformed : request
  },

  encodeReply(reply: Reply): Buffer {
    const writer = new ProtobufWriter()
    writeReply(writer, reply)
    return writer.finish()
  },

  encodePush(push: Push): Buffer {
    const writer = new ProtobufWriter()
    writer.message(4, push, writePush)
    return writer.finish()
  },

  encodeBarePush(push: Push): Buffer {
    const writer = new ProtobufWriter()
    writePush(writer, push)
    return writer.finish()
  },

  ping: Buffer.alloc(0),
}

/** Commands one after the other, each with its length as a varint before it. */
class ProtobufCommandReader implements CommandReader {
  readonly #frame: ProtobufReader
  #isStarted = false

  constructor(frame: Buffer) {
    this.#frame = new ProtobufReader(frame)
  }

  next(): Command | undefined | typeof malformed {
    if (this.#isStarted && this.#frame.isAtEnd) return undefined
    this.#isStarted = true
    const body = this.#frame.delimited()
    if (this.#frame.failed) return malformed
    if (body.length === 0) return pong
    const reader = new ProtobufReader(body)
    const draft = readCommand(reader)
    if (!reader.failed) return toCommand(draft)
    this.#frame.fail()
    return malformed
  }
}
