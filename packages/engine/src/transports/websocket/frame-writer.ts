import { toCloseCode, truncateCloseReason } from '@xshathra/protocol'

/** Frame types of RFC 6455 §5.2. */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** Bits of a frame's first byte: the last (or only) frame of a message, and a message compressed by permessage-deflate. */
export const finalBit = 0x80
export const compressedBit = 0x40

const frameHeaderLength = (payloadBytes: number): number => (payloadBytes < 126 ? 2 : payloadBytes < 65_536 ? 4 : 10)

/** Writes an unmasked header to the start of `target`; answers where the payload begins. */
const writeFrameHeader = (target: Buffer, firstByte: number, payloadBytes: number): number => {
  target[0] = firstByte
  if (payloadBytes < 126) {
    target[1] = payloadBytes
    return 2
  }
  if (payloadBytes < 65_536) {
    target[1] = 126
    target.writeUInt16BE(payloadBytes, 2)
    return 4
  }
  target[1] = 127
  target.writeBigUInt64BE(BigInt(payloadBytes), 2)
  return 10
}

/** One whole frame as servers send it. */
export const encodeFrame = (firstByte: number, payload: Uint8Array): Buffer => {
  const frame = Buffer.allocUnsafe(frameHeaderLength(payload.length) + payload.length)
  frame.set(payload, writeFrameHeader(frame, firstByte, payload.length))
  return frame
}

/** A ping without payload: there is never more than one under way. */
export const pingFrame = encodeFrame(finalBit | opcodes.ping, Buffer.alloc(0))

/** A close frame without a code, the answer to one. */
export const emptyCloseFrame = encodeFrame(finalBit | opcodes.close, Buffer.alloc(0))

/** A close frame; what WebSocket does not allow in one is brought into bounds. */
export const encodeCloseFrame = (code: number, reason: string): Buffer => {
  const text = truncateCloseReason(reason)
  const payload = Buffer.allocUnsafe(2 + Buffer.byteLength(text))
  payload.writeUInt16BE(toCloseCode(code), 0)
  payload.write(text, 2)
  return encodeFrame(finalBit | opcodes.close, payload)
}
