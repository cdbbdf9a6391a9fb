import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareDecimals, parseDecimal } from './decimal.ts'

const compare = (left: string, right: string): number => compareDecimals(parseDecimal(left)!, parseDecimal(right)!)

describe('decimals', () => {
  it.each(['', '-', '.', '1.', '.5', '1e3', ' 1', '1 ', '0x10', '1_000', 'NaN', 'Infinity', '--1', '1.2.3', '１'])(
    'are not written %j',
    (text) => {
      expect(parseDecimal(text)).toBeUndefined()
    },
  )

  it.each([
    ['0.1000000000000000000', '0.1000000000000000001', -1],
    [`1${'0'.repeat(500)}`, `1${'0'.repeat(499)}1`, -1],
    ['007', '7.000', 0],
    ['-0', '+0.0', 0],
    ['-1.5', '-1.25', -1],
    ['10', '9.99', 1],
    ['0.5', '0.45', 1],
  ])('%s against %s is %i', (left, right, expected) => {
    expect(Math.sign(compare(left, right))).toBe(expected)
    expect(Math.sign(compare(right, left))).toBe(expected === 0 ? 0 : -expected)
  })

  it('compare as their exact values do', () => {
    const places = 30
    const decimal = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }).map((scaled) => {
      const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(places + 1, '0')
      return { scaled, text: `${scaled < 0n ? '-' : ''}${digits.slice(0, -places)}.${digits.slice(-places)}` }
    })
    fc.assert(
      fc.property(decimal, decimal, (left, right) => {
        const expected = left.scaled < right.scaled ? -1 : left.scaled > right.scaled ? 1 : 0
        expect(Math.sign(compare(left.text, right.text))).toBe(expected)
      }),
    )
  })

  it('take linear time over zeros', () => {
    expect(compare(`0.${'0'.repeat(1_000_000)}1`, '0')).toBeGreaterThan(0)
  })
})
