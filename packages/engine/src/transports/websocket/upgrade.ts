import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { HttpRefusal } from '../http-refusal.ts'
import type { RouteNeeds } from '../route.ts'
import type { WebSocketOptions } from '../transport-options.ts'
import type { HandshakeRules } from './handshake.ts'
import type { WebSocketEndpoint } from './websocket-transport.ts'

/** Takes over the socket of an upgrade request, or says why not; its caller answers refusals. */
export type Upgrade = (request: IncomingMessage, socket: Socket) => HttpRefusal | undefined

/** Frame pings where the client protocol's are off. Source: Centrifugo. */
const defaultFramePings = { intervalMs: 25_000, timeoutMs: 10_000 } as const

/** Unless told otherwise a compressed message may unfold to this many times what may travel. Source: Centrifugo. */
const inflatedPerMessageByte = 10

/** What the handshakes of an endpoint agree to. */
export const handshakeRules = (
  { options }: RouteNeeds,
  websocket: WebSocketOptions,
  hasSubprotocols: boolean,
): HandshakeRules => ({
  isOriginAllowed: options.isOriginAllowed,
  hasSubprotocols,
  mayCompress: websocket.compression !== undefined,
  omitSoleSubprotocolAnswer: options.omitSoleSubprotocolAnswer,
})

/** What the sockets of an endpoint share, whatever is said on them. */
export const endpointBasics = (
  { options, open }: RouteNeeds,
  websocket: WebSocketOptions,
): Omit<WebSocketEndpoint, 'name' | 'isUnidirectional' | 'hasClosingHandshake' | 'receive'> => ({
  clock: options.clock,
  messageMaxBytes: websocket.messageMaxBytes,
  inflatedMaxBytes: websocket.inflatedMaxBytes ?? inflatedPerMessageByte * websocket.messageMaxBytes,
  writeTimeoutMs: options.writeTimeoutMs,
  framePings: {
    intervalMs: options.pings.pingIntervalMs || defaultFramePings.intervalMs,
    timeoutMs: options.pings.pongTimeoutMs || defaultFramePings.timeoutMs,
  },
  remoteAddress: options.remoteAddress,
  onGone: (transport) => open.delete(transport),
})
