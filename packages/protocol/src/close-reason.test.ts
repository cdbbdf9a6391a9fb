import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toCloseCode, truncateCloseReason } from './close-reason.ts'
import { isReconnectCode } from './codes.ts'

describe('truncateCloseReason', () => {
  it('leaves what fits as it is', () => {
    for (const reason of ['', 'bad request', 'x'.repeat(123), `${'é'.repeat(61)}x`]) {
      expect(truncateCloseReason(reason)).toBe(reason)
    }
  })

  it('keeps the longest beginning of whole characters that fits', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'é', '€', '😀'), { minLength: 30, maxLength: 140 }), (characters) => {
        const reason = characters.join('')
        const kept = truncateCloseReason(reason)
        expect(reason.startsWith(kept)).toBe(true)
        expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(123)
        const [next = ''] = reason.slice(kept.length)
        if (next !== '') expect(Buffer.byteLength(kept) + Buffer.byteLength(next)).toBeGreaterThan(123)
      }),
    )
  })

  it('makes UTF-8 of anything', () => {
    expect(truncateCloseReason('a\ud800')).toBe('a\ufffd')
    expect(truncateCloseReason(`${'x'.repeat(122)}\ud800`)).toBe('x'.repeat(122))
  })
})

describe('toCloseCode', () => {
  it.each([1000, 1001, 1009, 3000, 3501, 4999])('lets %i pass', (code) => expect(toCloseCode(code)).toBe(code))

  it.each([0, 999, 1004, 1005, 1006, 1015, 2000, 5000, 65_536, 70_000, -1, 3000.5, Number.NaN])(
    'replaces %d by a code that clients react to in the same way',
    (code) => {
      const replaced = toCloseCode(code)
      expect([4000, 4500]).toContain(replaced)
      expect(isReconnectCode(replaced)).toBe(isReconnectCode(code))
    },
  )
})
