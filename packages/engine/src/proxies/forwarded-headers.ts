import type { OutgoingHttpHeaders } from 'node:http'
import type { ConnectionFacts } from '../tenancy.ts'
import type { ProxyOptions } from './proxy-options.ts'

/** Where headers for a backend may come from. */
export type ForwardableHeaders = Pick<ConnectionFacts, 'headers' | 'emulatedHeaders'>

/** They belong to one hop or to the body, which are ours (RFC 9110 §7.2, §7.6.1, §8). */
const hopHeaders = new Set([
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * Chooses the headers of a call: static ones, over them emulated ones that are listed as such, over them those of the
 * client's own HTTP request that are listed as such. Names are compared in any case; nothing is passed on by default.
 */
export const forwardedHeaders = (options: ProxyOptions, from: ForwardableHeaders): OutgoingHttpHeaders => {
  const headers = new Map<string, string | readonly string[]>()
  const set = (name: string, value: string | readonly string[]) => {
    const lowerCase = name.toLowerCase()
    if (!hopHeaders.has(lowerCase)) headers.set(lowerCase, value)
  }
  for (const [name, value] of Object.entries(options.staticHeaders)) set(name, value)
  const emulated = lowerCaseSet(options.emulatedHeaders)
  for (const [name, value] of Object.entries(from.emulatedHeaders)) {
    // The client's word: a value that cannot stand in a header is left out, not allowed to break the call.
    if (emulated.has(name.toLowerCase()) && isHeaderValue(value)) set(name, value)
  }
  for (const name of lowerCaseSet(options.httpHeaders)) {
    const value = from.headers[name]
    if (value !== undefined) set(name, value)
  }
  return { ...Object.fromEntries(headers), 'content-type': 'application/json' } as OutgoingHttpHeaders
}

const lowerCaseSet = (names: readonly string[]): ReadonlySet<string> => new Set(names.map((name) => name.toLowerCase()))

/** RFC 9110 §5.5: visible ASCII, space, tab and the upper half of Latin-1. */
const isHeaderValue = (value: string): boolean => /^[\t\x20-\x7e\x80-\xff]*$/.test(value)
