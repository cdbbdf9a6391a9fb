import type { InternalChannel } from '../names.ts'
import type { ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'

/** Where a stream stands: what the store keeps of it besides publications. */
export interface StreamState {
  readonly top: number
  /** Publications below this offset are gone, whether or not they still lie in the file. */
  readonly floor: number
  readonly version: number
  readonly versionEpoch: string
  /** Unix milliseconds, like the next one; infinite: never. */
  readonly expiresAtMs: number
  readonly metaExpiresAtMs: number
  /** Survives the end of the machine. */
  readonly power: boolean
}

/** An idempotency key that a publication carried. */
export interface StoredKey {
  readonly key: string
  readonly offset: number
  readonly expiresAtMs: number
}

/** What one commit does to one stream: its new state, the publications that are new in it, and their keys. */
export interface StreamChange extends StreamState {
  /** Number of the stream, chosen by whoever writes, never used twice. */
  readonly id: number
  /** Given where the store does not know the stream, or not under this epoch. */
  readonly identity:
    | {
        readonly channel: InternalChannel
        readonly epoch: string
        /** Whose quota its publications count on; `''`: nobody's. */
        readonly owner: string
      }
    | undefined
  /** Publications below the floor should be taken out of the file now. */
  readonly trim: boolean
  /** How many publications are new; the last one is at offset `top`. */
  readonly count: number
  /** Their records, one after the other. */
  readonly records: Uint8Array
  readonly keys: readonly StoredKey[]
}

const flag = { identity: 1, trim: 2 } as const

/** Writes a change for the way to the store's thread; `writeRecords` writes what becomes `records`. */
export const writeChange = (
  writer: ByteWriter,
  change: Omit<StreamChange, 'records'>,
  writeRecords: () => void,
): void => {
  const { identity } = change
  writer.byte((identity === undefined ? 0 : flag.identity) | (change.trim ? flag.trim : 0))
  writer.double(change.id)
  if (identity !== undefined) {
    writer.text(identity.channel)
    writer.text(identity.epoch)
    writer.text(identity.owner)
  }
  writeState(writer, change)
  writer.uint32(change.count)
  writer.nested(writeRecords)
  writer.uint32(change.keys.length)
  for (const { key, offset, expiresAtMs } of change.keys) {
    writer.text(key)
    writer.double(offset)
    writer.double(expiresAtMs)
  }
}

export const readChange = (reader: ByteReader): StreamChange => {
  const flags = reader.byte()
  const id = reader.double()
  const identity =
    flags & flag.identity
      ? { channel: reader.text() as InternalChannel, epoch: reader.text(), owner: reader.text() }
      : undefined
  const state = readState(reader)
  const count = reader.uint32()
  const records = reader.bytes()
  const keys: StoredKey[] = []
  for (let left = reader.uint32(); left > 0; left -= 1) {
    keys.push({ key: reader.text(), offset: reader.double(), expiresAtMs: reader.double() })
  }
  const trim = (flags & flag.trim) !== 0
  return { id, identity, ...state, trim, count, records, keys }
}

/** A stream as the store finds it: {@link StreamState}, and the runs of records it has of it. */
export interface StoredStream extends StreamState {
  /** 0: nothing was ever written of it. */
  readonly id: number
  readonly epoch: string
  /** False: the next change has to carry the identity, because this epoch is not the one in the file. */
  readonly isSettled: boolean
  readonly runs: readonly RecordRun[]
}

/** Records of publications that lie together. */
export interface RecordRun {
  readonly count: number
  /** Offset of the last of them. */
  readonly last: number
  readonly records: Uint8Array
}

/** Writes a stream for the way back from the store's thread. */
export const writeStoredStream = (writer: ByteWriter, stream: StoredStream): void => {
  writer.double(stream.id)
  writer.text(stream.epoch)
  writer.byte(stream.isSettled ? 1 : 0)
  writeState(writer, stream)
  writer.uint32(stream.runs.length)
  for (const { count, last, records } of stream.runs) {
    writer.uint32(count)
    writer.double(last)
    writer.bytes(records)
  }
}

export const readStoredStream = (reader: ByteReader): StoredStream => {
  const id = reader.double()
  const epoch = reader.text()
  const isSettled = reader.byte() === 1
  const state = readState(reader)
  const runs: RecordRun[] = []
  for (let left = reader.uint32(); left > 0; left -= 1) {
    runs.push({ count: reader.uint32(), last: reader.double(), records: reader.bytes() })
  }
  return { id, epoch, isSettled, ...state, runs }
}

const writeState = (writer: ByteWriter, state: StreamState): void => {
  writer.double(state.top)
  writer.double(state.floor)
  writer.double(state.version)
  writer.text(state.versionEpoch)
  writer.double(state.expiresAtMs)
  writer.double(state.metaExpiresAtMs)
  writer.byte(state.power ? 1 : 0)
}

const readState = (reader: ByteReader): StreamState => ({
  top: reader.double(),
  floor: reader.double(),
  version: reader.double(),
  versionEpoch: reader.text(),
  expiresAtMs: reader.double(),
  metaExpiresAtMs: reader.double(),
  power: reader.byte() === 1,
})
