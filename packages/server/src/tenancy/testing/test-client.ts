import type { FrameForm, Transport, TransportEvents, TransportHost } from '@xshathra/engine'
import { type Disconnect, jsonCodec } from '@xshathra/protocol'

const lines: FrameForm = {
  codec: jsonCodec,
  bare: false,
  frame: (body) => Buffer.concat([body, Buffer.from('\n')]),
}

/** A message of the server as the client reads it. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into messages of every shape
export type Message = any

/** A client on a stream without a network, in plain JSON messages. */
export class TestClient implements Transport {
  readonly name = 'memory'
  readonly form = lines
  readonly isUnidirectional = false
  readonly isEmulated = false
  readonly hasAppPings = true
  readonly session = ''
  readonly headers = {}
  readonly remoteAddress = '127.0.0.1'
  readonly backlogBytes = 0
  readonly origin: string | undefined
  closedWith: Disconnect | undefined
  readonly #events: TransportEvents
  #unread: Message[] = []
  #lastId = 0

  constructor(host: TransportHost, origin?: string) {
    this.origin = origin
    this.#events = host.open(this)
  }

  /** Sends one command and gives its reply; undefined where the server ended the connection instead. */
  async request(command: Record<string, unknown>): Promise<Message> {
    const id = ++this.#lastId
    await this.#events.onFrame(Buffer.from(JSON.stringify({ id, ...command })))
    await settled()
    const at = this.#unread.findIndex((message) => message.id === id)
    return at < 0 ? undefined : this.#unread.splice(at, 1)[0]
  }

  connect(token: string, more: Record<string, unknown> = {}): Promise<Message> {
    return this.request({ connect: { token, ...more } })
  }

  subscribe(channel: string, more: Record<string, unknown> = {}): Promise<Message> {
    return this.request({ subscribe: { channel, ...more } })
  }

  /** Takes the pushes that came since the last call. */
  async pushes(): Promise<Message[]> {
    await settled()
    return this.#unread.splice(0)
  }

  /** The client goes away. */
  leave(): void {
    this.#events.onClosed()
  }

  write(bytes: Buffer): void {
    for (const line of bytes.toString().split('\n')) if (line !== '') this.#unread.push(JSON.parse(line))
  }

  pause(): void {}

  resume(): void {}

  close(disconnect: Disconnect): void {
    this.closedWith ??= disconnect
  }

  terminate(): void {}
}

/** The engine writes what it owes when the turn ends. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
