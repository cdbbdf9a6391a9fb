import { clientProxy, codeToDisconnect } from './connection-options.ts'
import { boolean, duration, group, integer, later, secret, text, textList } from './option-kinds.ts'

/** Which tokens are believed. */
const tokenFields = () => ({
  hmac_secret_key: secret(),
  hmac_previous_secret_key: secret(),
  hmac_previous_secret_key_valid_until: integer(),
  rsa_public_key: text(),
  ecdsa_public_key: text(),
  jwks_public_endpoint: text(),
  audience: text(),
  audience_regex: text(),
  issuer: text(),
  issuer_regex: text(),
  user_id_claim: text(),
  insecure_skip_jwks_endpoint_safety_check: boolean(),
})

const mayBeNegative = { mayBeNegative: true }

/** What holds for every connection. */
export const client = group({
  proxy: group({ connect: clientProxy(), refresh: clientProxy() }),
  allowed_origins: textList(),
  token: group(tokenFields()),
  subscription_token: group({ enabled: boolean(), ...tokenFields() }),
  allow_anonymous_connect_without_token: boolean(),
  disallow_anonymous_connection_tokens: boolean(),
  ping_interval: duration('25s', mayBeNegative),
  pong_timeout: duration('8s', mayBeNegative),
  expired_close_delay: duration('25s'),
  expired_sub_close_delay: duration('25s'),
  stale_close_delay: duration('10s'),
  channel_limit: integer(128),
  queue_max_size: integer(1_048_576),
  presence_update_interval: duration('27s'),
  concurrency: integer(),
  channel_position_check_delay: duration('40s'),
  // One process has no lag between nodes.
  channel_position_max_time_lag: later(duration('0s')),
  connection_limit: integer(),
  user_connection_limit: integer(),
  connection_rate_limit: integer(),
  connect_include_server_time: boolean(),
  history_max_publication_limit: integer(300),
  recovery_max_publication_limit: integer(300),
  insecure_skip_token_signature_verify: boolean(),
  user_id_http_header: text(),
  insecure: boolean(),
  subscribe_to_user_personal_channel: group({
    enabled: boolean(),
    personal_channel_namespace: text(),
    single_connection: boolean(),
  }),
  connect_code_to_unidirectional_disconnect: codeToDisconnect(),
})
