/** The server API's key, which the load client and the cases send along. Worth nothing: it lives as long as a run. */
export const apiKey = 'bench'

/** The secret behind the connection tokens of a run. */
export const tokenSecret = 'bench'

/** Channels of this namespace have history; those of the other, and those without a namespace, have none. */
export const historyNamespace = 'kept'
export const openNamespace = 'open'

const historyRules = { history_size: 100, history_ttl: '300s', force_recovery: true } as const

/** One configuration for both, the engine and Centrifugo: what is not said here is as each has it by default. */
export const config = {
  client: {
    allow_anonymous_connect_without_token: true,
    token: { hmac_secret_key: tokenSecret },
  },
  http_api: { key: apiKey },
  channel: {
    without_namespace: {
      allow_subscribe_for_client: true,
      allow_subscribe_for_anonymous: true,
      allow_publish_for_client: true,
      allow_publish_for_anonymous: true,
    },
    namespaces: [
      {
        name: historyNamespace,
        allow_subscribe_for_client: true,
        allow_subscribe_for_anonymous: true,
        ...historyRules,
      },
      { name: openNamespace, allow_subscribe_for_client: true },
    ],
  },
} as const

/** What our platform asks for where a namespace opens without a token of its own; it answers itself and calls nobody. */
const platformRules = { allow_subscribe_for_client: true, subscribe_proxy_enabled: true } as const

/** The same namespaces for the platform, which knows no channels without one and nobody without a token. */
export const platformConfig = {
  channel: {
    proxy: { subscribe: { endpoint: 'http://127.0.0.1:3001/api/internal/centrifugo/subscribe' } },
    namespaces: [
      { name: historyNamespace, ...platformRules, ...historyRules },
      { name: openNamespace, ...platformRules },
    ],
  },
} as const
