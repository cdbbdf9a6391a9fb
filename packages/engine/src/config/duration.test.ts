import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from './duration.ts'

describe('a duration', () => {
  it.each([
    ['300ms', 300],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['720h', 2_592_000_000],
    ['1m0s', 60_000],
    ['.5s', 500],
    ['2.s', 2_000],
    ['+1s', 1_000],
    ['-1s', -1_000],
    ['0', 0],
    ['-0s', 0],
    ['500us', 0.5],
    ['500µs', 0.5],
    ['1ns', 0.000001],
  ])('[CF5] reads %s as %d milliseconds', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it.each(['', '5', '-1', 's', '1 s', '1d', '1S', '1e3s', '.s', '1..5s', 'abc', ' 1s', '2000000h1000000h'])(
    '[CF5] does not read "%s"',
    (text) => {
      expect(parseDuration(text)).toBeUndefined()
    },
  )

  it.each([
    [0, '0s'],
    [300, '300ms'],
    [5_400_000, '1h30m'],
    [61_500, '1m1.5s'],
    [-1_000, '-1s'],
  ])('%d milliseconds are written as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })

  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBeCloseTo(ms, 6)
      }),
    )
  })
})
