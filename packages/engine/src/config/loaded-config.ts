import type { ChannelSyntax, Disconnect } from '@xshathra/protocol'
import type { AdmissionOptions } from '../bare/admission-options.ts'
import type { ClientOptions } from '../options.ts'
import type { TokenVerifierOptions } from '../tokens/token-options.ts'
import type { CentrifugoSettings } from './centrifugo-options.ts'
import { buildRulesBook, type RulesBook } from './channel-rules-book.ts'
import {
  buildAdmissionOptions,
  buildClientOptions,
  buildTokenOptions,
  buildUnidirectionalDisconnects,
} from './client-limits.ts'
import type { ConfigWarning } from './findings.ts'
import { compileOriginRules, type OriginRule } from './origin-rules.ts'
import { buildProxyBook, type ProxyBook } from './proxy-book.ts'
import { buildTransportSettings, type TransportSettings, trimPath } from './transport-settings.ts'
import type { XshathraSettings } from './xshathra-options.ts'

/** All options in force, under the names of the file. Holds secrets: not for logs. */
export interface Settings extends CentrifugoSettings {
  readonly xshathra: XshathraSettings
}

export interface HandlerOptions {
  readonly enabled: boolean
  readonly path: string
}

export interface HttpApiOptions extends HandlerOptions {
  /** Empty: nobody is let in, unless `insecure`. */
  readonly key: string
  readonly insecure: boolean
  /** Whether errors are told in the HTTP status too. */
  readonly errorMode: 'body' | 'transport'
}

export type LogLevel = CentrifugoSettings['log']['level']

/** A configuration as the rooms of the engine take it: read, checked and compiled. */
export interface LoadedConfig {
  readonly settings: Settings
  readonly client: ClientOptions
  readonly admission: AdmissionOptions
  readonly namespaces: RulesBook
  readonly syntax: ChannelSyntax
  readonly token: TokenVerifierOptions
  /** Absent: {@link token} holds for subscription tokens too. */
  readonly subscriptionToken?: TokenVerifierOptions | undefined
  readonly proxies: ProxyBook
  readonly transports: TransportSettings
  /** Codes of failed connects and what they become on one-way transports; absent: the usual table. */
  readonly unidirectionalDisconnects?: ReadonlyMap<number, Disconnect> | undefined
  readonly allowedOrigins: readonly string[]
  readonly isOriginAllowed: OriginRule
  readonly httpApi: HttpApiOptions
  /** An empty address means every interface. */
  readonly httpServer: { readonly address: string; readonly port: number }
  readonly health: HandlerOptions
  readonly prometheus: HandlerOptions
  readonly log: { readonly level: LogLevel }
  /** Empty: to be chosen by the caller. */
  readonly nodeName: string
  readonly xshathra: XshathraSettings
  readonly warnings: readonly ConfigWarning[]
}

/** Compiles settings that were checked; throws where they were not. */
export const buildConfig = (settings: Settings, warnings: readonly ConfigWarning[]): LoadedConfig => {
  const { client, channel, xshathra } = settings
  return {
    settings,
    client: buildClientOptions(settings),
    admission: buildAdmissionOptions(client),
    namespaces: buildRulesBook(channel, xshathra),
    syntax: syntaxOf(channel),
    token: buildTokenOptions(client.token, client),
    subscriptionToken: client.subscription_token.enabled
      ? buildTokenOptions(client.subscription_token, client)
      : undefined,
    proxies: buildProxyBook(settings),
    transports: buildTransportSettings(settings),
    unidirectionalDisconnects: buildUnidirectionalDisconnects(client),
    allowedOrigins: client.allowed_origins,
    isOriginAllowed: originRuleOf(client.allowed_origins),
    ...buildServerOptions(settings),
    xshathra,
    warnings,
  }
}

const buildServerOptions = ({ http_api, http_server, health, prometheus, log, node }: Settings) => ({
  httpApi: {
    enabled: !http_api.disabled,
    path: trimPath(http_api.handler_prefix),
    key: http_api.key,
    insecure: http_api.insecure,
    errorMode: http_api.error_mode || ('body' as const),
  },
  httpServer: { address: http_server.address, port: http_server.port },
  health: { enabled: health.enabled, path: trimPath(health.handler_prefix) },
  prometheus: { enabled: prometheus.enabled, path: trimPath(prometheus.handler_prefix) },
  log: { level: log.level },
  nodeName: node.name,
})

const syntaxOf = (channel: CentrifugoSettings['channel']): ChannelSyntax => ({
  privatePrefix: channel.private_prefix,
  namespaceBoundary: channel.namespace_boundary,
  userBoundary: channel.user_boundary,
  userSeparator: channel.user_separator,
})

const originRuleOf = (patterns: readonly string[]): OriginRule => {
  const rules = compileOriginRules(patterns)
  if (!rules.ok) throw new Error('an allowed origin is no glob')
  return rules.value
}
