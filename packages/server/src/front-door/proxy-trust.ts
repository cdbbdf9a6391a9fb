import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { type AddressList, withoutMapping } from './address-list.ts'

/** Headers as node:http gives them, names in lower case. */
export type ForwardingHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** Which proxies in front of us are believed, and what they say about a request. */
export interface ProxyTrust {
  isTrusted(address: string): boolean
  /** Address of who asked: the nearest one on the way to us that is no trusted proxy. */
  clientAddress(socketAddress: string, headers: () => ForwardingHeaders): string
  /** Host that was asked for, as the outermost trusted proxy heard it. */
  host(socketAddress: string, headers: ForwardingHeaders): string | undefined
}

export const createProxyTrust = (proxies: AddressList): ProxyTrust => ({
  isTrusted: (address) => proxies.includes(address),
  clientAddress(socketAddress, headers) {
    const address = withoutMapping(socketAddress)
    return proxies.isEmpty || !proxies.includes(address) ? address : walkBack(address, headers(), proxies)
  },
  host(socketAddress, headers) {
    const forwarded = proxies.includes(socketAddress) ? lastOf(headers['x-forwarded-host']) : undefined
    return forwarded ?? lastOf(headers.host)
  },
})

/**
 * Follows `X-Forwarded-For` from its end, where our own proxy wrote, until somebody we do not trust. What stands before
 * that is whatever the client made up.
 */
const walkBack = (nearest: string, headers: ForwardingHeaders, proxies: AddressList): string => {
  const hops = entriesOf(headers['x-forwarded-for'])
  let address = nearest
  while (proxies.includes(address)) {
    const hop = withoutPort(hops.pop() ?? '')
    if (isIP(hop) === 0) return address
    address = withoutMapping(hop)
  }
  return address
}

const entriesOf = (value: string | readonly string[] | undefined): string[] =>
  (typeof value === 'string' ? value : (value ?? []).join(','))
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')

const lastOf = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' && !value.includes(',') ? value.trim() || undefined : entriesOf(value).at(-1)

/** Some proxies write the port too: `203.0.113.7:4711`, `[2001:db8::1]:4711`. */
const withoutPort = (hop: string): string =>
  /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop

/** Headers that a request has only when some proxy has passed it on. */
const forwardingHeaders = ['forwarded', 'via', 'x-real-ip'] as const

/** Whether a proxy, trusted or not, says that it passed this request on. */
export const isForwarded = (headers: IncomingHttpHeaders): boolean =>
  forwardingHeaders.some((name) => headers[name] !== undefined) ||
  Object.keys(headers).some((name) => name.startsWith('x-forwarded-'))
