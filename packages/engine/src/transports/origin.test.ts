import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createOriginCheck } from './origin.ts'

describe('createOriginCheck', () => {
  it('[TR14] lets requests without Origin pass, and no other where the list is empty', () => {
    const check = createOriginCheck([])
    expect(check(undefined)).toBe(true)
    expect(check('')).toBe(true)
    expect(check('https://app.example')).toBe(false)
  })

  it('[TR14] lets everything pass with *', () => {
    expect(createOriginCheck(['https://app.example', '*'])('null')).toBe(true)
  })

  it.each([
    ['https://app.example', 'https://app.example', true],
    ['https://app.example', 'https://APP.Example', true],
    ['https://app.example', 'http://app.example', false],
    ['https://app.example', 'https://app.example.evil', false],
    ['https://*.app.example', 'https://a.b.app.example', true],
    ['https://*.app.example', 'https://app.example', false],
    ['*app*', 'https://my-app.example', true],
    ['http://localhost:300?', 'http://localhost:3001', true],
    ['http://localhost:300?', 'http://localhost:30011', false],
    ['http://localhost:300[0-3]', 'http://localhost:3003', true],
    ['http://localhost:300[0-3]', 'http://localhost:3004', false],
    ['http://localhost:300[!0-3]', 'http://localhost:3004', true],
    ['http://localhost:300[15]', 'http://localhost:3005', true],
    ['http{,s}://{app,www}.example', 'https://www.example', true],
    ['http{,s}://{app,www}.example', 'http://api.example', false],
    ['{a{b,c},d}', 'ac', true],
    ['{a{b,c},d}', 'a', false],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'axb', false],
    ['a\\{b', 'a{b', true],
  ])('[TR14] compares %s with %s: %s', (pattern, origin, expected) => {
    expect(createOriginCheck([pattern])(origin)).toBe(expected)
  })

  it.each(['http://[', 'http://{a,b', 'x'.repeat(3) + '{a,b}'.repeat(9)])(
    'throws on the malformed pattern %s',
    (pattern) => {
      expect(() => createOriginCheck([pattern])).toThrow(/origin pattern/)
    },
  )

  it('agrees with a regular expression on runs and single characters', () => {
    const part = fc.constantFrom('*', '?', 'a', 'b')
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 8 }),
        fc.array(fc.constantFrom('a', 'b'), { maxLength: 10 }),
        (pattern, text) => {
          const expression = new RegExp(
            `^${pattern.map((step) => (step === '*' ? '.*' : step === '?' ? '.' : step)).join('')}$`,
          )
          const origin = text.join('')
          expect(createOriginCheck([pattern.join('')])(origin)).toBe(origin === '' || expression.test(origin))
        },
      ),
    )
  })

  it('stays fast on an origin made to make a pattern go back and forth', () => {
    const check = createOriginCheck(['*a*a*a*a*a*a*a*a*b'])
    const startMs = performance.now()
    expect(check('a'.repeat(16_000))).toBe(false)
    expect(performance.now() - startMs).toBeLessThan(1000)
  })
})
