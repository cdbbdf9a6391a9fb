import { boolean, duration, group, integer, later, list, secret, text, textList, textMap } from './option-kinds.ts'

/** Groups that recur in many sections of a Centrifugo v6 configuration: TLS, proxies to a backend, storages. */

/** Certificates are left to the reverse proxy in front of the engine. */
export const tls = () =>
  later(
    group({
      enabled: boolean(),
      cert_pem: text(),
      key_pem: secret(),
      server_ca_pem: text(),
      client_ca_pem: text(),
      insecure_skip_verify: boolean(),
      server_name: text(),
    }),
  )

const code = () => integer(0, { max: 4_294_967_295 })

export const toDisconnect = () => group({ code: code(), reason: text() })

/** How a backend is asked: the fields of every proxy. */
export const proxyFields = () => ({
  endpoint: text(),
  timeout: duration('1s'),
  http_headers: textList(),
  grpc_metadata: later(textList()),
  emulated_headers: textList(),
  binary_encoding: boolean(),
  include_connection_meta: boolean(),
  http: group({
    tls: tls(),
    static_headers: textMap(),
    status_to_code_transforms: list({
      status_code: integer(),
      to_error: group({ code: code(), message: text(), temporary: boolean() }),
      to_disconnect: toDisconnect(),
    }),
  }),
  grpc: later(
    group({
      tls: tls(),
      credentials_key: text(),
      credentials_value: secret(),
      compression: boolean(),
      static_metadata: textMap(),
    }),
  ),
})

export const proxy = () => group(proxyFields())

/** A proxy of the client section, which is switched on by itself and not by a namespace. */
export const clientProxy = () => group({ enabled: boolean(), ...proxyFields() })

/** Codes of a failed connect, and what they become. */
export const codeToDisconnect = () =>
  group({ enabled: boolean(), transforms: list({ code: code(), to: toDisconnect() }) })

export const codeToHttpResponse = () =>
  group({
    enabled: boolean(),
    transforms: list({ code: code(), to: group({ status_code: integer(), body: text() }) }),
  })

export const redisFields = () => ({
  prefix: text('centrifugo'),
  ...redisConnectionFields(),
})

export const redisConnectionFields = () => ({
  address: textList(['redis://127.0.0.1:6379']),
  connect_timeout: duration('1s'),
  io_timeout: duration('4s'),
  db: integer(),
  user: text(),
  password: secret(),
  client_name: text(),
  force_resp2: boolean(),
  cluster_address: textList(),
  tls: tls(),
  sentinel_address: textList(),
  sentinel_user: text(),
  sentinel_password: secret(),
  sentinel_master_name: text(),
  sentinel_client_name: text(),
  sentinel_tls: tls(),
  replica_client: group({ enabled: boolean() }),
})
