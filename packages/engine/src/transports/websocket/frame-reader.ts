import { isUtf8 } from 'node:buffer'
import { compressedBit, finalBit, opcodes } from './frame-writer.ts'

/** Codes of RFC 6455 §7.4.1 that a transport says by itself. */
export const closeCodes = { protocolError: 1002, noStatus: 1005, invalidPayload: 1007, tooBig: 1009 } as const

/** What a reader finds in a client's bytes. */
export interface FrameSink {
  /** A whole message, unmasked; its bytes belong to the receiver. `isCompressed`: as permessage-deflate left it. */
  onMessage(payload: Buffer, isCompressed: boolean): void
  onPing(payload: Buffer): void
  onPong(): void
  /** The client's close frame; `noStatus` where it named no code. Nothing is read after it. */
  onCloseFrame(code: number): void
  /** Bytes that are no legal frame. `code` 0 asks for a drop without an answer. Nothing is read after it. */
  onFault(code: number, reason: string): void
}

const maskBit = 0x80
const reservedBits = 0x70
const controlMaxBytes = 125
/** Header without length extension, and mask. */
const shortestFrameBytes = 6
const incomplete = -1

/**
 * Reads RFC 6455 frames as a client sends them from chunks cut anywhere. Whole frames are unmasked where they lie and
 * handed on without a copy; only what a chunk leaves unfinished is kept, in a buffer that at most doubles, so that a
 * client that drips single bytes costs no more than one that does not. Whether text is UTF-8 is left to the codec.
 */
export class FrameReader {
  readonly #messageMaxBytes: number
  readonly #mayCompress: boolean
  /** Unread bytes: the first `#restBytes` of `#rest`, which may be a part of somebody's chunk or a buffer of our own. */
  #rest: Buffer | undefined = undefined
  #restBytes = 0
  /** The fragments so far of a message that has more to come. */
  #message: Buffer | undefined = undefined
  #messageBytes = 0
  #isMessageCompressed = false
  #isHeld = false
  #isReading = false
  #isDone = false

  /**
   * `messageMaxBytes` bounds one message, all its fragments together, as it travels; `mayCompress` says whether
   * permessage-deflate was agreed on.
   */
  constructor(messageMaxBytes: number, mayCompress: boolean) {
    this.#messageMaxBytes = messageMaxBytes
    this.#mayCompress = mayCompress
  }

  get isHeld(): boolean {
    return this.#isHeld
  }

  /** Takes the next bytes of the stream and reports the frames that are now whole, in order. */
  push(chunk: Buffer, sink: FrameSink): void {
    if (this.#isDone) return
    if (this.#rest !== undefined) this.#keep(chunk)
    else if (this.#isHeld) this.#setRest(chunk)
    if (!this.#isHeld) this.#read(this.#rest === undefined ? chunk : this.#rest.subarray(0, this.#restBytes), sink)
  }

  /** Reports nothing more until {@link release}, not even frames that are there already. */
  hold(): void {
    this.#isHeld = true
  }

  release(sink: FrameSink): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    // Released from within a report, the loop that made the report goes on by itself.
    if (this.#isReading || this.#rest === undefined) return
    this.#read(this.#rest.subarray(0, this.#restBytes), sink)
  }

  #read(bytes: Buffer, sink: FrameSink): void {
    this.#isReading = true
    let at = 0
    while (!this.#isHeld && !this.#isDone) {
      const next = this.#readFrame(bytes, at, sink)
      if (next === incomplete) break
      at = next
    }
    this.#isReading = false
    if (this.#isDone) this.#forget()
    else this.#leave(bytes, at)
  }

  /** Reports the frame at `at` and answers where the next one begins, or {@link incomplete}. */
  #readFrame(bytes: Buffer, at: number, sink: FrameSink): number {
    const available = bytes.length - at
    if (available < 2) return incomplete
    const first = bytes[at] as number
    const second = bytes[at + 1] as number
    const fault = this.#faultOf(first, second)
    if (fault !== '') return this.#fail(closeCodes.protocolError, fault, sink)

    let length = second & 0x7f
    let headerBytes = shortestFrameBytes
    if (length === 126) {
      headerBytes += 2
      if (available < headerBytes) return incomplete
      length = bytes.readUInt16BE(at + 2)
    } else if (length === 127) {
      headerBytes += 8
      if (available < headerBytes) return incomplete
      if ((bytes[at + 2] as number) >= 0x80) return this.#fail(0, 'length out of range', sink)
      length = bytes.readUInt32BE(at + 2) * 0x1_0000_0000 + bytes.readUInt32BE(at + 6)
    }
    const opcode = first & 0x0f
    if (opcode < opcodes.close && this.#messageBytes + length > this.#messageMaxBytes) {
      return this.#fail(closeCodes.tooBig, '', sink)
    }
    if (available < headerBytes + length) return incomplete
    const start = at + headerBytes
    unmask(bytes, start, length)
    this.#report(first, bytes.subarray(start, start + length), sink)
    return start + length
  }

  /** What is wrong with a frame's first two bytes; `''` for nothing. */
  #faultOf(first: number, second: number): string {
    if ((second & maskBit) === 0) return 'frame is not masked'
    const opcode = first & 0x0f
    const reserved = first & reservedBits
    if (reserved !== 0) {
      const startsMessage = opcode === opcodes.text || opcode === opcodes.binary
      if (reserved !== compressedBit || !this.#mayCompress || !startsMessage) return 'reserved bit is set'
    }
    const isFragmented = this.#message !== undefined
    switch (opcode) {
      case opcodes.text:
      case opcodes.binary:
        return isFragmented ? 'new message inside a fragmented one' : ''
      case opcodes.continuation:
        return isFragmented ? '' : 'continuation of nothing'
      case opcodes.close:
      case opcodes.ping:
      case opcodes.pong:
        if ((first & finalBit) === 0) return 'control frame is fragmented'
        return (second & 0x7f) > controlMaxBytes ? 'control frame is too long' : ''
      default:
        return `unknown opcode ${opcode}`
    }
  }

  #report(first: number, payload: Buffer, sink: FrameSink): void {
    switch (first & 0x0f) {
      case opcodes.ping:
        return sink.onPing(payload)
      case opcodes.pong:
        return sink.onPong()
      case opcodes.close:
        return this.#reportClose(payload, sink)
      case opcodes.continuation:
        return this.#continueMessage(first, payload, sink)
      default:
        if ((first & finalBit) !== 0) return sink.onMessage(payload, (first & compressedBit) !== 0)
        this.#isMessageCompressed = (first & compressedBit) !== 0
        // A copy, so that the fragment does not keep its whole chunk alive and can be appended to.
        this.#message = Buffer.from(payload)
        this.#messageBytes = payload.length
    }
  }

  #continueMessage(first: number, payload: Buffer, sink: FrameSink): void {
    const message = append(this.#message as Buffer, this.#messageBytes, payload)
    const messageBytes = this.#messageBytes + payload.length
    if ((first & finalBit) === 0) {
      this.#message = message
      this.#messageBytes = messageBytes
      return
    }
    this.#message = undefined
    this.#messageBytes = 0
    sink.onMessage(message.subarray(0, messageBytes), this.#isMessageCompressed)
  }

  #reportClose(payload: Buffer, sink: FrameSink): void {
    // One byte cannot be a code: taken for none, as Centrifugo does.
    const code = payload.length < 2 ? closeCodes.noStatus : payload.readUInt16BE(0)
    if (payload.length >= 2 && !isCodeOfClients(code)) {
      this.#fail(closeCodes.protocolError, `bad close code ${code}`, sink)
    } else if (!isUtf8(payload.subarray(2))) {
      this.#fail(closeCodes.protocolError, 'close reason is not UTF-8', sink)
    } else {
      this.#isDone = true
      sink.onCloseFrame(code)
    }
  }

  #fail(code: number, reason: string, sink: FrameSink): number {
    this.#isDone = true
    sink.onFault(code, reason)
    return incomplete
  }

  #leave(bytes: Buffer, at: number): void {
    if (at === bytes.length) this.#setRest(undefined)
    else if (at > 0 || this.#rest === undefined) this.#setRest(bytes.subarray(at))
  }

  #keep(chunk: Buffer): void {
    this.#rest = append(this.#rest as Buffer, this.#restBytes, chunk)
    this.#restBytes += chunk.length
  }

  #setRest(rest: Buffer | undefined): void {
    this.#rest = rest
    this.#restBytes = rest?.length ?? 0
  }

  #forget(): void {
    this.#setRest(undefined)
    this.#message = undefined
  }
}

/** `buffer`'s first `length` bytes and `more` behind them, in place where there is room, else in a buffer twice as big. */
const append = (buffer: Buffer, length: number, more: Buffer): Buffer => {
  let target = buffer
  if (length + more.length > buffer.length) {
    target = Buffer.allocUnsafeSlow(Math.max(2 * length, length + more.length))
    target.set(buffer.subarray(0, length))
  }
  target.set(more, length)
  return target
}

/** Unmasks `length` bytes from `start` on with the four before them. RFC 6455 §5.3. */
const unmask = (bytes: Buffer, start: number, length: number): void => {
  for (let i = 0; i < length; i++) (bytes[start + i] as number) ^= bytes[start - 4 + (i & 3)] as number
}

/** Codes that may stand in a close frame of a client: RFC 6455 §7.4.2, and 1012 and 1013 of its registry. */
const isCodeOfClients = (code: number): boolean =>
  (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1013) || (code >= 3000 && code <= 4999)
