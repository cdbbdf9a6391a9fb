import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createAtRestKey, decryptAtRest, encryptAtRest, Undecipherable } from './encryption-at-rest.ts'
import { Secret } from './secret.ts'

const master = new Secret('a master secret of thirty-two characters')
const key = createAtRestKey(master, 'serverKeys')

it('reads back any text, which does not show in what is stored', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (plain, place) => {
      expect(decryptAtRest(key, place, encryptAtRest(key, place, plain))).toBe(plain)
    }),
  )
  expect(encryptAtRest(key, 'key_1', 'plain')).not.toContain('plain')
})

it('stores the same text differently each time', () => {
  expect(encryptAtRest(key, 'key_1', 'plain')).not.toBe(encryptAtRest(key, 'key_1', 'plain'))
})

it('notices every changed character', () => {
  const stored = encryptAtRest(key, 'key_1', 'plain')
  // The last of these characters carries spare bits that base64 ignores.
  for (let index = 0; index < stored.length - 1; index += 1) {
    const changed = stored.slice(0, index) + (stored[index] === 'A' ? 'B' : 'A') + stored.slice(index + 1)
    expect(() => decryptAtRest(key, 'key_1', changed)).toThrow(Undecipherable)
  }
})

it('reads a value only in its own place, for its own purpose and under its own master secret', () => {
  const stored = encryptAtRest(key, 'key_1', 'plain')
  expect(() => decryptAtRest(key, 'key_2', stored)).toThrow(Undecipherable)
  expect(() => decryptAtRest(createAtRestKey(master, 'sessions'), 'key_1', stored)).toThrow(Undecipherable)
  const otherMaster = new Secret('another master secret of many characters')
  expect(() => decryptAtRest(createAtRestKey(otherMaster, 'serverKeys'), 'key_1', stored)).toThrow(Undecipherable)
})

it('still reads what an earlier release stored', () => {
  const stored = 'v1.ExFdrS4UHX_ZhyXy8Bi2j01LQuTpL13pr8VySDAf4FjbJ4qWliyKjw'
  expect(decryptAtRest(key, 'key_1', stored)).toBe('a server key')
})
