import { asBuffer } from './as-buffer.ts'

const firstBytes = 16 * 1024
/** Memory larger than this is given back after the message that needed it. */
const keptBytes = 1024 * 1024
const maxBytesPerCodeUnit = 3

/**
 * Memory in which one message after another is put together and then copied out at its exact size. Writing a message
 * never waits, so an encoding needs one sink. Whoever writes bytes by hand reserves room first.
 */
export class ByteSink {
  bytes: Buffer = Buffer.allocUnsafeSlow(firstBytes)
  /** Where the next byte goes. */
  at = 0

  /** Forgets what is there, which may be the rest of a message that failed. */
  clear(): void {
    this.at = 0
  }

  /** Makes sure that so many bytes can be written. */
  reserve(count: number): void {
    if (this.bytes.length - this.at < count) this.#grow(count)
  }

  #grow(count: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.at + count))
    this.bytes.copy(larger, 0, 0, this.at)
    this.bytes = larger
  }

  /** Writes a short text that is known to be ASCII. */
  ascii(text: string): void {
    this.reserve(text.length)
    const { bytes } = this
    let { at } = this
    for (let index = 0; index < text.length; index++) bytes[at++] = text.charCodeAt(index)
    this.at = at
  }

  /** Writes a text and returns how many bytes it took. Halves of surrogate pairs become U+FFFD. */
  utf8(text: string): number {
    this.reserve(text.length * maxBytesPerCodeUnit)
    const count = this.bytes.write(text, this.at)
    this.at += count
    return count
  }

  copy(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.at += asBuffer(bytes).copy(this.bytes, this.at)
  }

  /** The message, in memory of its own. */
  take(): Buffer {
    const message = Buffer.allocUnsafe(this.at)
    this.bytes.copy(message, 0, 0, this.at)
    if (this.bytes.length > keptBytes) this.bytes = Buffer.allocUnsafeSlow(firstBytes)
    return message
  }
}
