import type {
  BodyEndpointOptions,
  ConnectCodeToHttpResponse,
  TransportsOptions,
  WebSocketOptions,
} from '../transports/transport-options.ts'
import type { CentrifugoSettings } from './centrifugo-options.ts'

/** The part of the transports' options that a configuration decides. */
export type TransportSettings = Pick<
  TransportsOptions,
  | 'writeTimeoutMs'
  | 'websocket'
  | 'httpStream'
  | 'sse'
  | 'emulation'
  | 'uniWebsocket'
  | 'uniSse'
  | 'uniHttpStream'
  | 'init'
>

export const buildTransportSettings = (settings: CentrifugoSettings): TransportSettings => ({
  writeTimeoutMs: settings.websocket.write_timeout || 1_000,
  websocket: { enabled: !settings.websocket.disabled, ...webSocketOf(settings.websocket) },
  httpStream: bodyEndpointOf(settings.http_stream),
  sse: bodyEndpointOf(settings.sse),
  emulation: {
    path: trimPath(settings.emulation.handler_prefix),
    bodyMaxBytes: settings.emulation.max_request_body_size || defaultMaxBytes,
  },
  uniWebsocket: {
    enabled: settings.uni_websocket.enabled,
    ...webSocketOf(settings.uni_websocket),
    disableClosingHandshake: settings.uni_websocket.disable_closing_handshake,
    disableDisconnectPush: settings.uni_websocket.disable_disconnect_push,
  },
  uniSse: {
    ...bodyEndpointOf(settings.uni_sse),
    connectCodeToHttpResponse: responsesOf(settings.uni_sse.connect_code_to_http_response),
  },
  uniHttpStream: {
    ...bodyEndpointOf(settings.uni_http_stream),
    connectCodeToHttpResponse: responsesOf(settings.uni_http_stream.connect_code_to_http_response),
  },
  init: { enabled: settings.init.enabled, path: trimPath(settings.init.handler_prefix) },
})

/** A slash at the end does not count. Source: Centrifugo v6. */
export const trimPath = (prefix: string): string => prefix.replace(/\/+$/, '')

/** Where a limit is 0: what one client message may take. */
const defaultMaxBytes = 65_536

const bodyEndpointOf = (section: CentrifugoSettings['sse']): BodyEndpointOptions => ({
  enabled: section.enabled,
  path: trimPath(section.handler_prefix),
  bodyMaxBytes: section.max_request_body_size || defaultMaxBytes,
})

type WebSocketSection = Omit<CentrifugoSettings['websocket'], 'disabled'>

const webSocketOf = (section: WebSocketSection): Omit<WebSocketOptions, 'enabled'> => ({
  path: trimPath(section.handler_prefix),
  messageMaxBytes: section.message_size_limit || defaultMaxBytes,
  inflatedMaxBytes: section.decompressed_message_size_limit || undefined,
  compression: section.compression
    ? { level: section.compression_level || 1, minBytes: section.compression_min_size }
    : undefined,
})

type ConnectCodeSection = CentrifugoSettings['uni_sse']['connect_code_to_http_response']

const responsesOf = ({ enabled, transforms }: ConnectCodeSection): ConnectCodeToHttpResponse | undefined =>
  enabled
    ? { transforms: transforms.map(({ code, to }) => ({ code, status: to.status_code, body: to.body })) }
    : undefined
