import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hmacSha256, sha256 } from './hmac-sha256.ts'
import { signToken } from './sign-token.ts'

describe('SHA-256 and HMAC without Node', () => {
  it('come to what Node comes to, at every length around a block', () => {
    for (let length = 0; length < 200; length++) {
      const bytes = Uint8Array.from({ length }, (_, index) => index * 7)
      expect(Buffer.from(sha256(bytes)).toString('hex')).toBe(createHash('sha256').update(bytes).digest('hex'))
    }
  })

  it('come to what Node comes to, for any key and message', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 1000 }), (key, message) => {
        expect(Buffer.from(hmacSha256(key, message))).toEqual(createHmac('sha256', key).update(message).digest())
      }),
    )
  })
})

describe('a signed token', () => {
  it('is a JWT that any library can check', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), fc.jsonValue(), (sub, info) => {
        const claims = { sub, iat: 1_700_000_000, exp: 1_700_000_900, info }
        const [header = '', payload = '', signature] = signToken(claims, 'secret').split('.')
        const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
        expect(read(header)).toEqual({ alg: 'HS256', typ: 'JWT' })
        expect(read(payload)).toEqual(JSON.parse(JSON.stringify(claims)))
        expect(signature).toBe(createHmac('sha256', 'secret').update(`${header}.${payload}`).digest('base64url'))
      }),
    )
  })
})
