import { type Disconnect, jsonCodec } from '@xshathra/protocol'
import type { FrameForm, Transport, TransportEvents, TransportHost } from '../transport.ts'

/** One JSON message per line, as on an HTTP stream. */
export const memoryForm: FrameForm = {
  codec: jsonCodec,
  bare: false,
  frame: (body) => Buffer.concat([body, Buffer.from('\n')]),
}

export const bareMemoryForm: FrameForm = { ...memoryForm, bare: true }

/** A message of the server as the client reads it. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into messages of every shape
export type Message = any

interface MemoryTransportOptions {
  readonly form?: FrameForm | undefined
  readonly isUnidirectional?: boolean | undefined
  readonly session?: string | undefined
  /** Bytes the client is willing to read before it stops; the rest stays in the backlog. */
  readonly readsAtMost?: number | undefined
}

/**
 * A stream without a network: both ends in one process, in plain JSON. The client's half is `send` and `received`; the
 * server's half is the {@link Transport} the engine writes to.
 */
export class MemoryTransport implements Transport {
  readonly name = 'memory'
  readonly form: FrameForm
  readonly isUnidirectional: boolean
  readonly isEmulated = false
  readonly hasAppPings = true
  readonly session: string
  readonly headers = {}
  readonly origin = undefined
  readonly remoteAddress = '127.0.0.1'
  backlogBytes = 0
  isPaused = false
  isTerminated = false
  /** How the server ended the stream. */
  closedWith: Disconnect | undefined
  readonly #events: TransportEvents
  readonly #readsAtMost: number
  #written: Buffer[] = []
  writes = 0

  constructor(host: TransportHost, options: MemoryTransportOptions = {}) {
    this.form = options.form ?? memoryForm
    this.isUnidirectional = options.isUnidirectional ?? false
    this.session = options.session ?? ''
    this.#readsAtMost = options.readsAtMost ?? Number.POSITIVE_INFINITY
    this.#events = host.open(this)
  }

  /** Sends commands in one frame; settles when the engine has handled them. */
  async send(...commands: readonly unknown[]): Promise<void> {
    await this.#events.onFrame(Buffer.from(commands.map((command) => JSON.stringify(command)).join('\n')))
  }

  /** Sends a frame as it is. */
  async sendRaw(frame: string): Promise<void> {
    await this.#events.onFrame(Buffer.from(frame))
  }

  async sendConnectRequest(request: unknown): Promise<void> {
    await this.#events.onConnectRequest(Buffer.from(JSON.stringify(request)))
  }

  /** Takes what the server wrote since the last call. */
  received(): Message[] {
    const text = Buffer.concat(this.#written).toString()
    this.#written = []
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  }

  /** The client goes away. */
  leave(): void {
    this.#events.onClosed()
  }

  write(bytes: Buffer): void {
    this.writes++
    this.#written.push(bytes)
    const held = this.#written.reduce((sum, one) => sum + one.length, 0)
    this.backlogBytes = Math.max(0, held - this.#readsAtMost)
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }

  close(disconnect: Disconnect): void {
    this.closedWith ??= disconnect
  }

  terminate(): void {
    this.isTerminated = true
  }
}
