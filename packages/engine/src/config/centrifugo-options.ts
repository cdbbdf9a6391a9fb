import { channel } from './channel-options.ts'
import { client } from './client-options.ts'
import { codeToHttpResponse, proxy, proxyFields, tls } from './connection-options.ts'
import { consumers } from './consumer-options.ts'
import {
  boolean,
  choice,
  duration,
  group,
  integer,
  later,
  list,
  secret,
  text,
  textList,
  type ValueOf,
} from './option-kinds.ts'
import { broker, controller, engine, mapBroker, presenceManager } from './storage-options.ts'

const port = (value: number) => integer(value, { max: 65_535 })

const bodyMaxBytes = () => integer(65_536)

/** Of a transport that is off unless switched on, under its usual path. */
const endpoint = (path: string) => ({ enabled: boolean(), handler_prefix: text(path) })

const bodyEndpoint = (path: string) => ({ ...endpoint(path), max_request_body_size: bodyMaxBytes() })

const webSocketFields = (path: string) => ({
  handler_prefix: text(path),
  compression: boolean(),
  compression_min_size: integer(),
  compression_level: integer(1, { max: 9 }),
  read_buffer_size: later(integer()),
  use_write_buffer_pool: later(boolean()),
  write_buffer_size: later(integer()),
  message_size_limit: integer(65_536),
  decompressed_message_size_limit: integer(),
})

/**
 * Every option of a Centrifugo v6 configuration file: the one place that says its name, what it may hold, its default
 * and whether the engine acts on it. Reading of files and of the environment, checks, warnings and the reference all
 * come from here. A test holds names, kinds and defaults against a list taken from Centrifugo 6.9.1.
 */
export const centrifugoOptions = group({
  http_server: group({
    address: text(),
    port: port(8_000),
    internal_address: later(text()),
    internal_port: later(text()),
    tls: tls(),
    tls_autocert: later(
      group({
        enabled: boolean(),
        host_whitelist: textList(),
        cache_dir: text(),
        email: text(),
        server_name: text(),
        http: boolean(),
        http_addr: text(':80'),
      }),
    ),
    tls_external: later(boolean()),
    internal_tls: tls(),
    http3: later(group({ enabled: boolean() })),
    h2c_external: later(boolean()),
  }),
  log: group({
    level: choice('info', ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'none']),
    file: later(text()),
  }),
  engine,
  broker,
  presence_manager: presenceManager,
  map_broker: mapBroker,
  controller,
  shared_poll: later(
    group({
      hmac_secret_key: secret(),
      hmac_previous_secret_key: secret(),
      hmac_previous_secret_key_valid_until: integer(),
      concurrency_limit: integer(),
    }),
  ),
  client,
  channel,
  rpc: group({
    proxy: later(proxy()),
    without_namespace: later(group({ proxy_enabled: boolean(), proxy_name: text('default') })),
    namespaces: later(list({ name: text(), proxy_enabled: boolean(), proxy_name: text('default') })),
    ping: group({ enabled: boolean(), method: text('ping') }),
    namespace_boundary: later(text(':')),
  }),
  proxies: list({ name: text(), ...proxyFields() }),
  http_api: group({
    disabled: boolean(),
    handler_prefix: text('/api'),
    key: secret(),
    error_mode: choice('', ['', 'transport']),
    external: later(boolean()),
    insecure: boolean(),
  }),
  grpc_api: later(
    group({
      enabled: boolean(),
      error_mode: choice('', ['', 'transport']),
      address: text(),
      port: port(10_000),
      key: secret(),
      tls: tls(),
      reflection: boolean(),
      max_receive_message_size: integer(),
    }),
  ),
  consumers,
  websocket: group({
    disabled: boolean(),
    ...webSocketFields('/connection/websocket'),
    write_timeout: duration('1s'),
  }),
  sse: group(bodyEndpoint('/connection/sse')),
  http_stream: group(bodyEndpoint('/connection/http_stream')),
  webtransport: later(group({ ...endpoint('/connection/webtransport'), message_size_limit: integer(65_536) })),
  uni_sse: group({
    ...bodyEndpoint('/connection/uni_sse'),
    connect_code_to_http_response: codeToHttpResponse(),
  }),
  uni_http_stream: group({
    ...bodyEndpoint('/connection/uni_http_stream'),
    connect_code_to_http_response: codeToHttpResponse(),
  }),
  uni_websocket: group({
    enabled: boolean(),
    ...webSocketFields('/connection/uni_websocket'),
    // One timeout holds for all transports: that of `websocket`.
    write_timeout: later(duration('1s')),
    disable_closing_handshake: boolean(),
    disable_disconnect_push: boolean(),
    join_push_messages: later(boolean()),
  }),
  uni_grpc: later(
    group({
      enabled: boolean(),
      address: text(),
      port: port(11_000),
      max_receive_message_size: integer(),
      tls: tls(),
    }),
  ),
  emulation: group({ handler_prefix: text('/emulation'), max_request_body_size: bodyMaxBytes() }),
  admin: later(
    group({
      enabled: boolean(),
      handler_prefix: text(),
      password: secret(),
      secret: secret(),
      insecure: boolean(),
      web_path: text(),
      web_proxy_address: text(),
      external: boolean(),
    }),
  ),
  prometheus: group({
    ...endpoint('/metrics'),
    instrument_http_handlers: later(boolean()),
    recovered_publications_histogram: later(boolean()),
    native_histograms: later(boolean()),
  }),
  health: group(endpoint('/health')),
  swagger: later(group(endpoint('/swagger'))),
  debug: later(group(endpoint('/debug/pprof'))),
  init: group(endpoint('/connection/init')),
  opentelemetry: later(
    group({ enabled: boolean(), api: boolean(), consuming: boolean(), google_cloud_adc_auth: boolean() }),
  ),
  graphite: later(
    group({
      enabled: boolean(),
      host: text('localhost'),
      port: port(2_003),
      prefix: text('centrifugo'),
      interval: duration('10s'),
      tags: boolean(),
    }),
  ),
  // Nobody is sent any, whatever it says.
  usage_stats: group({ disabled: boolean() }),
  node: group({ name: text(), info_metrics_aggregate_interval: later(duration('60s')) }),
  // Stopping has a bound of its own, see the program.
  shutdown: later(group({ timeout: duration('30s') })),
  pid_file: later(text()),
  enable_unreleased_features: later(boolean()),
})

export type CentrifugoSettings = ValueOf<typeof centrifugoOptions>
