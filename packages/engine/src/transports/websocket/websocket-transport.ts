import type { Socket } from 'node:net'
import { type Disconnect, disconnects } from '@xshathra/protocol'
import type { Clock } from '../../clock.ts'
import type { FrameForm, Transport, TransportEvents, TransportHost } from '../../transport.ts'
import { packHeaders, unpackHeaders } from '../packed-headers.ts'
import { inflateMessage } from './deflate.ts'
import { FramePings, type FramePingTimes } from './frame-pings.ts'
import { closeCodes, FrameReader, type FrameSink } from './frame-reader.ts'
import { emptyCloseFrame, encodeCloseFrame, encodeFrame, finalBit, opcodes, pingFrame } from './frame-writer.ts'

/** What all sockets of one WebSocket endpoint share. */
export interface WebSocketEndpoint {
  readonly name: 'websocket' | 'uni_websocket'
  readonly isUnidirectional: boolean
  readonly clock: Clock
  /** Of one client message, as it travels. */
  readonly messageMaxBytes: number
  /** Of one client message that came compressed. */
  readonly inflatedMaxBytes: number
  /** A write that makes no progress for this long ends the connection. */
  readonly writeTimeoutMs: number
  readonly framePings: FramePingTimes
  /** False: connections are closed without a close frame. */
  readonly hasClosingHandshake: boolean
  remoteAddress(socketAddress: string, headers: () => Transport['headers']): string
  /** Takes one client message. */
  receive(transport: WebSocketTransport, events: TransportEvents, message: Buffer): void
  /** The last frame in front of the close frame. */
  farewell?(form: FrameForm, disconnect: Disconnect): Buffer
  /** Called once per socket, when it is gone. */
  onGone(transport: WebSocketTransport): void
}

/** What one socket is opened with. */
export interface WebSocketOpening {
  readonly form: FrameForm
  readonly session: string
  readonly isCompressed: boolean
  readonly hasFramePings: boolean
  /** Of the upgrade request, names and values in turn. */
  readonly rawHeaders: readonly string[]
}

/** How long the peer's part of a close is waited for. Source: Centrifugo. */
const closeWaitMs = 5000

/**
 * `open`: frames go both ways. `closing`: our close frame is out, and of what comes only the peer's own is looked for.
 * `ending`: nothing more is said or heard, and the socket closes once its last bytes are out. `closed`: it is gone.
 */
type State = 'open' | 'closing' | 'ending' | 'closed'

const transportKey = Symbol('transport')
type TransportSocket = Socket & { [transportKey]: WebSocketTransport }

/**
 * A WebSocket after its handshake, directly on the socket that node:http let go of. Idle sockets are what a server has
 * most of, so an instance holds few fields and its socket's listeners are functions shared by all.
 */
export class WebSocketTransport implements Transport, FrameSink {
  readonly form: FrameForm
  readonly session: string
  readonly #socket: Socket
  readonly #endpoint: WebSocketEndpoint
  readonly #reader: FrameReader
  readonly #packedHeaders: string
  readonly #events: TransportEvents
  #state: State = 'open'
  #framePings: FramePings | undefined = undefined
  #cancelCloseWait: (() => void) | undefined = undefined

  /** Takes over a socket whose handshake is answered and opens a connection on it. */
  constructor(socket: Socket, endpoint: WebSocketEndpoint, opening: WebSocketOpening, host: TransportHost) {
    this.form = opening.form
    this.session = opening.session
    this.#socket = socket
    this.#endpoint = endpoint
    this.#reader = new FrameReader(endpoint.messageMaxBytes, opening.isCompressed)
    this.#packedHeaders = packHeaders(opening.rawHeaders)
    if (opening.hasFramePings) {
      this.#framePings = new FramePings(
        endpoint.clock,
        endpoint.framePings,
        () => this.write(pingFrame),
        () => this.terminate(),
      )
    }
    this.#events = host.open(this)
    ;(socket as TransportSocket)[transportKey] = this
    socket.setNoDelay(true)
    socket.on('data', onData)
    socket.on('end', onEnd)
    socket.on('error', onError)
    socket.on('timeout', onTimeout)
    socket.on('close', onClose)
  }

  get name(): 'websocket' | 'uni_websocket' {
    return this.#endpoint.name
  }

  get isUnidirectional(): boolean {
    return this.#endpoint.isUnidirectional
  }

  get isEmulated(): boolean {
    return false
  }

  /** One-way streams have both kinds of pings: their clients cannot answer the ones of the client protocol. */
  get hasAppPings(): boolean {
    return this.#framePings === undefined || this.#endpoint.isUnidirectional
  }

  get headers(): Transport['headers'] {
    return unpackHeaders(this.#packedHeaders)
  }

  get origin(): string | undefined {
    const { origin } = this.headers
    return origin as string | undefined
  }

  get remoteAddress(): string {
    return this.#endpoint.remoteAddress(this.#socket.remoteAddress ?? '', () => this.headers)
  }

  get backlogBytes(): number {
    return this.#socket.writableLength
  }

  write(bytes: Buffer): void {
    if (this.#state === 'open') this.#send(bytes)
  }

  pause(): void {
    this.#reader.hold()
  }

  resume(): void {
    this.#reader.release(this)
    if (!this.#reader.isHeld && this.#socket.isPaused()) this.#socket.resume()
  }

  close(disconnect: Disconnect): void {
    if (this.#state !== 'open') return
    const { hasClosingHandshake, farewell } = this.#endpoint
    if (disconnect.code === disconnects.connectionClosed.code) return this.terminate()
    this.#state = 'closing'
    this.#waitForClose()
    if (farewell) this.#send(farewell(this.form, disconnect))
    if (!hasClosingHandshake) return this.#end()
    this.#send(encodeCloseFrame(disconnect.code, disconnect.reason))
    this.resume()
  }

  terminate(): void {
    this.#state = 'ending'
    this.#socket.destroy()
  }

  onMessage(payload: Buffer, isCompressed: boolean): void {
    if (this.#state !== 'open') return
    if (!isCompressed) return this.#endpoint.receive(this, this.#events, payload)
    const message = inflateMessage(payload, this.#endpoint.inflatedMaxBytes)
    if (message === 'too-big') this.onFault(closeCodes.tooBig, '')
    else if (message === 'corrupt') this.onFault(closeCodes.invalidPayload, 'corrupt compressed message')
    else this.#endpoint.receive(this, this.#events, message)
  }

  onPing(payload: Buffer): void {
    // A client that asks without reading the answers must not fill our memory with them.
    if (this.backlogBytes === 0) this.write(encodeFrame(finalBit | opcodes.pong, payload))
  }

  onPong(): void {
    this.#framePings?.onPong()
  }

  onCloseFrame(code: number): void {
    if (this.#state === 'open') this.#send(code === closeCodes.noStatus ? emptyCloseFrame : encodeCloseFrame(code, ''))
    this.#end()
  }

  onFault(code: number, reason: string): void {
    if (this.#state === 'open') {
      this.#events.onViolation({ code, reason })
      if (code !== 0) this.#send(encodeCloseFrame(code, reason))
    }
    if (code === 0) this.terminate()
    else this.#linger()
  }

  /** Refuses the first message of a one-way stream: a close frame without the push that would stand before it. */
  refuse(disconnect: Disconnect): void {
    if (this.#state !== 'open') return
    this.#events.onViolation(disconnect)
    this.#state = 'closing'
    this.#waitForClose()
    if (this.#endpoint.hasClosingHandshake) this.#send(encodeCloseFrame(disconnect.code, disconnect.reason))
    else this.#end()
  }

  /** For the socket's listeners below. */
  onChunk(chunk: Buffer): void {
    this.#reader.push(chunk, this)
    // What came while the reader is held was kept; more shall wait in the kernel.
    if (this.#reader.isHeld) this.#socket.pause()
  }

  onStalled(): void {
    if (this.#socket.writableLength === 0) {
      this.#socket.setTimeout(0)
      return
    }
    if (this.#state === 'open') this.#events.onViolation(disconnects.writeError)
    this.terminate()
  }

  onGone(): void {
    this.#state = 'closed'
    this.#cancelCloseWait?.()
    this.#framePings?.stop()
    this.#endpoint.onGone(this)
    this.#events.onClosed()
  }

  #send(bytes: Buffer): void {
    const socket = this.#socket
    socket.write(bytes)
    // The kernel took it all, as nearly always; else Node's own timer looks whether the rest gets on.
    if (socket.writableLength > 0 && !socket.timeout) socket.setTimeout(this.#endpoint.writeTimeoutMs)
  }

  /** Both sides have said goodbye, or ours never will: closes as soon as the last bytes are out. */
  #end(): void {
    this.#state = 'ending'
    this.#waitForClose()
    this.#socket.destroySoon()
  }

  /**
   * After a fault: says all we have to say and hears the peer out, unread. A socket closed on bytes that are still
   * coming would be reset, and the reset overtakes the close frame that explains it.
   */
  #linger(): void {
    this.#state = 'ending'
    this.#waitForClose()
    this.#socket.end()
  }

  #waitForClose(): void {
    this.#framePings?.stop()
    this.#cancelCloseWait ??= this.#endpoint.clock.after(closeWaitMs, () => this.terminate())
  }
}

function onData(this: Socket, chunk: Buffer): void {
  ;(this as TransportSocket)[transportKey].onChunk(chunk)
}

/** The peer has closed its side: there is nobody left to talk to. */
function onEnd(this: Socket): void {
  this.destroy()
}

/** An error is always followed by `close`, which is all that counts here. */
function onError(): void {}

function onTimeout(this: Socket): void {
  ;(this as TransportSocket)[transportKey].onStalled()
}

function onClose(this: Socket): void {
  ;(this as TransportSocket)[transportKey].onGone()
}
