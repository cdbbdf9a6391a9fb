import { isUtf8 } from 'node:buffer'

/** Wire types of the Protobuf encoding that are in use; 3 and 4, groups, are not read. */
export const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

const maxVarintBytes = 10
const twoTo32 = 0x1_0000_0000

/**
 * Walks over the bytes of one Protobuf message from left to right. Anything unexpected sets `failed` and moves to the
 * end, so that every loop ends by itself and a caller looks at `failed` only once.
 *
 * Stricter than the format asks: a known field with another wire type, an integer that JavaScript cannot count exactly
 * or that is wider than its field, and a string that is not UTF-8 all fail.
 */
export class ProtobufReader {
  failed = false
  readonly #bytes: Buffer
  #at: number
  #end: number
  #wireType = 0
  /** The two halves of the last varint read, unsigned. */
  #low = 0
  #high = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#at = 0
    this.#end = bytes.length
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#end
  }

  fail(): void {
    this.failed = true
    this.#at = this.#end
  }

  /** The number of the next field, or 0 at the end of the message. */
  field(): number {
    if (this.isAtEnd) return 0
    this.#varint()
    const number = this.#low >>> 3
    this.#wireType = this.#low & 7
    if (this.failed || this.#high !== 0 || number === 0) {
      this.fail()
      return 0
    }
    return number
  }

  /**
   * Reads the message that stands here with its length before it. `read` sees a reader that ends where the message ends.
   */
  message<Message>(read: (reader: ProtobufReader) => Message): Message {
    const end = this.#lengthDelimited()
    const outerEnd = this.#end
    this.#end = end
    const message = read(this)
    // A failure inside has moved to the inner end; the outer loop must stop as well.
    this.#end = outerEnd
    if (this.failed) this.#at = outerEnd
    return message
  }

  /** A view of `length` bytes, as framing gives it, without a field around it. */
  delimited(): Buffer {
    this.#wireType = wireType.bytes
    return this.bytes()
  }

  bytes(): Buffer {
    const end = this.#lengthDelimited()
    const start = this.#at
    this.#at = end
    return this.#bytes.subarray(start, end)
  }

  string(): string {
    const end = this.#lengthDelimited()
    const start = this.#at
    this.#at = end
    const text = this.#bytes.toString('utf8', start, end)
    // Only a text with U+FFFD in it can come from bytes that are not UTF-8.
    if (text.includes('\ufffd') && !isUtf8(this.#bytes.subarray(start, end))) this.fail()
    return text
  }

  boolean(): boolean {
    this.#expect(wireType.varint)
    this.#varint()
    return this.#low !== 0 || this.#high !== 0
  }

  /** An unsigned integer up to `max`, which is a safe integer. */
  unsigned(max: number): number {
    this.#expect(wireType.varint)
    this.#varint()
    const value = this.#high * twoTo32 + this.#low
    if (value > max) this.fail()
    return value
  }

  /** A signed integer in two's complement of 64 bits, between -max-1 and max. */
  signed(max: number): number {
    this.#expect(wireType.varint)
    this.#varint()
    const value = (this.#high | 0) * twoTo32 + this.#low
    if (value > max || value < -max - 1) this.fail()
    return value
  }

  /** Steps over the value of a field that is not known. */
  skip(): void {
    switch (this.#wireType) {
      case wireType.varint:
        return this.#varint()
      case wireType.fixed64:
        return this.#advance(8)
      case wireType.bytes:
        this.#at = this.#lengthDelimited()
        return
      case wireType.fixed32:
        return this.#advance(4)
      default:
        return this.fail()
    }
  }

  #expect(type: number): void {
    if (this.#wireType !== type) this.fail()
  }

  #advance(bytes: number): void {
    if (this.#end - this.#at < bytes) this.fail()
    else this.#at += bytes
  }

  /** Where the length-delimited value that stands here ends; the reader then stands at its start. */
  #lengthDelimited(): number {
    this.#expect(wireType.bytes)
    this.#varint()
    if (this.#high !== 0 || this.#low > this.#end - this.#at) this.fail()
    return this.failed ? this.#end : this.#at + this.#low
  }

  #varint(): void {
    const bytes = this.#bytes
    let low = 0
    let high = 0
    for (let index = 0; index < maxVarintBytes && this.#at < this.#end; index++) {
      const byte = bytes[this.#at++]!
      const bits = byte & 0x7f
      if (index < 4) low |= bits << (7 * index)
      else if (index === 4) {
        low |= bits << 28
        high = bits >>> 4
      } else high |= bits << (7 * index - 32)
      if (byte > 0x7f) continue
      if (index === maxVarintBytes - 1 && bits > 1) break
      this.#low = low >>> 0
      this.#high = high >>> 0
      return
    }
    this.fail()
    this.#low = 0
    this.#high = 0
  }
}
