import { isIPv6 } from 'node:net'
import type { Clock } from '@xshathra/engine'
import { LRUCache } from 'lru-cache'
import { type Problem, problem } from '../problems.ts'

/** How many requests of one address may fail in a minute before the others are told to wait. */
const perMinute = 100
const windowMs = 60_000
/** Beyond so many addresses the one that failed longest ago is forgotten. */
const maxAddresses = 50_000

interface Window {
  readonly startedAtMs: number
  count: number
}

/** Counts failed authentication per address. A valid key never asks here, so nobody is locked out by a neighbour. */
export class FailedAttempts {
  readonly #clock: Clock
  readonly #windows = new LRUCache<string, Window>({ max: maxAddresses })

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Notes a failure; gives the problem to answer once there were too many. */
  note(address: string): Problem | undefined {
    const now = this.#clock.now()
    const network = networkOf(address)
    let window = this.#windows.get(network)
    if (!window || now - window.startedAtMs >= windowMs) {
      window = { startedAtMs: now, count: 0 }
      this.#windows.set(network, window)
    }
    window.count++
    if (window.count <= perMinute) return undefined
    const retryAfterSeconds = Math.ceil((window.startedAtMs + windowMs - now) / 1000)
    return problem('rate_limited', 'Too many requests without a valid key.', { retryAfterSeconds })
  }
}

/** Who has one IPv6 address has 2^64 of them: its first four groups stand for all. */
const networkOf = (address: string): string => {
  // What carries an IPv4 address is one of many behind the same four zeros.
  if (!isIPv6(address) || address.includes('.')) return address
  const [head = '', tail] = address.split('::')
  const groups = groupsOf(head)
  if (tail !== undefined) {
    const last = groupsOf(tail)
    while (groups.length + last.length < 8) groups.push('0')
  }
  return groups.slice(0, 4).join(':')
}

const groupsOf = (text: string): string[] => (text === '' ? [] : text.split(':'))
