import { isUtf8 } from 'node:buffer'

/** Commands posted for a stream that is open elsewhere. */
export interface EmulationRequest {
  readonly session: string
  readonly node: string
  /** A client frame in the stream's own encoding. */
  readonly data: Buffer
}

/** Reads the JSON form, `data` being a string of newline-delimited commands; undefined where it is anything else. */
export const parseJsonEmulationRequest = (body: Buffer): EmulationRequest | undefined => {
  if (!isUtf8(body)) return undefined
  let parsed: unknown
  try {
    parsed = JSON.parse(body.toString())
  } catch {
    return undefined
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined
  const { session = '', node = '', data = '' } = parsed as Record<string, unknown>
  if (typeof session !== 'string' || typeof node !== 'string' || typeof data !== 'string') return undefined
  return { session, node, data: Buffer.from(data) }
}

/** Field numbers of the Centrifuge client protocol's EmulationRequest; all are length-delimited. */
const fields = { node: 1, session: 2, data: 3 } as const
const varint = 0
const fixed64 = 1
const lengthDelimited = 2
const fixed32 = 5

/** Reads the Protobuf form, fields it does not know left out; undefined where it is malformed. */
export const parseProtobufEmulationRequest = (body: Buffer): EmulationRequest | undefined => {
  let node = ''
  let session = ''
  let data: Buffer = Buffer.alloc(0)
  const cursor = { at: 0 }
  while (cursor.at < body.length) {
    const tag = readVarint(body, cursor)
    const value = tag === undefined ? undefined : readField(body, cursor, tag & 7)
    if (tag === undefined || value === undefined) return undefined
    if ((tag & 7) !== lengthDelimited) continue
    if (tag >>> 3 === fields.node) node = value.toString()
    else if (tag >>> 3 === fields.session) session = value.toString()
    else if (tag >>> 3 === fields.data) data = value
  }
  return { node, session, data }
}

interface Cursor {
  at: number
}

/** A varint of at most 32 bits: tags and lengths of a bounded body need no more. */
const readVarint = (bytes: Buffer, cursor: Cursor): number | undefined => {
  let value = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[cursor.at++]
    if (byte === undefined) return undefined
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return value <= 0xffff_ffff ? value : undefined
  }
  return undefined
}

/** The bytes of one field's value, the cursor moved behind it. */
const readField = (bytes: Buffer, cursor: Cursor, wireType: number): Buffer | undefined => {
  const lengthOf = (): number | undefined => {
    if (wireType === lengthDelimited) return readVarint(bytes, cursor)
    if (wireType === fixed64) return 8
    if (wireType === fixed32) return 4
    return wireType === varint ? varintLengthAt(bytes, cursor.at) : undefined
  }
  const length = lengthOf()
  if (length === undefined || cursor.at + length > bytes.length) return undefined
  cursor.at += length
  return bytes.subarray(cursor.at - length, cursor.at)
}

/** A varint has at most ten bytes. */
const varintLengthAt = (bytes: Buffer, at: number): number | undefined => {
  for (let length = 1; length <= 10; length++) {
    const byte = bytes[at + length - 1]
    if (byte === undefined) return undefined
    if (byte < 0x80) return length
  }
  return undefined
}
