import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Inbox, type Item } from './arrivals.ts'
import type { WireServer } from './servers.ts'

export interface Frame {
  readonly opcode: number
  readonly payload?: string | Buffer
  readonly fin?: boolean
  /** Reserved bits, 4 2 1. */
  readonly reserved?: number
  readonly masked?: boolean
  /** Length bytes to send in place of the right ones. */
  readonly lengthBytes?: readonly number[]
}

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

const MASK = Buffer.from([1, 2, 3, 4])

/** One WebSocket frame of a client (RFC 6455 §5.2), right or wrong as the test wants it. */
export const encodeFrame = (frame: Frame): Buffer => {
  const { opcode, fin = true, reserved = 0, masked = true } = frame
  const payload = Buffer.from(frame.payload ?? '')
  const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode
  const length = [...(frame.lengthBytes ?? lengthBytes(payload.length))]
  length[0]! |= masked ? 0x80 : 0
  const body = masked ? Buffer.concat([MASK, payload.map((byte, i) => byte ^ MASK[i % 4]!)]) : payload
  return Buffer.concat([Buffer.from([first, ...length]), body])
}

const lengthBytes = (length: number): number[] => {
  if (length < 126) return [length]
  if (length < 65_536) return [126, length >> 8, length & 255]
  return [127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255]
}

/** A TCP connection for handshakes and frames that no library would send. */
export class TcpClient {
  readonly inbox = new Inbox()
  /** The answer to the request, head only. */
  head = ''
  readonly #socket: Socket
  #bytes = Buffer.alloc(0)

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk])
      this.#read()
    })
    socket.on('error', () => undefined) // A close follows.
    socket.on('close', () => this.inbox.add({ close: 'tcp' }))
  }

  write(...parts: (string | Buffer)[]): void {
    this.#socket.write(Buffer.concat(parts.map((part) => Buffer.from(part as string))))
  }

  sendFrame(frame: Frame): void {
    this.write(encodeFrame(frame))
  }

  /** Status of the answer to an HTTP request that was written. */
  async status(): Promise<number> {
    await this.inbox.take(1)
    return Number(this.head.split(' ')[1] ?? 0)
  }

  /** Value of a header of the answer, undefined where it is missing. */
  header(name: string): string | undefined {
    const line = this.head.split('\r\n').find((each) => each.toLowerCase().startsWith(`${name.toLowerCase()}:`))
    return line?.slice(name.length + 1).trim()
  }

  /** Everything until TCP is closed. */
  async untilClosed(): Promise<Item[]> {
    return this.inbox.takeUntil(() => false)
  }

  #read(): void {
    if (this.head === '') {
      const end = this.#bytes.indexOf('\r\n\r\n')
      if (end < 0) return
      this.head = this.#bytes.subarray(0, end).toString()
      this.#bytes = this.#bytes.subarray(end + 4)
      this.inbox.add({ head: this.head.split('\r\n')[0] })
    }
    for (let frame = this.#takeFrame(); frame; frame = this.#takeFrame()) this.inbox.add(frame)
  }

  /** Reads one frame of the server; ours are all shorter than 64 KiB. */
  #takeFrame(): Item | undefined {
    if (this.#bytes.length < 2 || !this.head.includes(' 101 ')) return undefined
    const short = this.#bytes[1]! & 127
    const start = short < 126 ? 2 : 4
    if (this.#bytes.length < start) return undefined
    const length = short < 126 ? short : this.#bytes.readUInt16BE(2)
    if (this.#bytes.length < start + length) return undefined
    const opcode = this.#bytes[0]! & 15
    const payload = this.#bytes.subarray(start, start + length)
    this.#bytes = this.#bytes.subarray(start + length)
    if (opcode !== opcodes.close) return { opcode, payload: payload.toString() }
    if (payload.length === 0) return { closeFrame: { code: 1005, reason: '' } }
    return { closeFrame: { code: payload.readUInt16BE(0), reason: payload.subarray(2).toString() } }
  }
}

/** Opens TCP to the server, to be closed with it. */
export const openTcp = async (server: WireServer): Promise<TcpClient> => {
  const socket = connect(server.port, '127.0.0.1')
  server.closeLater(() => socket.destroy())
  await once(socket, 'connect')
  return new TcpClient(socket)
}

const upgradeHeaders: Record<string, string> = {
  Host: 'localhost',
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version': '13',
}

/** The text of an upgrade request; a header of `undefined` is left out. */
export const upgradeRequest = (
  over: Record<string, string | undefined> = {},
  { method = 'GET', path = '/connection/websocket' } = {},
): string => {
  const headers = Object.entries({ ...upgradeHeaders, ...over }).filter(([, value]) => value !== undefined)
  return `${method} ${path} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

/** Opens TCP and completes a WebSocket handshake. */
export const openTcpWebSocket = async (server: WireServer, path = '/connection/websocket'): Promise<TcpClient> => {
  const client = await openTcp(server)
  client.write(upgradeRequest({}, { path }))
  if ((await client.status()) !== 101) throw new Error(client.head)
  return client
}
