import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyPattern, newKeyText, readKeyKind, shownPart } from './key-text.ts'

describe.each(['server', 'client'] as const)('a %s key', (kind) => {
  it('is read as what it is, and is another each time', () => {
    const keys = Array.from({ length: 1000 }, () => newKeyText(kind))
    expect(new Set(keys).size).toBe(keys.length)
    expect(new Set(keys.map(readKeyKind))).toEqual(new Set([kind]))
  })

  it('is found in a text by the pattern for scanners', () => {
    const key = newKeyText(kind)
    expect(`Authorization: apikey ${key}\n`.match(keyPattern)?.[0]).toBe(key)
    expect(JSON.stringify({ key }).match(keyPattern)?.[0]).toBe(key)
  })

  it('is told from itself with any one character mistyped, or two swapped', () => {
    const key = newKeyText(kind)
    fc.assert(
      fc.property(fc.nat(key.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (index, character) => {
        fc.pre(key[index] !== character)
        expect(readKeyKind(key.slice(0, index) + character + key.slice(index + 1))).toBeUndefined()
      }),
    )
    fc.assert(
      fc.property(fc.integer({ min: 4, max: key.length - 2 }), (index) => {
        const [one, other] = [key[index], key[index + 1]]
        fc.pre(one !== other)
        expect(readKeyKind(key.slice(0, index) + other + one + key.slice(index + 2))).toBeUndefined()
      }),
    )
  })
})

it('is not made of part of a key, more than a key, or anything else', () => {
  const key = newKeyText('server')
  for (const text of ['', key.slice(1), key.slice(0, -1), `${key}x`, ` ${key}`, `${key}\n`, 'apikey', '__proto__']) {
    expect(readKeyKind(text)).toBeUndefined()
  }
})

it('still reads a key of an earlier release', () => {
  expect(readKeyKind('xsk_a8cdbF19hmSkGjcHWHpw9y11wvGd')).toBe('server')
})

it('shows too little of a key to use it', () => {
  const key = newKeyText('server')
  expect(key.startsWith(shownPart(key))).toBe(true)
  expect(shownPart(key)).toHaveLength(12)
})
