import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase64 } from './decode-base64.ts'

describe('base64', () => {
  it('gives back any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = Buffer.from(bytes).toString('base64')
        expect(decodeBase64(text)).toEqual(Buffer.from(bytes))
        expect(decodeBase64(text.replace(/(.{3})/g, '$1\r\n'))).toEqual(Buffer.from(bytes))
      }),
    )
  })

  it('is refused in other alphabets, without padding and with anything in between', () => {
    for (const text of [
      'A',
      'AA',
      'AAA',
      'AA=',
      '====',
      'A===',
      '_-8=',
      'AA==AA==',
      'AA A',
      'AAA=A',
      'ÄAAA',
      'AAAA=',
    ]) {
      expect(decodeBase64(text), text).toBeUndefined()
    }
  })

  it('is checked in linear time however long it is', () => {
    const long = 'A'.repeat(8_000_000)
    expect(decodeBase64(long)?.length).toBe(6_000_000)
    expect(decodeBase64(`${long}!AAA`)).toBeUndefined()
  })
})
