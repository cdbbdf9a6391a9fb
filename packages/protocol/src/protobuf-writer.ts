import { ByteSink } from './byte-sink.ts'
import type { Payload } from './messages.ts'
import { wireType } from './protobuf-reader.ts'

const maxVarintBytes = 10
/** Texts up to here are cheaper to walk over than to hand to the native encoder. */
const maxWalkedLength = 48

const sink = new ByteSink()

/**
 * Puts one Protobuf message together, in the order of its calls. What is zero, empty or absent is left out, as proto3
 * wants it. Integers are safe, non-negative ones.
 */
export class ProtobufWriter {
  constructor() {
    sink.clear()
  }

  string(field: number, text: string | undefined): void {
    if (text === undefined || text === '') return
    const start = this.#beginLength(field)
    if (text.length > maxWalkedLength || !this.#shortAscii(text)) sink.utf8(text)
    this.#endLength(start)
  }

  /** Writes a text that is ASCII; otherwise writes nothing and answers false. */
  #shortAscii(text: string): boolean {
    sink.reserve(text.length)
    const { bytes } = sink
    let { at } = sink
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index)
      if (code > 127) return false
      bytes[at++] = code
    }
    sink.at = at
    return true
  }

  bytes(field: number, payload: Payload | undefined): void {
    if (payload === undefined || payload.length === 0) return
    sink.reserve(2 * maxVarintBytes)
    writeTag(field, wireType.bytes)
    writeVarint(payload.length)
    sink.copy(payload)
  }

  number(field: number, value: number | undefined): void {
    if (value === undefined || value === 0) return
    sink.reserve(2 * maxVarintBytes)
    writeTag(field, wireType.varint)
    writeVarint(value)
  }

  trueFlag(field: number, value: boolean | undefined): void {
    if (value === true) this.number(field, 1)
  }

  /** A message inside this one, present even when `write` adds nothing to it. */
  message<Message>(field: number, message: Message, write: (writer: ProtobufWriter, message: Message) => void): void {
    const start = this.#beginLength(field)
    write(this, message)
    this.#endLength(start)
  }

  finish(): Buffer {
    return sink.take()
  }

  /** Writes a tag and leaves one byte for a length that is not known yet; most lengths fit in it. */
  #beginLength(field: number): number {
    sink.reserve(maxVarintBytes + 1)
    writeTag(field, wireType.bytes)
    return ++sink.at
  }

  /** Writes the length of all that came since, moving it on where one byte is too few. */
  #endLength(start: number): void {
    const length = sink.at - start
    const extraBytes = varintBytes(length) - 1
    if (extraBytes > 0) {
      sink.reserve(extraBytes)
      sink.bytes.copyWithin(start + extraBytes, start, sink.at)
    }
    sink.at = start - 1
    writeVarint(length)
    sink.at += length
  }
}

const writeTag = (field: number, type: number): void => writeVarint(field * 8 + type)

const writeVarint = (value: number): void => {
  const { bytes } = sink
  let rest = value
  while (rest > 0x7fff_ffff) {
    bytes[sink.at++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  while (rest > 0x7f) {
    bytes[sink.at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  bytes[sink.at++] = rest
}

/** How many bytes a non-negative integer takes as a varint. */
export const varintBytes = (value: number): number => {
  let bytes = 1
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes++
  return bytes
}
