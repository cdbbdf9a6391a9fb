import type { Disconnect } from '@xshathra/protocol'
import type { AdmissionOptions } from '../bare/admission-options.ts'
import { type ClientOptions, defaultClientOptions } from '../options.ts'
import type { TokenVerifierOptions } from '../tokens/token-options.ts'
import type { CentrifugoSettings } from './centrifugo-options.ts'

type ClientSection = CentrifugoSettings['client']

/** What holds for every connection. Where Centrifugo takes its default for 0, so do we: nothing is left unbounded. */
export const buildClientOptions = ({ client, channel, rpc }: CentrifugoSettings): ClientOptions => ({
  pingIntervalMs: Math.max(0, client.ping_interval),
  pongTimeoutMs: Math.max(0, client.pong_timeout),
  staleCloseDelayMs: client.stale_close_delay || defaultClientOptions.staleCloseDelayMs,
  expiredCloseDelayMs: client.expired_close_delay || defaultClientOptions.expiredCloseDelayMs,
  expiredSubCloseDelayMs: client.expired_sub_close_delay || defaultClientOptions.expiredSubCloseDelayMs,
  presenceUpdateIntervalMs: client.presence_update_interval || defaultClientOptions.presenceUpdateIntervalMs,
  channelLimit: client.channel_limit || defaultClientOptions.channelLimit,
  channelMaxLength: channel.max_length || defaultClientOptions.channelMaxLength,
  queueMaxBytes: client.queue_max_size || defaultClientOptions.queueMaxBytes,
  concurrency: client.concurrency,
  connectionLimit: client.connection_limit,
  connectionRateLimit: client.connection_rate_limit,
  userConnectionLimit: client.user_connection_limit,
  historyMaxPublicationLimit: client.history_max_publication_limit,
  recoveryMaxPublicationLimit: client.recovery_max_publication_limit,
  connectIncludeServerTime: client.connect_include_server_time,
  insecure: client.insecure,
  personalChannel: personalChannelOf(client),
  rpcPingMethod: rpc.ping.enabled ? rpc.ping.method : undefined,
  strictServerSubscriptions: true,
})

const personalChannelOf = (client: ClientSection): ClientOptions['personalChannel'] => {
  const { enabled, personal_channel_namespace, single_connection } = client.subscribe_to_user_personal_channel
  return enabled ? { namespace: personal_channel_namespace, singleConnection: single_connection } : undefined
}

export const buildAdmissionOptions = (client: ClientSection): AdmissionOptions => ({
  allowAnonymousConnectWithoutToken: client.allow_anonymous_connect_without_token,
  disallowAnonymousConnectionTokens: client.disallow_anonymous_connection_tokens,
  insecure: client.insecure,
  userIdHttpHeader: client.user_id_http_header,
})

/** Codes of failed connects and what they become on one-way transports; absent: the usual table. */
export const buildUnidirectionalDisconnects = (client: ClientSection): ReadonlyMap<number, Disconnect> | undefined => {
  const { enabled, transforms } = client.connect_code_to_unidirectional_disconnect
  return enabled ? new Map(transforms.map(({ code, to }) => [code, to])) : undefined
}

export const buildTokenOptions = (token: ClientSection['token'], client: ClientSection): TokenVerifierOptions => ({
  hmacSecretKey: token.hmac_secret_key,
  hmacPreviousSecretKey: token.hmac_previous_secret_key,
  hmacPreviousSecretKeyValidUntil: token.hmac_previous_secret_key_valid_until,
  rsaPublicKey: token.rsa_public_key,
  ecdsaPublicKey: token.ecdsa_public_key,
  jwksPublicEndpoint: token.jwks_public_endpoint,
  insecureSkipJwksEndpointSafetyCheck: token.insecure_skip_jwks_endpoint_safety_check,
  audience: token.audience,
  audienceRegex: token.audience_regex,
  issuer: token.issuer,
  issuerRegex: token.issuer_regex,
  userIdClaim: token.user_id_claim,
  insecureSkipSignature: client.insecure_skip_token_signature_verify,
})
