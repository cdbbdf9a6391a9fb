import { RE2JS } from 're2js'
import type { ChannelRules, Permission, Retention } from '../channel-rules.ts'
import type { CentrifugoSettings } from './centrifugo-options.ts'
import type { XshathraSettings } from './xshathra-options.ts'

/** Options of one namespace, or of the channels without one. */
export type ChannelSettings = CentrifugoSettings['channel']['without_namespace']

type ChannelSection = CentrifugoSettings['channel']

/** The compiled rules of all channels. */
export interface RulesBook {
  readonly withoutNamespace: ChannelRules
  readonly namespaces: ReadonlyMap<string, ChannelRules>
  /** By namespace, `''` for channels without one; undefined where there is no such namespace. */
  rulesOf(namespace: string): ChannelRules | undefined
}

export const buildRulesBook = (channel: ChannelSection, xshathra: XshathraSettings): RulesBook => {
  const durabilityOf = (name: string) => xshathra.namespaces[name]?.durability || xshathra.history.durability
  const compile = (name: string, rules: ChannelSettings) => compileRules(name, rules, channel, durabilityOf(name))
  const withoutNamespace = compile('', channel.without_namespace)
  const namespaces = new Map(channel.namespaces.map((rules) => [rules.name, compile(rules.name, rules)]))
  const all = new Map([...namespaces, ['', withoutNamespace]])
  return { withoutNamespace, namespaces, rulesOf: (namespace) => all.get(namespace) }
}

/** Where nothing else is said, an unused stream is forgotten after 30 days. */
const fallbackMetaTtlMs = 30 * 24 * 3_600_000

export const effectiveMetaTtlMs = (rules: ChannelSettings, channel: ChannelSection): number =>
  rules.history_meta_ttl || channel.history_meta_ttl || fallbackMetaTtlMs

const compileRules = (
  namespace: string,
  rules: ChannelSettings,
  channel: ChannelSection,
  durability: Retention['durability'],
): ChannelRules => ({
  namespace,
  subscriptionType: rules.subscription_type,
  presence: rules.presence,
  joinLeave: rules.join_leave,
  forcePushJoinLeave: rules.force_push_join_leave,
  history: compileRetention(rules, channel, durability),
  forcePositioning: rules.force_positioning,
  allowPositioning: rules.allow_positioning,
  forceRecovery: rules.force_recovery,
  allowRecovery: rules.allow_recovery,
  recoveryMode: rules.force_recovery_mode === 'cache' ? 'cache' : 'stream',
  autoCacheRecover: rules.auto_cache_recover,
  allowFossilDelta: rules.allowed_delta_types.includes('fossil'),
  deltaPublish: rules.delta_publish,
  allowTagsFilter: rules.allow_tags_filter,
  allowSubscribeForClient: rules.allow_subscribe_for_client,
  allowSubscribeForAnonymous: rules.allow_subscribe_for_anonymous,
  publish: permissionOf(rules, 'publish'),
  presencePermission: permissionOf(rules, 'presence'),
  historyPermission: permissionOf(rules, 'history'),
  allowUserLimitedChannels: rules.allow_user_limited_channels,
  matches: compileRegex(rules.channel_regex),
  dataFormat: rules.publication_data_format || channel.publication_data_format,
  subscribeProxy: rules.subscribe_proxy_enabled ? rules.subscribe_proxy_name : undefined,
  publishProxy: rules.publish_proxy_enabled ? rules.publish_proxy_name : undefined,
  subRefreshProxy: rules.sub_refresh_proxy_enabled ? rules.sub_refresh_proxy_name : undefined,
})

const compileRetention = (
  rules: ChannelSettings,
  channel: ChannelSection,
  durability: Retention['durability'],
): Retention | undefined =>
  rules.history_size > 0 && rules.history_ttl > 0
    ? {
        size: rules.history_size,
        ttlMs: rules.history_ttl,
        metaTtlMs: effectiveMetaTtlMs(rules, channel),
        durability,
      }
    : undefined

const permissionOf = (rules: ChannelSettings, action: 'publish' | 'presence' | 'history'): Permission => ({
  forClient: rules[`allow_${action}_for_client`],
  forSubscriber: rules[`allow_${action}_for_subscriber`],
  forAnonymous: rules[`allow_${action}_for_anonymous`],
})

/** RE2 takes linear time, which matters for names that clients choose. Unanchored, as Centrifugo has it. */
const compileRegex = (regex: string): ChannelRules['matches'] => {
  if (regex === '') return undefined
  const compiled = RE2JS.compile(regex)
  return (rest) => compiled.test(rest)
}
