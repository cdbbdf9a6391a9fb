import { describe, expect, it } from 'vitest'
import { parseAddressList } from './address-list.ts'
import { createProxyTrust, isForwarded } from './proxy-trust.ts'

const trust = (list: string) => {
  const parsed = parseAddressList(list)
  if (!parsed.ok) throw new Error(parsed.problem)
  return createProxyTrust(parsed.value)
}

describe('the address of who asked', () => {
  it.each([
    ['nobody is trusted', '', '10.0.0.1', '203.0.113.7', '10.0.0.1'],
    ['it comes from elsewhere than a trusted proxy', '10.0.0.0/8', '192.0.2.1', '203.0.113.7', '192.0.2.1'],
    ['one trusted proxy passed it on', '10.0.0.0/8', '10.0.0.1', '203.0.113.7', '203.0.113.7'],
    ['two did', '10.0.0.0/8', '10.0.0.1', '203.0.113.7, 10.0.0.2', '203.0.113.7'],
    ['the client wrote the header itself', '10.0.0.0/8', '10.0.0.1', '1.1.1.1, 203.0.113.7', '203.0.113.7'],
    ['all on the way are trusted', '10.0.0.0/8', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['the header is no address', '10.0.0.0/8', '10.0.0.1', 'unknown', '10.0.0.1'],
    ['the header is empty', '10.0.0.0/8', '10.0.0.1', '', '10.0.0.1'],
    ['the proxy writes ports', '10.0.0.0/8', '::ffff:10.0.0.1', '203.0.113.7:4711', '203.0.113.7'],
    ['the proxy writes IPv6 with ports', '::1', '::1', '[2001:db8::1]:4711', '2001:db8::1'],
  ])('when %s', (_, trusted, socketAddress, forwardedFor, expected) => {
    const headers = () => ({ 'x-forwarded-for': forwardedFor })
    expect(trust(trusted).clientAddress(socketAddress, headers)).toBe(expected)
  })
})

it('believes the host that a trusted proxy forwards, and nobody else', () => {
  const headers = { host: 'inside:3001', 'x-forwarded-host': 'rt.example.com' }
  expect(trust('10.0.0.0/8').host('10.0.0.1', headers)).toBe('rt.example.com')
  expect(trust('10.0.0.0/8').host('192.0.2.1', headers)).toBe('inside:3001')
})

it.each(['x-forwarded-for', 'x-forwarded-proto', 'forwarded', 'via', 'x-real-ip'])(
  'sees by %s that a request was passed on',
  (name) => {
    expect(isForwarded({ host: 'localhost' })).toBe(false)
    expect(isForwarded({ host: 'localhost', [name]: 'x' })).toBe(true)
  },
)
