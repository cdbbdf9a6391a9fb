import type { ClientInfo, Publication, Tags } from '@xshathra/protocol'
import type { ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'

/**
 * How a publication lies in the store: a byte of flags, the fields they announce, the payload. Its offset and the
 * stream's epoch are not in it; they follow from where it lies. Part of the file format: a change is a new schema version.
 */
const flag = { isJson: 1, isNotJson: 2, version: 4, info: 8, tags: 16, connInfo: 32, chanInfo: 64 } as const

export const writePublication = (writer: ByteWriter, { data, isJson, info, tags, version }: Publication): void => {
  let flags = 0
  if (isJson !== undefined) flags |= isJson ? flag.isJson : flag.isNotJson
  if (version !== undefined) flags |= flag.version
  if (info !== undefined) flags |= flag.info
  if (info?.connInfo !== undefined) flags |= flag.connInfo
  if (info?.chanInfo !== undefined) flags |= flag.chanInfo
  if (tags !== undefined) flags |= flag.tags
  writer.byte(flags)
  if (version !== undefined) writer.double(version)
  if (info !== undefined) writeInfo(writer, info)
  if (tags !== undefined) writeTags(writer, tags)
  writer.bytes(data)
}

/** Reads the publication that stands at `offset` of a stream. Its bytes are views on what is read from. */
export const readPublication = (reader: ByteReader, offset: number, epoch: string): Publication => {
  const flags = reader.byte()
  const version = flags & flag.version ? reader.double() : undefined
  const info = flags & flag.info ? readInfo(reader, flags) : undefined
  const tags = flags & flag.tags ? readTags(reader) : undefined
  const data = reader.bytes()
  const isJson = flags & flag.isJson ? true : flags & flag.isNotJson ? false : undefined
  return { data, isJson, offset, epoch: offset === 1 ? epoch : undefined, info, tags, version }
}

const writeInfo = (writer: ByteWriter, { user, client, connInfo, chanInfo }: ClientInfo): void => {
  writer.text(user)
  writer.text(client)
  if (connInfo !== undefined) writer.bytes(connInfo)
  if (chanInfo !== undefined) writer.bytes(chanInfo)
}

const readInfo = (reader: ByteReader, flags: number): ClientInfo => ({
  user: reader.text(),
  client: reader.text(),
  connInfo: flags & flag.connInfo ? reader.bytes() : undefined,
  chanInfo: flags & flag.chanInfo ? reader.bytes() : undefined,
})

const writeTags = (writer: ByteWriter, tags: Tags): void => {
  const entries = Object.entries(tags)
  writer.uint32(entries.length)
  for (const [name, value] of entries) {
    writer.text(name)
    writer.text(value)
  }
}

/** Built by definition, not assignment: a tag may be called `__proto__`. */
const readTags = (reader: ByteReader): Tags => {
  const entries: [string, string][] = []
  for (let left = reader.uint32(); left > 0; left -= 1) entries.push([reader.text(), reader.text()])
  return Object.fromEntries(entries)
}
