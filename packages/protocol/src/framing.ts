import { varintBytes } from './protobuf-writer.ts'

/** A JSON message on a stream: itself and a line feed. */
export const delimitLine = (body: Uint8Array): Buffer => {
  const framed = Buffer.allocUnsafe(body.length + 1)
  framed.set(body)
  framed[body.length] = 0x0a
  return framed
}

/** A Protobuf message on a stream: its length as a varint, then itself. The empty message is one zero byte. */
export const delimitVarint = (body: Uint8Array): Buffer => {
  const head = varintBytes(body.length)
  const framed = Buffer.allocUnsafe(head + body.length)
  let rest = body.length
  for (let at = 0; at < head - 1; at++) {
    framed[at] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  framed[head - 1] = rest
  framed.set(body, head)
  return framed
}
