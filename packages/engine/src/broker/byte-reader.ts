/** Reads what a {@link ByteWriter} wrote, in the same order. Throws a RangeError where the bytes end too early. */
export class ByteReader {
  readonly #buffer: Buffer
  #position = 0

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get atEnd(): boolean {
    return this.#position >= this.#buffer.byteLength
  }

  byte(): number {
    const value = this.#buffer.readUInt8(this.#position)
    this.#position += 1
    return value
  }

  uint32(): number {
    const value = this.#buffer.readUInt32LE(this.#position)
    this.#position += 4
    return value
  }

  double(): number {
    const value = this.#buffer.readDoubleLE(this.#position)
    this.#position += 8
    return value
  }

  text(): string {
    const bytes = this.bytes() as Buffer
    return bytes.toString('utf8')
  }

  /** A view on the bytes read from, not a copy. */
  bytes(): Uint8Array {
    const length = this.uint32()
    const end = this.#position + length
    if (end > this.#buffer.byteLength) throw new RangeError('the record is cut short')
    const bytes = this.#buffer.subarray(this.#position, end)
    this.#position = end
    return bytes
  }
}
