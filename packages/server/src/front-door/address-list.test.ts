import { describe, expect, it } from 'vitest'
import { type AddressList, isLoopback, parseAddressList } from './address-list.ts'

const listOf = (text: string): AddressList => {
  const list = parseAddressList(text)
  if (!list.ok) throw new Error(list.problem)
  return list.value
}

describe('a list of addresses', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1', '::ffff:127.0.0.1', true],
    ['127.0.0.1', '127.0.0.2', false],
    ['10.0.0.0/8 192.168.1.7', '10.200.3.4', true],
    ['10.0.0.0/8,192.168.1.7', '192.168.1.7', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['fd00::/8', 'fd12::1', true],
    ['fd00::/8', '127.0.0.1', false],
    ['10.0.0.0/8', 'not an address', false],
    ['', '127.0.0.1', false],
  ])('%j on %s: %j', (list, address, isThere) => {
    expect(listOf(list).includes(address)).toBe(isThere)
  })

  it.each(['proxy.internal', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0.0/x', '10.0.0'])(
    'names the part %j that is no address',
    (part) => {
      expect(parseAddressList(`127.0.0.1, ${part}`)).toEqual({ ok: false, problem: part })
    },
  )
})

it.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['10.0.0.1', false],
  ['127.evil.example', false],
])('%s is loopback: %j', (address, expected) => {
  expect(isLoopback(address)).toBe(expected)
})
