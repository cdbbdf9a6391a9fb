/** Writes numbers, texts and bytes one after the other into a buffer that grows. {@link ByteReader} reads them back. */
export class ByteWriter {
  #buffer: Buffer<ArrayBuffer>
  #length = 0

  constructor(capacity = 4096) {
    this.#buffer = Buffer.allocUnsafeSlow(capacity)
  }

  get length(): number {
    return this.#length
  }

  /** What was written; memory of its own, which the writer gives up: it must not be used any more. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#length)
  }

  /** A whole number from 0 to 255. */
  byte(value: number): void {
    this.#reserve(1)
    this.#buffer[this.#length] = value
    this.#length += 1
  }

  /** A whole number from 0 to 2^32 - 1. */
  uint32(value: number): void {
    this.#reserve(4)
    this.#length = this.#buffer.writeUInt32LE(value, this.#length)
  }

  /** Any number. */
  double(value: number): void {
    this.#reserve(8)
    this.#length = this.#buffer.writeDoubleLE(value, this.#length)
  }

  /** A text of any length; lone surrogates become U+FFFD. */
  text(value: string): void {
    this.#reserve(4 + 3 * value.length)
    const written = this.#buffer.write(value, this.#length + 4, 'utf8')
    this.#buffer.writeUInt32LE(written, this.#length)
    this.#length += 4 + written
  }

  bytes(value: Uint8Array): void {
    this.uint32(value.byteLength)
    this.#reserve(value.byteLength)
    this.#buffer.set(value, this.#length)
    this.#length += value.byteLength
  }

  /** Writes what `write` writes as one run of bytes, to be read back with {@link ByteReader.bytes}. */
  nested(write: () => void): void {
    const start = this.#length
    this.uint32(0)
    write()
    this.#buffer.writeUInt32LE(this.#length - start - 4, start)
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes
    if (needed <= this.#buffer.byteLength) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#buffer.byteLength))
    this.#buffer.copy(grown, 0, 0, this.#length)
    this.#buffer = grown
  }
}
