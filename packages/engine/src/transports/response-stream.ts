import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Disconnect, disconnects, type ProtocolError } from '@xshathra/protocol'
import { type MaybePromise, whenReady } from '../maybe-promise.ts'
import type { FrameForm, Transport, TransportEvents, TransportHost } from '../transport.ts'
import type { ConnectCodeToHttpResponse } from './transport-options.ts'

/** What all streams of one HTTP endpoint share. */
export interface StreamEndpoint {
  readonly name: 'http_stream' | 'sse' | 'uni_sse' | 'uni_http_stream'
  readonly isUnidirectional: boolean
  /** First bytes of every stream. */
  readonly preamble: string
  /** A write that makes no progress for this long ends the connection. */
  readonly writeTimeoutMs: number
  readonly connectCodeToHttpResponse?: ConnectCodeToHttpResponse | undefined
  remoteAddress(socketAddress: string, headers: () => Transport['headers']): string
  /** Called once per stream, when it is gone. */
  onGone(stream: ResponseStream): void
}

/** Keeps proxies from holding the stream back, or from keeping it. `Expire` is spelt as Centrifugo spells it. */
export const streamHeaders = {
  'X-Accel-Buffering': 'no',
  'Cache-Control': 'private, no-cache, no-store, must-revalidate, max-age=0',
  Pragma: 'no-cache',
  Expire: '0',
} as const

export interface StreamOpening {
  readonly form: FrameForm
  readonly session: string
  readonly contentType: string
}

/** Frames that may wait while a command is: past it the client is told to slow down. */
const maxWaitingFrames = 64

/** An HTTP answer that never ends: the downstream half of HTTP streaming and SSE, two-way (with emulation) and one-way. */
export class ResponseStream implements Transport {
  readonly form: FrameForm
  readonly session: string
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #endpoint: StreamEndpoint
  readonly #contentType: string
  readonly #events: TransportEvents
  #isClosed = false
  #isPaused = false
  #waiting: (() => void)[] = []

  /**
   * Answers the request with a stream and opens a connection on it. Where refused connects become HTTP statuses, the
   * answer's head waits for the first thing to say.
   */
  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    endpoint: StreamEndpoint,
    opening: StreamOpening,
    host: TransportHost,
  ) {
    this.form = opening.form
    this.session = opening.session
    this.#request = request
    this.#response = response
    this.#endpoint = endpoint
    this.#contentType = opening.contentType
    this.#events = host.open(this)
    response.on('close', () => this.#onGone())
    response.on('error', ignore)
    response.setTimeout(0, () => this.#onStalled())
    if (!endpoint.connectCodeToHttpResponse) this.#start()
  }

  get name(): StreamEndpoint['name'] {
    return this.#endpoint.name
  }

  get isUnidirectional(): boolean {
    return this.#endpoint.isUnidirectional
  }

  get isEmulated(): boolean {
    return !this.#endpoint.isUnidirectional
  }

  get hasAppPings(): boolean {
    return true
  }

  get headers(): Transport['headers'] {
    return this.#request.headers
  }

  get origin(): string | undefined {
    return this.#request.headers.origin
  }

  get remoteAddress(): string {
    return this.#endpoint.remoteAddress(this.#request.socket.remoteAddress ?? '', () => this.headers)
  }

  get backlogBytes(): number {
    return this.#response.writableLength
  }

  write(bytes: Buffer): void {
    if (this.#isClosed) return
    if (!this.#response.headersSent) this.#start()
    this.#send(bytes)
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    while (!this.#isPaused && this.#waiting.length > 0) this.#waiting.shift()?.()
  }

  close(disconnect: Disconnect, refusal?: ProtocolError): void {
    if (this.#isClosed) return
    if (disconnect.code === disconnects.connectionClosed.code) return this.terminate()
    if (this.#response.headersSent) this.#send(this.#farewell(disconnect))
    else this.#answerInHttp(refusal?.code ?? disconnect.code)
    this.#isClosed = true
    this.#response.end()
    // Nobody is going to resume a closed stream: those who wait for it get their answer.
    this.resume()
  }

  terminate(): void {
    this.#isClosed = true
    this.#response.destroy()
  }

  /** Hands on a ConnectRequest, the first and only thing a one-way client says. */
  receiveConnectRequest(frame: Uint8Array): void {
    void this.#events.onConnectRequest(frame)
  }

  /**
   * Hands on a frame of commands, behind those that wait; settles when they were handled. False: too many wait, and
   * these were not taken.
   */
  receive(frame: Uint8Array): MaybePromise<boolean> {
    if (this.#isClosed) return true
    if (!this.#isPaused) return this.#handle(frame)
    if (this.#waiting.length >= maxWaitingFrames) return false
    return new Promise((resolve) => {
      this.#waiting.push(() => resolve(this.#isClosed || this.#handle(frame)))
    })
  }

  #handle(frame: Uint8Array): MaybePromise<boolean> {
    return whenReady(this.#events.onFrame(frame), () => true)
  }

  #start(): void {
    this.#response.writeHead(200, { ...streamHeaders, 'Content-Type': this.#contentType })
    if (this.#endpoint.preamble === '') this.#response.flushHeaders()
    else this.#response.write(this.#endpoint.preamble)
  }

  #answerInHttp(code: number): void {
    const transform = this.#endpoint.connectCodeToHttpResponse?.transforms.find((each) => each.code === code)
    this.#response.writeHead(transform?.status ?? 500)
    this.#response.write(transform?.body ?? 'Internal Server Error')
  }

  #farewell({ code, reason }: Disconnect): Buffer {
    const push = { kind: 'disconnect', code, reason } as const
    const { codec, bare } = this.form
    return this.form.frame(bare ? codec.encodeBarePush(push) : codec.encodePush(push))
  }

  #send(bytes: Buffer): void {
    this.#response.write(bytes)
    const { socket } = this.#response
    if (socket && this.#response.writableLength > 0 && !socket.timeout) socket.setTimeout(this.#endpoint.writeTimeoutMs)
  }

  #onStalled(): void {
    if (this.#response.writableLength === 0) {
      this.#response.socket?.setTimeout(0)
      return
    }
    if (!this.#isClosed) this.#events.onViolation(disconnects.writeError)
    this.terminate()
  }

  #onGone(): void {
    this.#isClosed = true
    this.resume()
    this.#endpoint.onGone(this)
    this.#events.onClosed()
  }
}

/** An error is always followed by `close`, which is all that counts here. */
const ignore = (): void => {}
