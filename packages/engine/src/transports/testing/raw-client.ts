import { connect, type Socket } from 'node:net'
import { onTestFinished, vi } from 'vitest'

/** A client made of bytes, for what no well-behaved client sends. */
export class RawClient {
  readonly socket: Socket
  /** The peer has closed its side. */
  isEnded = false
  /** What went wrong with the socket, as a reset. */
  error: Error | undefined
  #received = Buffer.alloc(0)

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    this.socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk])
    })
    this.socket.on('end', () => {
      this.isEnded = true
    })
    this.socket.on('error', (error) => {
      this.error = error
      this.isEnded = true
    })
    onTestFinished(() => void this.socket.destroy())
  }

  send(bytes: Uint8Array | string): void {
    this.socket.write(bytes)
  }

  /** Everything that came so far. */
  get bytes(): Buffer {
    return this.#received
  }

  get text(): string {
    return this.#received.toString('latin1')
  }

  /** What came after the head of the HTTP answer. */
  get body(): Buffer {
    return this.#received.subarray(this.#received.indexOf('\r\n\r\n') + 4)
  }

  async untilText(part: string): Promise<void> {
    await vi.waitFor(() => {
      if (!this.text.includes(part)) throw new Error(`got only ${JSON.stringify(this.text)}`)
    })
  }

  async untilEnded(): Promise<void> {
    await vi.waitFor(() => {
      if (!this.isEnded) throw new Error('the peer has not closed')
    })
  }
}

/** The key of RFC 6455 §1.3 and its answer. */
export const sampleKey = 'dGhlIHNhbXBsZSBub25jZQ=='
export const sampleAccept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

/** An upgrade request; a header set to undefined is left out. */
export const upgradeRequest = (
  path: string,
  headers: Readonly<Record<string, string | undefined>> = {},
  method = 'GET',
): string => {
  const all = {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': sampleKey,
    ...headers,
  }
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]))
  return `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
}

const mask = [0x11, 0x22, 0x33, 0x44]

interface FrameOptions {
  readonly final?: boolean
  /** RSV1 to RSV3 as three bits. */
  readonly reserved?: number
  readonly masked?: boolean
}

/** One frame as a client sends it. */
export const clientFrame = (
  opcode: number,
  payload: string | Uint8Array = '',
  { final = true, reserved = 0, masked = true }: FrameOptions = {},
): Buffer => {
  const body = Buffer.from(payload)
  const maskBit = masked ? 0x80 : 0
  const length =
    body.length < 126
      ? [maskBit | body.length]
      : body.length < 65_536
        ? [maskBit | 126, body.length >> 8, body.length & 0xff]
        : [maskBit | 127, 0, 0, 0, 0, ...uint32(body.length)]
  if (masked) for (let i = 0; i < body.length; i++) body[i] = (body[i] as number) ^ (mask[i & 3] as number)
  return Buffer.concat([
    Buffer.from([(final ? 0x80 : 0) | (reserved << 4) | opcode, ...length, ...(masked ? mask : [])]),
    body,
  ])
}

const uint32 = (value: number): number[] => [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff]

export interface ServerFrame {
  readonly first: number
  readonly payload: Buffer
}

/** The whole frames in what a server sent. */
export const serverFrames = (bytes: Buffer): ServerFrame[] => {
  const frames: ServerFrame[] = []
  let at = 0
  while (bytes.length - at >= 2) {
    let length = (bytes[at + 1] as number) & 0x7f
    let start = at + 2
    if (length === 126) {
      length = bytes.readUInt16BE(start)
      start += 2
    } else if (length === 127) {
      length = Number(bytes.readBigUInt64BE(start))
      start += 8
    }
    if (bytes.length < start + length) break
    frames.push({ first: bytes[at] as number, payload: bytes.subarray(start, start + length) })
    at = start + length
  }
  return frames
}

/** A close frame in words: `1002 reason`, or `none` without a code. */
export const closeOf = (frames: readonly ServerFrame[]): string | undefined => {
  const close = frames.find(({ first }) => first === 0x88)
  if (!close) return undefined
  if (close.payload.length === 0) return 'none'
  return `${close.payload.readUInt16BE(0)} ${close.payload.subarray(2)}`.trim()
}
