import { createHmac, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../testing/fake-clock.ts'
import { signHs256 } from './sign-token.ts'
import { defaultTokenVerifierOptions, type TokenVerifierOptions } from './token-options.ts'
import { createTokenVerifier } from './verify-token.ts'

const secret = 'current-secret'
const nowSeconds = 1_700_000_000

const verifier = (options: Partial<TokenVerifierOptions> = {}, clock = new FakeClock(nowSeconds * 1000)) =>
  createTokenVerifier({ ...defaultTokenVerifierOptions, hmacSecretKey: secret, ...options }, { clock })

const sign = (header: object, claims: string, key: string) => {
  const signed = [JSON.stringify(header), claims].map((part) => Buffer.from(part).toString('base64url')).join('.')
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`
}

describe('a genuine connection token', () => {
  it('is read in the same tick', () => {
    const token = signHs256({ sub: 'u1', exp: nowSeconds + 60 }, secret)
    expect(verifier().verifyConnection(token)).toMatchObject({ kind: 'valid', user: 'u1', expireAt: nowSeconds + 60 })
  })

  it('[TK7] keeps info, meta and the data of subscriptions byte for byte', () => {
    const odd = '{ "n":9007199254740993, "f" : 1.0, "t":"\\u00e9é" }'
    const claims = `{"sub":"u1","info":${odd},"meta":${odd},"subs":{"a":{"info":${odd},"data":${odd}}}}`
    const verdict = verifier().verifyConnection(signHs256(Buffer.from(claims), secret))
    expect(verdict).toMatchObject({ kind: 'valid', info: Buffer.from(odd), meta: Buffer.from(odd) })
    expect(verdict).toMatchObject({
      subscriptions: [{ channel: 'a', chanInfo: Buffer.from(odd), data: Buffer.from(odd) }],
    })
  })

  it('may override the rules of single subscriptions, where off differs from not said', () => {
    const override = { presence: { value: true }, join_leave: {}, force_recovery: { value: false } }
    const verdict = verifier().verifyConnection(signHs256({ sub: 'u1', subs: { a: { override } } }, secret))
    expect(verdict).toMatchObject({
      subscriptions: [
        { override: { presence: true, joinLeave: false, forceRecovery: false, forcePositioning: undefined } },
      ],
    })
  })

  it('is what other libraries take for a JWT', async () => {
    const token = signHs256({ sub: 'u1' }, secret)
    await expect(jwtVerify(token, Buffer.from(secret))).resolves.toMatchObject({ payload: { sub: 'u1' } })
  })
})

describe('time', () => {
  it('[TK5] makes a token expire with the very second of exp', () => {
    const clock = new FakeClock(nowSeconds * 1000)
    const { verifyConnection } = verifier({}, clock)
    const token = signHs256({ sub: 'u1', exp: nowSeconds + 1 }, secret)
    clock.advance(999)
    expect(verifyConnection(token)).toMatchObject({ kind: 'valid' })
    clock.advance(1)
    expect(verifyConnection(token)).toEqual({ kind: 'expired', claim: 'exp' })
  })

  it('[TK5] makes a token valid after the second of nbf', () => {
    const clock = new FakeClock(nowSeconds * 1000)
    const { verifyConnection } = verifier({}, clock)
    const token = signHs256({ sub: 'u1', nbf: nowSeconds + 1 }, secret)
    clock.advance(1000)
    expect(verifyConnection(token)).toEqual({ kind: 'expired', claim: 'nbf' })
    clock.advance(1)
    expect(verifyConnection(token)).toMatchObject({ kind: 'valid' })
  })

  it('[TK3] ends the previous secret', () => {
    const clock = new FakeClock(nowSeconds * 1000)
    const rotated = { hmacPreviousSecretKey: 'old', hmacPreviousSecretKeyValidUntil: nowSeconds + 10 }
    const { verifyConnection } = verifier(rotated, clock)
    const token = signHs256({ sub: 'u1' }, 'old')
    clock.advance(10_999)
    expect(verifyConnection(token)).toMatchObject({ kind: 'valid' })
    clock.advance(1)
    expect(verifyConnection(token)).toEqual({ kind: 'invalid', reason: 'signature' })
  })
})

describe('a hostile token', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()

  it('[TK1] cannot use a public key as a secret', () => {
    const { verifyConnection } = verifier({ hmacSecretKey: '', rsaPublicKey: pem })
    for (const key of [pem, pem.trim(), '']) {
      expect(verifyConnection(sign({ alg: 'HS256' }, '{"sub":"u1"}', key))).toEqual({ kind: 'invalid', reason: 'alg' })
      expect(verifyConnection(sign({ alg: 'RS256' }, '{"sub":"u1"}', key))).toMatchObject({ reason: 'signature' })
    }
  })

  it.each(['none', 'None', 'NONE', '', 'hs256', 'PS256', 'constructor', '__proto__'])(
    '[TK1] has no use for alg %j',
    (alg) => {
      const token = sign({ alg }, '{"sub":"u1"}', secret)
      expect(verifier().verifyConnection(token)).toEqual({ kind: 'invalid', reason: 'alg' })
      expect(verifier().verifyConnection(token.slice(0, token.lastIndexOf('.') + 1))).toMatchObject({ kind: 'invalid' })
    },
  )

  it('[TK2] is not looked at beyond 64 KiB', () => {
    const fits = signHs256({ sub: 'u1', info: 'x'.repeat(48_000) }, secret)
    const tooLong = signHs256({ sub: 'u1', info: 'x'.repeat(50_000) }, secret)
    expect(verifier().verifyConnection(fits)).toMatchObject({ kind: 'valid' })
    expect(verifier().verifyConnection(tooLong)).toEqual({ kind: 'invalid', reason: 'format' })
  })

  it('[TK6] opens no connection with a subscription token, and no subscription with a connection token', () => {
    const forChannel = signHs256({ sub: 'u1', channel: 'news:1' }, secret)
    const forConnection = signHs256({ sub: 'u1' }, secret)
    expect(verifier().verifyConnection(forChannel)).toEqual({ kind: 'invalid', reason: 'channel' })
    expect(verifier().verifySubscription(forConnection)).toEqual({ kind: 'invalid', reason: 'channel' })
  })

  it('[TK8] is refused by the name of what failed, never with what it says', () => {
    const claims = '{"sub":"u1","info":{},"channels":["top-secret",7]}'
    const verdict = verifier().verifyConnection(signHs256(Buffer.from(claims), secret))
    expect(verdict).toEqual({ kind: 'invalid', reason: 'type of channels' })
  })

  it('never counts once a character of it was changed', () => {
    const token = signHs256({ sub: 'u1', exp: nowSeconds + 60 }, secret)
    const original = Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url')
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, character) => {
        const changed = token.slice(0, at) + character + token.slice(at + 1)
        const signature = Buffer.from(changed.slice(changed.lastIndexOf('.') + 1), 'base64url')
        // The last character of a signature carries four bits that say nothing.
        fc.pre(changed !== token && !(at > token.lastIndexOf('.') && signature.equals(original)))
        expect(verifier().verifyConnection(changed)).toMatchObject({ kind: 'invalid' })
      }),
    )
  })

  it('of any text gets an answer, not an exception', () => {
    const signed = fc.json().map((claims) => sign({ alg: 'HS256' }, claims, secret))
    const odd = fc.string({ unit: 'binary' }).map((claims) => sign({ alg: 'HS256' }, claims, secret))
    const oddHeader = fc.json().map((header) => sign(JSON.parse(header), '{"sub":"u1"}', secret))
    fc.assert(
      fc.property(fc.oneof(signed, odd, oddHeader, fc.string({ unit: 'binary' })), (token) => {
        expect(verifier().verifyConnection(token)).toHaveProperty('kind')
        expect(verifier().verifySubscription(token)).toHaveProperty('kind')
      }),
    )
  })

  it('[TK2] that nests deeper than 1000 levels is refused, and costs no stack', () => {
    const verify = (depth: number) => {
      const deep = `${'['.repeat(depth)}${']'.repeat(depth)}`
      return verifier().verifyConnection(signHs256(Buffer.from(`{"sub":"u1","foo":${deep},"info":{}}`), secret))
    }
    expect(verify(1_000)).toMatchObject({ kind: 'valid', user: 'u1' })
    expect(verify(20_000)).toMatchObject({ kind: 'invalid', reason: 'claims' })
  })
})
