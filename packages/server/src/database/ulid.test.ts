import fc from 'fast-check'
import { expect, it } from 'vitest'
import { newUlid } from './ulid.ts'

/** The last millisecond that 48 bits hold. */
const lastMs = 2 ** 48 - 1

it('is 26 characters of Crockford’s base 32, another each time', () => {
  const ids = Array.from({ length: 1000 }, () => newUlid(1_700_000_000_000))
  expect(new Set(ids).size).toBe(ids.length)
  for (const id of ids) expect(id).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/)
})

it('writes the time as the specification has it', () => {
  // https://github.com/ulid/spec names this pair.
  expect(newUlid(1_469_918_176_385).slice(0, 10)).toBe('01ARYZ6S41')
  expect(newUlid(lastMs).slice(0, 10)).toBe('7ZZZZZZZZZ')
})

it('sorts by time', () => {
  fc.assert(
    fc.property(fc.nat(lastMs), fc.nat(lastMs), (one, other) => {
      fc.pre(one !== other)
      expect(newUlid(one) < newUlid(other)).toBe(one < other)
    }),
  )
})
