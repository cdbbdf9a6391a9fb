import { type Codec, delimitLine, delimitVarint, jsonCodec, protobufCodec } from '@xshathra/protocol'
import type { FrameForm } from '../transport.ts'
import { deflateMessage } from './websocket/deflate.ts'
import { compressedBit, encodeFrame, finalBit, opcodes } from './websocket/frame-writer.ts'

/** How WebSocket messages are compressed where a client agreed to it. */
export interface Compression {
  /** zlib's, 1 (fast) to 9 (small). */
  readonly level: number
  /** Messages shorter than this travel as they are. */
  readonly minBytes: number
}

const textFrame = finalBit | opcodes.text
const binaryFrame = finalBit | opcodes.binary

const blockStart = Buffer.from('data: ')
const blockEnd = Buffer.from('\n\n')

/** A block of server-sent events. JSON bodies are one line, so one `data:` field holds them. */
const frameBlock = (body: Buffer): Buffer =>
  Buffer.concat([blockStart, body, blockEnd], blockStart.length + body.length + blockEnd.length)

const frameText = (body: Buffer): Buffer => encodeFrame(textFrame, body)

const frameBinary = (body: Buffer): Buffer => encodeFrame(binaryFrame, delimitVarint(body))

const frameCompressed = (firstByte: number, message: Buffer, { level, minBytes }: Compression): Buffer =>
  message.length < minBytes
    ? encodeFrame(firstByte, message)
    : encodeFrame(firstByte | compressedBit, deflateMessage(message, level))

const form = (codec: Codec, bare: boolean, frame: FrameForm['frame']): FrameForm => ({
  codec,
  bare,
  frame,
})

/** Where an endpoint does not compress, its compressed form is there and never taken. */
const defaultCompression: Compression = { level: 1, minBytes: 0 }

/**
 * Every form the transports of one engine can take, made once: what is framed for a form is shared by all connections
 * of it. Several finished frames may be joined into one write in any of them.
 */
export const createFrameForms = ({
  websocket = defaultCompression,
  uniWebsocket = defaultCompression,
}: {
  readonly websocket?: Compression | undefined
  readonly uniWebsocket?: Compression | undefined
} = {}) => ({
  jsonWebSocket: form(jsonCodec, false, frameText),
  protobufWebSocket: form(protobufCodec, false, frameBinary),
  bareWebSocket: form(jsonCodec, true, frameText),
  jsonLines: form(jsonCodec, false, delimitLine),
  protobufDelimited: form(protobufCodec, false, delimitVarint),
  sseBlocks: form(jsonCodec, false, frameBlock),
  bareLines: form(jsonCodec, true, delimitLine),
  bareSseBlocks: form(jsonCodec, true, frameBlock),
  compressedJsonWebSocket: form(jsonCodec, false, (body) => frameCompressed(textFrame, body, websocket)),
  compressedProtobufWebSocket: form(protobufCodec, false, (body) =>
    frameCompressed(binaryFrame, delimitVarint(body), websocket),
  ),
  compressedBareWebSocket: form(jsonCodec, true, (body) => frameCompressed(textFrame, body, uniWebsocket)),
})

export type FrameForms = ReturnType<typeof createFrameForms>
