import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isJsonObject, isJsonValue } from './is-json-value.ts'

const parses = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('isJsonValue', () => {
  it.each(['1', ' {"a":[]} ', '"\\u00e9\\/"', '-0.5E+10', 'null', '[[],{}]', '{"":{"":""}}'])('accepts %s', (text) => {
    expect(isJsonValue(Buffer.from(text))).toBe(true)
  })

  it.each([
    '',
    ' ',
    '01',
    '1.',
    '.5',
    '+1',
    '-',
    '1e',
    'nul',
    'nulll',
    '[1,]',
    '[,1]',
    '{"a"}',
    '{a:1}',
    '{"a":1,}',
    "'a'",
    '"\t"',
    '"\\x"',
    '"\\u12g4"',
    '"',
    '1 2',
    '[',
    '{"a":',
    '\u00a01',
    'NaN',
  ])('refuses %j', (text) => {
    expect(isJsonValue(Buffer.from(text))).toBe(false)
  })

  it('refuses what is not UTF-8', () => {
    expect(isJsonValue(Buffer.of(0x22, 0xed, 0xa0, 0x80, 0x22))).toBe(false)
  })

  it('agrees with JSON.parse about texts that are nearly JSON', () => {
    const token = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"\\',
      '"',
      '1',
      '-',
      '.',
      'e',
      '0',
      'true',
      'null',
      ' ',
      '\n',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.array(token, { maxLength: 8 }).map((tokens) => tokens.join('')),
        ),
        (text) => {
          expect(isJsonValue(Buffer.from(text))).toBe(parses(text))
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('takes linear time for what never closes', () => {
    expect(isJsonValue(Buffer.alloc(5_000_000, '['))).toBe(false)
    expect(isJsonValue(Buffer.alloc(5_000_000, '[]'))).toBe(false)
    expect(isJsonValue(Buffer.alloc(5_000_000, ' '))).toBe(false)
  })
})

describe('isJsonObject', () => {
  it('accepts objects and nothing else', () => {
    expect(isJsonObject(Buffer.from(' {"a":1}'))).toBe(true)
    for (const text of ['[]', '1', '"{}"', '{', '', 'null']) expect(isJsonObject(Buffer.from(text))).toBe(false)
  })
})
