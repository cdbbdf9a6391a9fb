import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileGlob } from './glob.ts'

interface RecordedAnswers {
  readonly names: readonly string[]
  readonly answers: readonly { readonly pattern: string; readonly matches: readonly string[] | 'malformed' }[]
}

const recorded = JSON.parse(
  readFileSync(new URL('./fixtures/glob-answers.json', import.meta.url), 'utf8'),
) as RecordedAnswers

/** Patterns that Centrifugo's matcher gets wrong by its own rules; ours says what they mean. */
const corrected: Readonly<Record<string, (name: string) => boolean>> = {
  '?é': (name) => /^.é$/u.test(name),
  '{?,??}*': () => true,
  '{}a': (name) => name === 'a',
  'ns:{x.*,b}': (name) => name === 'ns:b' || name.startsWith('ns:x.'),
}

const malformedThereOnly = new Set(['[\\-]'])

describe('a glob', () => {
  const cases = recorded.answers.filter(({ pattern }) => !malformedThereOnly.has(pattern))

  it.each(cases)('[CF12] $pattern finds the names that Centrifugo finds', ({ pattern, matches }) => {
    const matcher = compileGlob(pattern)
    const expected = corrected[pattern] ? recorded.names.filter(corrected[pattern]) : matches
    expect(matcher ? recorded.names.filter(matcher).sort() : 'malformed').toEqual(
      typeof expected === 'string' ? expected : [...expected].sort(),
    )
  })

  it('takes an escaped character as it stands in a list too', () => {
    expect(compileGlob('[\\-]')?.('-')).toBe(true)
    expect(compileGlob('[\\]a]')?.(']')).toBe(true)
  })

  it('is refused when it is longer than 1024 characters, unless it has no wildcard at all', () => {
    expect(compileGlob(`*${'a'.repeat(1_024)}`)).toBeUndefined()
    expect(compileGlob('a'.repeat(2_000))?.('a'.repeat(2_000))).toBe(true)
  })

  it('[CF12] agrees with a backtracking matcher on any pattern of wildcards', () => {
    const letters = fc.constantFrom('a', 'b', '日')
    const pattern = fc.array(fc.oneof(letters, fc.constantFrom('*', '?', '{a,b*}', '[ab]', '[!a]', '{,b?}')))
    fc.assert(
      fc.property(pattern, fc.array(letters, { maxLength: 12 }), (parts, characters) => {
        const expected = new RegExp(`^(?:${parts.map(asRegExp).join('')})$`, 'u').test(characters.join(''))
        expect(compileGlob(parts.join(''))?.(characters.join(''))).toBe(expected)
      }),
    )
  })

  it('[CF12] stays linear where a backtracking matcher would not end', () => {
    const matcher = compileGlob(`${'{a*,*a}'.repeat(100)}b`)
    expect(matcher?.('a'.repeat(255))).toBe(false)
  })
})

const asRegExp = (part: string): string =>
  ({ '*': '.*', '?': '.', '{a,b*}': '(?:a|b.*)', '[!a]': '[^a]', '{,b?}': '(?:|b.)' })[part] ?? part
