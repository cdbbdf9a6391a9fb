import type { Command, ConnectRequest, Push, Reply } from './messages.ts'

/** Said in place of a command that cannot be read: the connection that sent it ends with disconnect 3501. */
export const malformed: unique symbol = Symbol('malformed')

/** Reads the commands of one client frame one by one, so that those before a bad one are still carried out. */
export interface CommandReader {
  /** The next command, `undefined` at the end of the frame, or {@link malformed}, after which nothing can be read. */
  next(): Command | undefined | typeof malformed
}

/**
 * One encoding of the client protocol. Bodies are bare messages: what separates them on a stream (newline, varint,
 * WebSocket frame, `data:` line) is added by the transport's framing.
 */
export interface Codec {
  readonly protocol: 'json' | 'protobuf'

  /** Reads a client frame: newline-separated JSON commands, or varint-delimited Protobuf commands. */
  readCommands(frame: Uint8Array): CommandReader

  /** Reads the bare ConnectRequest that opens a one-way stream. An empty frame, or JSON `null`, asks for nothing. */
  readConnectRequest(frame: Uint8Array): ConnectRequest | typeof malformed

  encodeReply(reply: Reply): Buffer

  /** A push inside its reply envelope, as two-way transports get it. */
  encodePush(push: Push): Buffer

  /** A bare push, as one-way transports get it. */
  encodeBarePush(push: Push): Buffer

  /** The empty message that is a ping: `{}`, or nothing at all where the framing's length says zero. */
  readonly ping: Buffer
}

/**
 * Thrown by encoders when a payload cannot travel in this encoding: a payload that is not JSON text on a JSON
 * connection. That connection ends with disconnect 3506; others are unaffected.
 */
export class InappropriatePayload extends Error {
  constructor() {
    super('the payload cannot be carried by this protocol')
    this.name = 'InappropriatePayload'
  }
}
