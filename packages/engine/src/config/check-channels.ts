import { RE2JS } from 're2js'
import type { CentrifugoSettings } from './centrifugo-options.ts'
import { type ChannelSettings, effectiveMetaTtlMs } from './channel-rules-book.ts'
import { checkNames } from './check-names.ts'
import { checkProxyUse } from './check-proxies.ts'
import { formatDuration } from './duration.ts'
import type { Findings } from './findings.ts'

/** Looks at the rules of channels for what contradicts itself or names what is not there. */
export const checkChannels = (settings: CentrifugoSettings, findings: Findings): void => {
  const { namespaces, without_namespace } = settings.channel
  checkNames(
    'channel.namespaces',
    namespaces.map(({ name }) => name),
    findings,
  )
  checkRules('channel.without_namespace', without_namespace, settings, findings)
  for (const [index, namespace] of namespaces.entries()) {
    checkRules(`channel.namespaces[${namespace.name || index}]`, namespace, settings, findings)
  }
}

const checkRules = (path: string, rules: ChannelSettings, settings: CentrifugoSettings, findings: Findings): void => {
  if (!findings.isReadable(path, 'channel.history_meta_ttl')) return
  checkHistory(path, rules, settings, findings)
  checkRegex(path, rules.channel_regex, findings)
  checkStreamProxy(path, rules, findings)
  checkMapKey(path, rules, findings)
  if (findings.isReadable('proxies')) checkProxyUse(path, rules, settings, findings)
}

const checkHistory = (path: string, rules: ChannelSettings, settings: CentrifugoSettings, findings: Findings): void => {
  const { history_size: size, history_ttl: ttlMs, force_recovery, auto_cache_recover, force_recovery_mode } = rules
  const metaTtlMs = effectiveMetaTtlMs(rules, settings.channel)
  if (size > 0 && ttlMs === 0) {
    findings.problem(`${path}.history_size`, 'is set without history_ttl', 'Set both or none.')
  }
  if (size === 0 && ttlMs > 0) {
    findings.problem(`${path}.history_ttl`, 'is set without history_size', 'Set both or none.')
  }
  if (ttlMs > metaTtlMs) {
    const cure = `Give at most ${formatDuration(metaTtlMs)}, which is history_meta_ttl here, or raise that.`
    findings.problem(`${path}.history_ttl`, `is ${formatDuration(ttlMs)}`, cure)
  }
  if (force_recovery && (size === 0 || ttlMs === 0)) {
    findings.problem(`${path}.force_recovery`, 'needs history', 'Set history_size and history_ttl.')
  }
  if (auto_cache_recover && !(force_recovery && force_recovery_mode === 'cache')) {
    const cure = 'Set force_recovery, and force_recovery_mode to cache.'
    findings.problem(`${path}.auto_cache_recover`, 'needs recovery from a cache', cure)
  }
}

const checkRegex = (path: string, regex: string, findings: Findings): void => {
  try {
    RE2JS.compile(regex)
  } catch (error) {
    const message = `is no regular expression that RE2 can run: ${(error as Error).message}`
    findings.problem(`${path}.channel_regex`, message)
  }
}

/**
 * A stream proxy speaks gRPC, which the engine does not. It decides who may subscribe, so that passing over it could open
 * channels: unlike other options that are not honoured yet, it is refused.
 */
const checkStreamProxy = (path: string, rules: ChannelSettings, findings: Findings): void => {
  if (!rules.subscribe_stream_proxy_enabled) return
  const at = `${path}.subscribe_stream_proxy_enabled`
  findings.problem(at, 'needs gRPC, which this engine does not speak', 'Use the subscribe proxy over HTTP.')
  if (rules.subscribe_proxy_enabled || rules.publish_proxy_enabled || rules.sub_refresh_proxy_enabled) {
    findings.problem(at, 'excludes the subscribe, publish and sub_refresh proxies', 'Keep one or the others.')
  }
}

const checkMapKey = (path: string, { map }: ChannelSettings, findings: Findings): void => {
  if (map.client_key === '' || !(map.publish_proxy_enabled || map.remove_proxy_enabled)) return
  findings.problem(`${path}.map.client_key`, 'excludes the map proxies, which choose the key', 'Keep one of them.')
}
