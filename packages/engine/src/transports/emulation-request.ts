import { isUtf8 } from 'node:buffer'
import { ProtobufReader } from '@xshathra/protocol'

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

/** Reads the Protobuf form, fields it does not know left out; undefined where it is malformed. */
export const parseProtobufEmulationRequest = (body: Buffer): EmulationRequest | undefined => {
  let node = ''
  let session = ''
  let data: Buffer = Buffer.alloc(0)
  const reader = new ProtobufReader(body)
  // Field numbers: EmulationRequest of the Centrifuge client protocol.
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) node = reader.string()
    else if (field === 2) session = reader.string()
    else if (field === 3) data = reader.bytes()
    else reader.skip()
  }
  return reader.failed ? undefined : { node, session, data }
}
