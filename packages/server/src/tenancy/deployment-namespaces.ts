import type { ChannelRules } from '@xshathra/engine'
import type { FormLookup } from './channel-grammar.ts'

/** Backends that namespaces name, by those names; only the address matters here. */
export type ProxyAddresses = ReadonlyMap<string, { readonly endpoint: string }>

/** Namespaces of a configuration that a deployment of projects shares. */
export interface DeploymentNamespaces {
  readonly rules: ReadonlyMap<string, ChannelRules>
  readonly formOf: FormLookup
}

/** Where a real Centrifugo asks us what we decide here by ourselves, whatever host it finds us at. */
const ownPath = '/api/internal/centrifugo/'

/**
 * Takes the proxies out of a configuration's namespaces. What ours would have answered the rules answer; what somebody
 * else's backend guards stays shut, because nobody here asks it.
 */
export const deploymentNamespaces = (
  namespaces: ReadonlyMap<string, ChannelRules>,
  proxies: { readonly subscribe: ProxyAddresses; readonly publish: ProxyAddresses },
): DeploymentNamespaces => {
  const rules = new Map(Array.from(namespaces, ([name, each]) => [name, withoutProxies(each, proxies)] as const))
  const forms = new Map(
    Array.from(rules, ([name, each]) => [name, each.allowUserLimitedChannels ? 'personal' : 'plain'] as const),
  )
  return { rules, formOf: (namespace) => forms.get(namespace) }
}

const withoutProxies = (
  rules: ChannelRules,
  proxies: { readonly subscribe: ProxyAddresses; readonly publish: ProxyAddresses },
): ChannelRules => {
  const mayAnswerSubscribe = isOurs(proxies.subscribe, rules.subscribeProxy)
  const mayAnswerPublish = isOurs(proxies.publish, rules.publishProxy)
  return {
    ...rules,
    subscribeProxy: undefined,
    publishProxy: undefined,
    subRefreshProxy: undefined,
    allowSubscribeForClient: rules.allowSubscribeForClient && mayAnswerSubscribe,
    publish: mayAnswerPublish ? rules.publish : { forClient: false, forSubscriber: false, forAnonymous: false },
  }
}

/** Whether no proxy is named, or one that leads back to us. */
const isOurs = (proxies: ProxyAddresses, name: string | undefined): boolean => {
  if (name === undefined) return true
  const endpoint = proxies.get(name)?.endpoint ?? ''
  return URL.canParse(endpoint) && new URL(endpoint).pathname.startsWith(ownPath)
}
