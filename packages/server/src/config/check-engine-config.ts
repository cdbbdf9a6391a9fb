import type { ConfigProblem, LoadedConfig } from '@xshathra/engine'

type Settings = LoadedConfig['settings']
type ChannelSettings = Settings['channel']['without_namespace']

/** A key that leads past the projects, and what to do about it. */
type Finding = readonly [path: string, message: string, cure: string]

/**
 * Names every setting that would let a connection past the rules of projects, on this engine or on a Centrifugo that
 * reads the same file, whose connections we do not see: there only proxies and signed tokens keep tenants apart.
 */
export const checkEngineConfig = (settings: Settings): readonly ConfigProblem[] =>
  [
    ...checkClient(settings),
    ...checkTokens(settings),
    ...checkProxies(settings),
    ...checkSyntax(settings),
    ...checkDoors('channel.without_namespace', settings.channel.without_namespace, settings),
    ...settings.channel.namespaces.flatMap((namespace) =>
      checkDoors(`channel.namespaces[${namespace.name}]`, namespace, settings),
    ),
  ].map(([path, message, cure]) => ({ path, origin: 'default', message, cure }))

const elsewhere = 'Remove it, or serve this file with xshathra engine, which knows no projects.'

/** A finding for each of the paths whose value is set. */
const refuseSet = (values: Readonly<Record<string, unknown>>, message: string, cure = elsewhere): Finding[] =>
  Object.entries(values).flatMap(([path, isSet]): Finding[] => (isSet ? [[path, message, cure]] : []))

const checkClient = ({ client, http_api }: Settings): Finding[] =>
  refuseSet(
    {
      'client.insecure': client.insecure,
      'client.insecure_skip_token_signature_verify': client.insecure_skip_token_signature_verify,
      'client.allow_anonymous_connect_without_token': client.allow_anonymous_connect_without_token,
      'client.user_id_http_header': client.user_id_http_header,
      'client.subscribe_to_user_personal_channel.enabled': client.subscribe_to_user_personal_channel.enabled,
      'http_api.insecure': http_api.insecure,
    },
    'lets connections past the projects',
  )

/** Only we issue tokens, and ours carry neither audience nor issuer. */
const checkTokens = ({ client: { token, subscription_token } }: Settings): Finding[] => [
  ...refuseSet(
    {
      'client.token.jwks_public_endpoint': token.jwks_public_endpoint,
      'client.token.rsa_public_key': token.rsa_public_key,
      'client.token.ecdsa_public_key': token.ecdsa_public_key,
      'client.subscription_token.enabled': subscription_token.enabled,
    },
    'lets others issue tokens, who could name any project',
  ),
  ...refuseSet(
    {
      'client.token.audience': token.audience,
      'client.token.audience_regex': token.audience_regex,
      'client.token.issuer': token.issuer,
      'client.token.issuer_regex': token.issuer_regex,
      'client.token.user_id_claim': token.user_id_claim,
    },
    'asks for claims that the tokens of projects do not have',
  ),
]

/** Where Centrifugo asks us; the host is the operator's choice. */
const internalPath = '/api/internal/centrifugo/'

const isOurs = (endpoint: string, event: string): boolean => URL.parse(endpoint)?.pathname === `${internalPath}${event}`

const checkProxies = ({ client, channel }: Settings): Finding[] => {
  const { connect, refresh } = client.proxy
  const findings = refuseSet(
    { 'client.proxy.refresh.enabled': refresh.enabled },
    'would end the refresh of tokens by SDKs',
  )
  if (connect.enabled && !isOurs(connect.endpoint, 'connect')) {
    findings.push(['client.proxy.connect.endpoint', 'lets others admit connections', useOurs('connect')])
  }
  for (const event of ['subscribe', 'publish'] as const) {
    const { endpoint } = channel.proxy[event]
    if (endpoint !== '' && !isOurs(endpoint, event)) {
      findings.push([`channel.proxy.${event}.endpoint`, `lets others allow a ${event}`, useOurs(event)])
    }
  }
  return findings
}

const useOurs = (event: string): string => `Let it end in ${internalPath}${event}.`

/** The grammar of channel names is the same for everybody who reads them: clients, tokens, other servers. */
const checkSyntax = ({ channel }: Settings): Finding[] => {
  const standard = { private_prefix: '$', namespace_boundary: ':', user_boundary: '#', user_separator: ',' } as const
  return Object.entries(standard).flatMap(([name, value]): Finding[] =>
    channel[name as keyof typeof standard] === value
      ? []
      : [[`channel.${name}`, 'changes how channel names are read', `Leave it at ${value}.`]],
  )
}

/** The doors of one namespace: what opens without a token needs a proxy that asks us. */
const checkDoors = (path: string, rules: ChannelSettings, { proxies }: Settings): Finding[] => {
  const at = (option: keyof ChannelSettings) => `${path}.${option}`
  const isAsked = rules.subscribe_proxy_enabled
  const withoutProxy = refuseSet(
    {
      [at('allow_subscribe_for_client')]: rules.allow_subscribe_for_client && !isAsked,
      [at('allow_subscribe_for_anonymous')]: rules.allow_subscribe_for_anonymous && !isAsked,
    },
    'opens channels without a token and without asking us',
    'Set subscribe_proxy_enabled too.',
  )
  const publishable = rules.allow_publish_for_subscriber && !rules.publish_proxy_enabled
  return [
    ...withoutProxy,
    ...refuseSet(
      { [at('allow_publish_for_subscriber')]: publishable },
      'lets clients publish without asking us',
      'Set publish_proxy_enabled too.',
    ),
    ...refuseForClient(path, rules),
    ...checkNamedProxies(path, rules, proxies),
    ...checkPersonal(path, rules),
    ...refuseSet(
      { [at('sub_refresh_proxy_enabled')]: rules.sub_refresh_proxy_enabled },
      'lets others extend subscriptions',
    ),
  ]
}

/** Whoever is connected could name a channel of another project. */
const refuseForClient = (path: string, rules: ChannelSettings): Finding[] =>
  (['publish', 'history', 'presence'] as const).flatMap((action) =>
    refuseSet(
      { [`${path}.allow_${action}_for_client`]: rules[`allow_${action}_for_client`] },
      'holds for channels of every project',
      `Use allow_${action}_for_subscriber.`,
    ),
  )

const checkNamedProxies = (path: string, rules: ChannelSettings, proxies: Settings['proxies']): Finding[] =>
  (['subscribe', 'publish'] as const).flatMap((event): Finding[] => {
    const named = proxies.find(({ name }) => name === rules[`${event}_proxy_name`])
    if (!rules[`${event}_proxy_enabled`] || named === undefined || isOurs(named.endpoint, event)) return []
    return [[`proxies[${named.name}].endpoint`, `lets others allow a ${event} in ${path}`, useOurs(event)]]
  })

/**
 * What a personal channel looks like behind its namespace: one user of one project. Without it, a name that lists users of
 * two projects would join them.
 */
export const personalChannelRegex = '^#proj_[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{26}:[!"$-+\\x2d-~]+$'

const checkPersonal = (path: string, rules: ChannelSettings): Finding[] =>
  refuseSet(
    {
      [`${path}.channel_regex`]: rules.allow_user_limited_channels && rules.channel_regex !== personalChannelRegex,
    },
    'lets a personal channel be of users of several projects',
    `Use ${personalChannelRegex}`,
  )
