import { readFileSync } from 'node:fs'
import protobuf from 'protobufjs'
import type { WireForm } from './wire-form.ts'

const text = readFileSync(new URL('../../fixtures/client.proto', import.meta.url), 'utf8')
const { root } = protobuf.parse(text, { keepCase: true })

const typeOf = (message: string): protobuf.Type => root.lookupType(`centrifugal.centrifuge.protocol.${message}`)

/** Encodes with protobufjs, which knows nothing of ours but the schema. */
export const encodeProtobuf = (message: string, form: WireForm): Buffer => {
  const type = typeOf(message)
  return Buffer.from(type.encode(type.fromObject(form)).finish())
}

/** Decodes with protobufjs to names of the protocol, integers as numbers, bytes as Buffers, absent where not sent. */
export const decodeProtobuf = (message: string, bytes: Uint8Array): WireForm => {
  const type = typeOf(message)
  return type.toObject(type.decode(bytes), { longs: Number }) as WireForm
}
