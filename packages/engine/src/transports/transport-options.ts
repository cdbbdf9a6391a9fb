import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../clock.ts'
import type { OriginRule } from '../config/origin-rules.ts'
import type { ClientOptions } from '../options.ts'
import type { Transport } from '../transport.ts'
import type { Compression } from './frame-forms.ts'
import type { HttpRefusal } from './http-refusal.ts'

export interface EndpointOptions {
  readonly enabled: boolean
  /** Under the base path; matched exactly. */
  readonly path: string
}

export interface BodyEndpointOptions extends EndpointOptions {
  readonly bodyMaxBytes: number
}

export interface WebSocketOptions extends EndpointOptions {
  /** Of one client message, as it travels. */
  readonly messageMaxBytes: number
  /** Of one client message that came compressed; absent: ten times `messageMaxBytes`. */
  readonly inflatedMaxBytes?: number | undefined
  /** Absent: permessage-deflate is not agreed to. */
  readonly compression?: Compression | undefined
}

export interface UniWebSocketOptions extends WebSocketOptions {
  readonly disableClosingHandshake: boolean
  readonly disableDisconnectPush: boolean
}

/** Where the code of a refused connect becomes an HTTP status in place of a push on a stream. */
export interface ConnectCodeToHttpResponse {
  readonly transforms: readonly { readonly code: number; readonly status: number; readonly body: string }[]
}

export interface UniStreamOptions extends BodyEndpointOptions {
  /** A refusal that no transform names is 500 then. Absent: refusals are told on the stream. */
  readonly connectCodeToHttpResponse?: ConnectCodeToHttpResponse | undefined
}

/** Names and defaults of the endpoints: Centrifugo v6. Times in milliseconds, sizes in bytes. */
export interface TransportsOptions {
  readonly clock: Clock
  /** In front of every path, without a slash at its end: `''` or `/realtime`. */
  readonly basePath: string
  readonly isOriginAllowed: OriginRule
  /** The client's address from that of its socket; trusted proxies are looked through here, by the headers they set. */
  remoteAddress(socketAddress: string, headers: () => Transport['headers']): string
  /** Read at each request, so that new limits hold at once. 0: no limit. */
  limits(): Pick<ClientOptions, 'connectionLimit' | 'connectionRateLimit'>
  readonly pings: Pick<ClientOptions, 'pingIntervalMs' | 'pongTimeoutMs'>
  /** A write that makes no progress for this long ends its connection. */
  readonly writeTimeoutMs: number
  readonly websocket: WebSocketOptions
  readonly httpStream: BodyEndpointOptions
  readonly sse: BodyEndpointOptions
  /** Served where HTTP streaming or SSE is. */
  readonly emulation: Omit<BodyEndpointOptions, 'enabled'>
  readonly uniWebsocket: UniWebSocketOptions
  readonly uniSse: UniStreamOptions
  readonly uniHttpStream: UniStreamOptions
  readonly init: EndpointOptions
  /** See `isSoleHandSetSubprotocol`; off where Centrifugo's answer is wanted to the letter. */
  readonly omitSoleSubprotocolAnswer: boolean
  /** A last word before a stream is opened: refuses the request in HTTP. */
  refuse?(request: IncomingMessage): HttpRefusal | undefined
  /** Answers a request without upgrade on a WebSocket path; absent: 400. */
  answerWithoutUpgrade?(request: IncomingMessage, response: ServerResponse): void
  /** Told of each request that was turned away before a stream was open. */
  onReject?(transport: string, status: number, rule: string): void
}

const bodyMaxBytes = 65_536

export const defaultTransportsOptions: Omit<TransportsOptions, 'clock' | 'isOriginAllowed' | 'limits'> = {
  basePath: '',
  remoteAddress: (socketAddress) => socketAddress,
  pings: { pingIntervalMs: 25_000, pongTimeoutMs: 8_000 },
  writeTimeoutMs: 1000,
  websocket: { enabled: true, path: '/connection/websocket', messageMaxBytes: 65_536 },
  httpStream: { enabled: false, path: '/connection/http_stream', bodyMaxBytes },
  sse: { enabled: false, path: '/connection/sse', bodyMaxBytes },
  emulation: { path: '/emulation', bodyMaxBytes },
  uniWebsocket: {
    enabled: false,
    path: '/connection/uni_websocket',
    messageMaxBytes: 65_536,
    disableClosingHandshake: false,
    disableDisconnectPush: false,
  },
  uniSse: { enabled: false, path: '/connection/uni_sse', bodyMaxBytes },
  uniHttpStream: { enabled: false, path: '/connection/uni_http_stream', bodyMaxBytes },
  init: { enabled: false, path: '/connection/init' },
  omitSoleSubprotocolAnswer: false,
}
