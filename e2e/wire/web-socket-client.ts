import { once } from 'node:events'
import { type ClientOptions, WebSocket } from 'ws'
import type { Item } from './arrivals.ts'
import { type Command, Connection } from './connection.ts'
import { decodeReplies, encodeCommands } from './protobuf.ts'
import type { WireServer } from './servers.ts'

export interface WebSocketSettings {
  /** Path and query in place of `/connection/websocket`. */
  readonly path?: string
  readonly subprotocols?: string[]
  readonly headers?: Record<string, string>
  readonly options?: ClientOptions
  readonly encoding?: 'json' | 'protobuf'
}

/** A raw Centrifuge client over a WebSocket, JSON or Protobuf. */
export class WebSocketClient extends Connection {
  /** Every frame as it came: text for JSON, bytes for Protobuf. */
  readonly frames: (string | Buffer)[] = []
  readonly socket: WebSocket
  readonly #encoding: 'json' | 'protobuf'

  constructor(socket: WebSocket, encoding: 'json' | 'protobuf') {
    super()
    this.socket = socket
    this.#encoding = encoding
    socket.on('message', (data: Buffer, isBinary) => {
      this.frames.push(isBinary ? data : data.toString())
      for (const item of this.#decode(data)) this.receive(item)
    })
    socket.on('close', (code, reason) => this.inbox.add({ close: { code, reason: reason.toString() } }))
    socket.on('error', () => undefined) // A close follows, and it is what tests look at.
  }

  send(...commands: Command[]): void {
    if (this.#encoding === 'protobuf') this.socket.send(encodeCommands(commands))
    else this.sendText(commands.map((command) => JSON.stringify(command)).join('\n'))
  }

  /** Sends one text frame as it stands. */
  sendText(text: string): void {
    this.socket.send(text, { binary: false })
  }

  sendBytes(bytes: Uint8Array): void {
    this.socket.send(bytes, { binary: true })
  }

  close(): void {
    this.socket.close()
  }

  protected sendPong(): void {
    if (this.#encoding === 'protobuf') this.sendBytes(Buffer.from([0]))
    else this.sendText('{}')
  }

  #decode(data: Buffer): Item[] {
    if (this.#encoding === 'protobuf') return decodeReplies(data)
    return data
      .toString()
      .split('\n')
      .map((line) => JSON.parse(line) as Item)
  }
}

/** Opens a WebSocket that ends with the server at the latest; throws if the handshake is refused. */
export const openWebSocket = async (server: WireServer, settings: WebSocketSettings = {}): Promise<WebSocketClient> => {
  const { path = '/connection/websocket', subprotocols = [], encoding = 'json' } = settings
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, subprotocols, {
    perMessageDeflate: false,
    ...(settings.headers ? { headers: settings.headers } : {}),
    ...settings.options,
  })
  const client = new WebSocketClient(socket, encoding)
  server.closeLater(() => socket.terminate())
  await once(socket, 'open')
  return client
}

/** Opens a WebSocket and connects; throws if the server does not accept. */
export const connectWebSocket = async (
  server: WireServer,
  request: Command = {},
  settings: WebSocketSettings = {},
): Promise<WebSocketClient> => {
  const client = await openWebSocket(server, settings)
  const reply = await client.connect(request)
  if (!reply.connect) throw new Error(`not accepted: ${JSON.stringify(reply)}`)
  return client
}
