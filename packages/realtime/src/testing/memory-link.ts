import type { FrameForm, Transport, TransportEvents, TransportHost } from '@xshathra/engine'
import type { Disconnect } from '@xshathra/protocol'
import { delimitLine, jsonCodec } from './engine.ts'
import { Lane, type Weather } from './lane.ts'
import type { LinkEnd } from './memory-socket.ts'
import type { MovableClock } from './movable-clock.ts'

/** One JSON message per line, as several messages of one WebSocket frame are written. */
const form: FrameForm = { codec: jsonCodec, bare: false, frame: delimitLine }

/** A connection without a network, as the engine sees it. */
export class MemoryLink implements Transport {
  readonly name = 'websocket'
  readonly form = form
  readonly isUnidirectional = false
  readonly isEmulated = false
  readonly hasAppPings = true
  readonly session = ''
  readonly headers = {}
  readonly origin = undefined
  readonly remoteAddress = '127.0.0.1'
  readonly backlogBytes = 0
  readonly #client: LinkEnd
  readonly #toClient: Lane
  readonly #toServer: Lane
  readonly #events: TransportEvents
  readonly #onGone: () => void
  #isOpen = true
  /** The frame that is carried out, and those behind it: each waits for the one before. */
  #handling: Promise<void> = Promise.resolve()

  constructor(host: TransportHost, client: LinkEnd, clock: MovableClock, weather: Weather, onGone: () => void) {
    this.#client = client
    this.#toClient = new Lane(clock, weather)
    this.#toServer = new Lane(clock, weather)
    this.#onGone = onGone
    this.#events = host.open(this)
  }

  /** The client sends. */
  send(text: string): void {
    this.#toServer.send(() => {
      this.#handling = this.#handling.then(async () => {
        if (this.#isOpen) await this.#events.onFrame(Buffer.from(text))
      })
    })
  }

  /** The client closes. */
  leave(): void {
    this.#end()
    this.#toClient.send(() => this.#client.onClosed(1000, ''))
  }

  /** It breaks: neither side has closed it. */
  break(): void {
    this.#end()
    queueMicrotask(() => this.#client.onClosed(1006, ''))
  }

  write(bytes: Buffer): void {
    // Each message ends with a line feed, and a frame needs none at its end.
    const text = bytes.toString().trimEnd()
    if (this.#isOpen) this.#toClient.send(() => this.#client.onMessage(text))
  }

  close({ code, reason }: Disconnect): void {
    if (!this.#isOpen) return
    this.#end()
    this.#toClient.send(() => this.#client.onClosed(code, reason))
  }

  terminate(): void {
    if (this.#isOpen) this.break()
  }

  /** Nothing piles up in memory that had to be held back. */
  pause(): void {}

  resume(): void {}

  #end(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#onGone()
    this.#events.onClosed()
  }
}
