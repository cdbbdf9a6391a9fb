import { describe, expect, it } from 'vitest'
import { compileOriginRules } from './origin-rules.ts'

const origins = ['http://example.com', 'http://EXAMPLE.com', 'http://example.com:3000', 'http://a.example.com', 'null']

/** What a list lets through of {@link origins}, as Centrifugo 6.9.1 answered. */
const recorded: readonly (readonly [readonly string[], readonly string[]])[] = [
  [[], []],
  [['*'], origins],
  [['*', 'http://zz'], origins],
  [['http://example.com'], ['http://example.com', 'http://EXAMPLE.com']],
  [['http://EXAMPLE.com'], []],
  [
    ['http://*.example.com', 'null'],
    ['http://a.example.com', 'null'],
  ],
  [['http://example.com*'], ['http://example.com', 'http://EXAMPLE.com', 'http://example.com:3000']],
  [['{http,https}://[a-e]xample.com'], ['http://example.com', 'http://EXAMPLE.com']],
  [[''], []],
  [[' *'], []],
]

describe('allowed origins', () => {
  it.each(recorded)('[CF11] %j let through %j', (patterns, expected) => {
    const rules = compileOriginRules(patterns)
    expect(rules.ok && origins.filter(rules.value)).toEqual(expected)
  })

  it.each([[[]], [['http://example.com']]])('[CF11] %j let a request without Origin through', (patterns) => {
    const rules = compileOriginRules(patterns)
    expect(rules.ok && [undefined, ''].map(rules.value)).toEqual([true, true])
  })

  it.each([
    ['https://app.example', 'https://app.example.evil', false],
    ['https://*.app.example', 'https://a.b.app.example', true],
    ['https://*.app.example', 'https://app.example', false],
    ['http://localhost:300?', 'http://localhost:3001', true],
    ['http://localhost:300?', 'http://localhost:30011', false],
    ['http://localhost:300[!0-3]', 'http://localhost:3004', true],
    ['http{,s}://{app,www}.example', 'https://www.example', true],
    ['http{,s}://{app,www}.example', 'http://api.example', false],
  ])('[CF11] %s is asked about %s: %s', (pattern, origin, expected) => {
    const rules = compileOriginRules([pattern])
    expect(rules.ok && rules.value(origin)).toBe(expected)
  })

  it('names every entry that is no glob', () => {
    expect(compileOriginRules(['http://[a', 'http://b', '[]'])).toEqual({
      ok: false,
      problem: [
        { index: 0, pattern: 'http://[a' },
        { index: 2, pattern: '[]' },
      ],
    })
  })
})
