import { isAscii } from '@xshathra/protocol'
import type { CentrifugoSettings } from './centrifugo-options.ts'
import type { ChannelSettings } from './channel-rules-book.ts'
import { checkNames } from './check-names.ts'
import type { Findings } from './findings.ts'
import { nearestName } from './nearest-name.ts'
import { defaultProxyName, type ProxySettings, speaksHttp } from './proxy-book.ts'

/** Looks at the proxies of the client section and at the named ones. */
export const checkProxies = (settings: CentrifugoSettings, findings: Findings): void => {
  const { connect, refresh } = settings.client.proxy
  for (const [event, proxy] of Object.entries({ connect, refresh })) {
    if (!proxy.enabled) continue
    checkProxy(`client.proxy.${event}`, proxy, findings)
    checkScheme(`client.proxy.${event}`, proxy, findings)
  }
  checkNames(
    'proxies',
    settings.proxies.map(({ name }) => name),
    findings,
  )
  for (const [index, proxy] of settings.proxies.entries()) {
    const path = `proxies[${proxy.name || index}]`
    checkProxy(path, proxy, findings)
    if (proxy.name === defaultProxyName) {
      findings.problem(path, `has the name ${defaultProxyName}, which means the proxy of each event's own section`)
    }
  }
}

/** Looks at the proxies that the rules of some channels name. */
export const checkProxyUse = (
  path: string,
  rules: ChannelSettings,
  settings: CentrifugoSettings,
  findings: Findings,
): void => {
  for (const event of ['subscribe', 'publish', 'sub_refresh', 'subscribe_stream'] as const) {
    const isEnabled = rules[`${event}_proxy_enabled`]
    const name = rules[`${event}_proxy_name`]
    const proxy = name === defaultProxyName ? settings.channel.proxy[event] : findNamed(settings, name)
    if (proxy === undefined) {
      if (isEnabled || name !== '') refuseName(`${path}.${event}_proxy_name`, name, settings, findings)
    } else if (isEnabled) {
      const at = name === defaultProxyName ? `channel.proxy.${event}` : `proxies[${name}]`
      checkProxy(at, proxy, findings)
      // Refused as a whole already where it is enabled: a stream proxy speaks gRPC by nature.
      if (event !== 'subscribe_stream') checkScheme(at, proxy, findings)
    }
  }
}

const findNamed = (settings: CentrifugoSettings, name: string): ProxySettings | undefined =>
  settings.proxies.find((proxy) => proxy.name === name)

const refuseName = (path: string, name: string, settings: CentrifugoSettings, findings: Findings): void => {
  const names = settings.proxies.map((proxy) => proxy.name)
  const meant = nearestName(name, names)
  findings.problem(path, `names no proxy: "${name}"`, meant ? `Did you mean ${meant}?` : 'Add it to proxies.')
}

const checkScheme = (path: string, { endpoint }: ProxySettings, findings: Findings): void => {
  if (endpoint === '' || speaksHttp(endpoint)) return
  const message = 'is no HTTP address, and gRPC is not spoken here'
  findings.problem(`${path}.endpoint`, message, 'Give an address that starts with http:// or https://.')
}

const checkProxy = (path: string, proxy: ProxySettings, findings: Findings): void => {
  if (!findings.isReadable(path)) return
  if (proxy.endpoint === '') findings.problem(`${path}.endpoint`, 'is missing', 'Set the address to ask.')
  if (proxy.timeout === 0) findings.problem(`${path}.timeout`, 'is 0s', 'Set how long an answer is waited for.')
  for (const [index, transform] of proxy.http.status_to_code_transforms.entries()) {
    const message = explainTransform(transform)
    if (message) findings.problem(`${path}.http.status_to_code_transforms[${index}]`, message)
  }
}

type StatusTransform = ProxySettings['http']['status_to_code_transforms'][number]

/** What a WebSocket close frame has room for (RFC 6455 §5.5), which is where such a text may end. */
const maxReasonLength = 123

const explainTransform = ({ status_code, to_error, to_disconnect }: StatusTransform): string | undefined => {
  if (status_code === 0) return 'has no status_code'
  if ((to_error.code === 0) === (to_disconnect.code === 0)) return 'needs the code of either to_error or to_disconnect'
  const text = to_error.code > 0 ? to_error.message : to_disconnect.reason
  if (!isAscii(text) || text.length > maxReasonLength)
    return `has a text of more than ${maxReasonLength} ASCII characters`
  return undefined
}
