import { isAscii } from '@xshathra/protocol'
import { checkTokenOptions } from '../tokens/check-token-options.ts'
import type { CentrifugoSettings } from './centrifugo-options.ts'
import { buildTokenOptions } from './client-limits.ts'
import { formatDuration } from './duration.ts'
import type { Findings } from './findings.ts'
import { nearestName } from './nearest-name.ts'
import { compileOriginRules } from './origin-rules.ts'
import { trimPath } from './transport-settings.ts'
import type { XshathraSettings } from './xshathra-options.ts'

/** Looks at what holds for all connections and for the program as a whole. */
export const checkServer = (settings: CentrifugoSettings, xshathra: XshathraSettings, findings: Findings): void => {
  checkPings(settings, findings)
  checkOrigins(settings.client.allowed_origins, findings)
  checkTokens(settings.client, findings)
  checkUserIdHeader(settings.client.user_id_http_header, findings)
  checkPersonalChannel(settings, findings)
  checkTransforms(settings, findings)
  checkPaths(settings, findings)
  checkDurabilities(settings, xshathra, findings)
}

const checkPings = ({ client }: CentrifugoSettings, findings: Findings): void => {
  const { ping_interval: intervalMs, pong_timeout: timeoutMs } = client
  if (!findings.isReadable('client.ping_interval', 'client.pong_timeout')) return
  if (intervalMs <= 0 || timeoutMs <= 0 || intervalMs > timeoutMs) return
  const cure = `Give more than client.pong_timeout, which is ${formatDuration(timeoutMs)}.`
  findings.problem('client.ping_interval', `is ${formatDuration(intervalMs)}`, cure)
}

const checkOrigins = (patterns: readonly string[], findings: Findings): void => {
  const rules = compileOriginRules(patterns)
  if (!rules.ok) {
    for (const { pattern } of rules.problem) {
      findings.problem('client.allowed_origins', `holds "${pattern}", which is no glob`, 'Close its brackets.')
    }
  }
  for (const pattern of patterns) {
    if (pattern === pattern.toLowerCase()) continue
    const message = `holds "${pattern}", which fits no origin, since they are compared in lower case`
    findings.warn('ineffective', 'client.allowed_origins', message, 'Write it in lower case.')
  }
}

type ClientSection = CentrifugoSettings['client']

const checkTokens = (client: ClientSection, findings: Findings): void => {
  const sections = ['token', ...(client.subscription_token.enabled ? (['subscription_token'] as const) : [])] as const
  for (const section of sections) {
    for (const { option, message } of checkTokenOptions(buildTokenOptions(client[section], client))) {
      findings.problem(`client.${section}.${inSnakeCase(option)}`, message)
    }
  }
}

const inSnakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** RFC 9110 §5.6.2, token. */
const headerName = /^[!#$%&'*+\-.^_`|~\w]*$/

const checkUserIdHeader = (header: string, findings: Findings): void => {
  if (!headerName.test(header)) {
    findings.problem('client.user_id_http_header', `is "${header}", which is no name of a header`)
  }
}

const checkPersonalChannel = ({ client, channel }: CentrifugoSettings, findings: Findings): void => {
  const path = 'client.subscribe_to_user_personal_channel'
  const { enabled, personal_channel_namespace: name, single_connection } = client.subscribe_to_user_personal_channel
  if (!enabled || !findings.isReadable('channel.namespaces', 'channel.without_namespace')) return
  const rules = name === '' ? channel.without_namespace : channel.namespaces.find((other) => other.name === name)
  if (rules === undefined) {
    const names = channel.namespaces.map((namespace) => namespace.name)
    findings.problem(`${path}.personal_channel_namespace`, `names no namespace: "${name}"`, suggest(name, names))
  } else if (single_connection && !rules.presence) {
    findings.problem(`${path}.single_connection`, 'needs presence', `Set presence for ${name || 'without_namespace'}.`)
  }
}

const suggest = (name: string, names: readonly string[]): string | undefined => {
  const meant = nearestName(name, names)
  return meant && `Did you mean ${meant}?`
}

const checkTransforms = ({ client, uni_sse, uni_http_stream }: CentrifugoSettings, findings: Findings): void => {
  const toDisconnects = 'connect_code_to_unidirectional_disconnect'
  for (const [index, { code, to }] of client[toDisconnects].transforms.entries()) {
    const path = `client.${toDisconnects}.transforms[${index}]`
    if (code === 0 || to.code === 0) findings.problem(path, 'needs both codes, its own and that of "to"')
    if (!isAscii(to.reason)) findings.problem(`${path}.to.reason`, 'may have ASCII characters only')
  }
  for (const [name, section] of Object.entries({ uni_sse, uni_http_stream })) {
    for (const [index, { code, to }] of section.connect_code_to_http_response.transforms.entries()) {
      const path = `${name}.connect_code_to_http_response.transforms[${index}]`
      if (code === 0) findings.problem(path, 'has no code')
      if (to.status_code < 200 || to.status_code > 599) {
        findings.problem(`${path}.to.status_code`, `is ${to.status_code}`, 'Give an HTTP status from 200 to 599.')
      }
    }
  }
}

/** Whoever serves a path must be alone on it. */
const checkPaths = (settings: CentrifugoSettings, findings: Findings): void => {
  const { websocket, http_stream, sse, http_api } = settings
  const served: readonly (readonly [string, { readonly handler_prefix: string }, boolean])[] = [
    ['websocket', websocket, !websocket.disabled],
    ['http_stream', http_stream, http_stream.enabled],
    ['sse', sse, sse.enabled],
    ['emulation', settings.emulation, http_stream.enabled || sse.enabled],
    ['uni_websocket', settings.uni_websocket, settings.uni_websocket.enabled],
    ['uni_sse', settings.uni_sse, settings.uni_sse.enabled],
    ['uni_http_stream', settings.uni_http_stream, settings.uni_http_stream.enabled],
    ['init', settings.init, settings.init.enabled],
    ['http_api', http_api, !http_api.disabled],
    ['prometheus', settings.prometheus, settings.prometheus.enabled],
    ['health', settings.health, settings.health.enabled],
  ]
  const taken = new Map<string, string>()
  for (const [name, { handler_prefix }] of served.filter(([, , isServed]) => isServed)) {
    const path = `${name}.handler_prefix`
    const trimmed = trimPath(handler_prefix)
    const other = taken.get(trimmed)
    if (!/^\/[^?#\s]*$/.test(trimmed)) {
      findings.problem(path, `is "${handler_prefix}"`, 'Give a path that starts with /.')
    } else if (other) {
      findings.problem(path, `is "${handler_prefix}", where ${other} is served already`, 'Give each a path of its own.')
    }
    taken.set(trimmed, name)
  }
}

const checkDurabilities = (
  { channel }: CentrifugoSettings,
  { namespaces }: XshathraSettings,
  findings: Findings,
): void => {
  if (!findings.isReadable('channel.namespaces')) return
  const names = channel.namespaces.map(({ name }) => name)
  for (const name of Object.keys(namespaces)) {
    if (names.includes(name)) continue
    findings.problem(`xshathra.namespaces.${name}`, 'names no namespace of channel.namespaces', suggest(name, names))
  }
}
