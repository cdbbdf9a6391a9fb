import type { Codec, Disconnect, ProtocolError } from '@xshathra/protocol'
import type { MaybePromise } from './maybe-promise.ts'

/**
 * How messages become bytes on one kind of stream: an encoding and what goes around each message. There is one object
 * per kind in the process, so that a push is framed once and every connection of the same form shares the bytes.
 */
export interface FrameForm {
  readonly codec: Codec
  /** One-way streams carry bare pushes. */
  readonly bare: boolean
  /** A finished frame around a message. */
  frame(body: Buffer): Buffer
}

/** One accepted stream to a client, as the connection sees it. The connection is its only writer. */
export interface Transport {
  readonly name: 'websocket' | 'http_stream' | 'sse' | 'uni_websocket' | 'uni_sse' | 'uni_http_stream' | 'memory'
  readonly form: FrameForm
  /** One-way: no commands after the first, no replies, no pongs. */
  readonly isUnidirectional: boolean
  /** Commands come by the emulation endpoint, so the connect reply must name session and node. */
  readonly isEmulated: boolean
  /** False where the transport keeps the stream alive with frames of its own. */
  readonly hasAppPings: boolean
  /** Unguessable id by which commands (emulation) and the server API find the stream; `''` on two-way sockets. */
  readonly session: string
  /** Headers of the request that opened it, names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly origin: string | undefined
  readonly remoteAddress: string

  /** Sends finished frames. The bytes are shared and must not be changed. */
  write(bytes: Buffer): void
  /** Bytes handed to write() that have not left the process. */
  readonly backlogBytes: number
  /** Stops and resumes reading from the client while a command of it is waited for. */
  pause(): void
  resume(): void
  /**
   * Ends the stream, telling the client code and reason in the way of this transport: a close frame, or a last push
   * (what was written before still arrives, but for codes 3000 and 3008). Idempotent.
   * `refusal` is the error that refused the connect of a one-way stream, where HTTP transports may answer it as a status.
   */
  close(disconnect: Disconnect, refusal?: ProtocolError): void
  /** Drops the stream without a word, as for a connection that failed to connect and did not go away. */
  terminate(): void
}

/** What a transport tells the connection that the engine opened on it. */
export interface TransportEvents {
  /** A client frame: one or more commands. Settles when all of them were handled. */
  onFrame(frame: Uint8Array): MaybePromise<void>
  /** The ConnectRequest that opens a one-way stream. */
  onConnectRequest(frame: Uint8Array): MaybePromise<void>
  /** The peer is gone, or close() has finished. Called once. */
  onClosed(): void
  /** The client broke the transport's own rules; the transport has already said so in its own way. */
  onViolation(disconnect: Disconnect): void
}

/** The engine as transports see it: opens a connection on each accepted stream. */
export interface TransportHost {
  /** Named in the connect reply of emulated transports, so that commands come back to this process. */
  readonly nodeId: string
  open(transport: Transport): TransportEvents
}
