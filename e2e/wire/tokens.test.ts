import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, describe, expect, it } from 'vitest'
import { connectResult, errors, INVALID_TOKEN } from './expectations.ts'
import { type Config, startServer, type WireServer } from './servers.ts'
import { inSeconds, jwt, token } from './tokens.ts'
import { connectWebSocket, openWebSocket } from './web-socket-client.ts'

const withTokens = (options: Config): Promise<WireServer> => startServer({ client: { token: options } })
const server = await startServer({ channel: { namespaces: [{ name: 'open' }] } })

const connectTo = async (on: WireServer, jwtText: string): Promise<unknown> =>
  (await openWebSocket(on)).connect({ token: jwtText })

const ACCEPTED = { id: 1, connect: connectResult }
const EXPIRED = { id: 1, error: errors.tokenExpired }
const ann = { sub: 'ann' }
const unsigned = (header: object, claims: object): string => jwt({ ...header }, { ...claims }, () => Buffer.alloc(0))

describe('the form of a token', () => {
  const [header, claims, signature] = token(ann).split('.') as [string, string, string]

  it.each([
    { what: 'not a token', text: 'nonsense' },
    { what: 'two parts', text: `${header}.${claims}` },
    { what: 'four parts', text: `${header}.${claims}.${signature}.x` },
    { what: 'padded base64', text: `${header}.${claims}.${signature}=` },
    { what: 'a changed claim', text: `${header}.${Buffer.from('{"sub":"eve"}').toString('base64url')}.${signature}` },
    { what: 'a signature cut short', text: `${header}.${claims}.${signature.slice(0, -2)}` },
    { what: 'claims that are no JSON', text: `${header}.${Buffer.from('nope').toString('base64url')}.${signature}` },
    { what: 'white space around it', text: ` ${header}.${claims}.${signature}` },
    { what: 'alg none', text: unsigned({ alg: 'none' }, ann) },
    { what: 'alg none in capitals', text: unsigned({ alg: 'NONE' }, ann) },
    { what: 'no alg', text: unsigned({}, ann) },
    { what: 'another secret', text: token(ann, 'guess') },
    { what: 'a number as sub', text: token({ sub: 42 }) },
    { what: 'a string as exp', text: token({ sub: 'ann', exp: 'tomorrow' }) },
    { what: 'a number as aud', text: token({ sub: 'ann', aud: 5 }) },
    { what: 'a string as channels', text: token({ sub: 'ann', channels: 'open:a' }) },
    { what: 'a channel, so that it is no connection token', text: token({ sub: 'ann', channel: 'open:a' }) },
    { what: 'broken base64 inside a subscription', text: token({ sub: 'ann', subs: { 'open:a': { b64info: '*' } } }) },
  ])('with $what ends the connection with 3500', async ({ text }) => {
    expect(await connectTo(server, text)).toEqual(INVALID_TOKEN)
  })

  it('with broken base64 as b64info is error 100', async () => {
    expect(await connectTo(server, token({ sub: 'ann', b64info: '*' }))).toEqual({ id: 1, error: errors.internal })
  })

  it('may have null as sub: an anonymous user', async () => {
    expect(await connectTo(server, token({ sub: null }))).toEqual(ACCEPTED)
  })

  it('may have claims that nobody reads', async () => {
    const claims = { sub: 'ann', jti: 'x', iat: inSeconds(100), meta: { a: 1 }, caps: [], labels: {}, mine: [1] }
    expect(await connectTo(server, token(claims))).toEqual(ACCEPTED)
  })

  it('may have aud as a string or a list', async () => {
    expect(await connectTo(server, token({ sub: 'ann', aud: 'a' }))).toEqual(ACCEPTED)
    expect(await connectTo(server, token({ sub: 'ann', aud: ['a', 'b'] }))).toEqual(ACCEPTED)
  })
})

describe('the time of a token', () => {
  it.each([
    { what: 'exp now', claims: () => ({ exp: inSeconds(0) }), outcome: EXPIRED },
    { what: 'exp in the past', claims: () => ({ exp: inSeconds(-100) }), outcome: EXPIRED },
    { what: 'exp 0', claims: () => ({ exp: 0 }), outcome: EXPIRED },
    { what: 'nbf in the future', claims: () => ({ nbf: inSeconds(100) }), outcome: EXPIRED },
    { what: 'nbf in the past', claims: () => ({ nbf: inSeconds(-100) }), outcome: ACCEPTED },
    {
      what: 'a fraction in exp',
      claims: () => ({ exp: inSeconds(60) + 0.5 }),
      outcome: { id: 1, connect: { ...connectResult, expires: true, ttl: expect.any(Number) } },
    },
  ])('$what', async ({ claims, outcome }) => {
    expect(await connectTo(server, token({ ...ann, ...claims() }))).toEqual(outcome)
  })

  it('is looked at after the signature', async () => {
    expect(await connectTo(server, token({ ...ann, exp: inSeconds(-100) }, 'guess'))).toEqual(INVALID_TOKEN)
  })
})

describe('HMAC', () => {
  it.each([256, 384, 512] as const)('HS%d is believed', async (bits) => {
    expect(await connectTo(server, token(ann, undefined, bits))).toEqual(ACCEPTED)
  })

  it('without any key no token is believed', async () => {
    const keyless = await withTokens({ hmac_secret_key: '' })
    expect(await connectTo(keyless, token(ann, ''))).toEqual(INVALID_TOKEN)
    expect(await connectTo(keyless, token(ann))).toEqual(INVALID_TOKEN)
  })

  it('the previous secret is believed as long as it is configured to be', async () => {
    const rotated = (until: number): Promise<WireServer> =>
      withTokens({
        hmac_secret_key: 'new',
        hmac_previous_secret_key: 'old',
        hmac_previous_secret_key_valid_until: until,
      })
    const during = await rotated(inSeconds(100))
    expect(await connectTo(during, token(ann, 'new'))).toEqual(ACCEPTED)
    expect(await connectTo(during, token(ann, 'old'))).toEqual(ACCEPTED)
    expect(await connectTo(during, token(ann, 'older'))).toEqual(INVALID_TOKEN)
    expect(await connectTo(await rotated(inSeconds(-100)), token(ann, 'old'))).toEqual(INVALID_TOKEN)
    expect(await connectTo(await rotated(0), token(ann, 'old'))).toEqual(ACCEPTED)
  })
})

describe('public keys', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const ed25519 = generateKeyPairSync('ed25519')
  const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString()

  const signed = (alg: string, key: KeyObject, kid?: string): string =>
    jwt({ alg, ...(kid ? { kid } : {}) }, ann, (input) =>
      sign(alg === 'EdDSA' ? null : `sha${alg.slice(2)}`, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }),
    )

  it('RSA tokens are believed with the public key, whatever the length of the hash', async () => {
    const on = await withTokens({ rsa_public_key: pem(rsa.publicKey) })
    for (const alg of ['RS256', 'RS384', 'RS512'])
      expect(await connectTo(on, signed(alg, rsa.privateKey))).toEqual(ACCEPTED)
    expect(await connectTo(on, token(ann))).toEqual(ACCEPTED)
  })

  it('a token that uses the public key as an HMAC secret is not believed', async () => {
    const on = await withTokens({ hmac_secret_key: '', rsa_public_key: pem(rsa.publicKey) })
    expect(await connectTo(on, token(ann, pem(rsa.publicKey)))).toEqual(INVALID_TOKEN)
  })

  it('ECDSA tokens are believed with the curve of their algorithm', async () => {
    const on = await withTokens({ ecdsa_public_key: pem(p256.publicKey) })
    expect(await connectTo(on, signed('ES256', p256.privateKey))).toEqual(ACCEPTED)
    expect(await connectTo(on, signed('ES384', p384.privateKey))).toEqual(INVALID_TOKEN)
    expect(await connectTo(on, signed('RS256', rsa.privateKey))).toEqual(INVALID_TOKEN)
  })

  describe('of a key set', async () => {
    const jwk = (key: KeyObject, kid: string, alg: string): object => ({
      ...key.export({ format: 'jwk' }),
      kid,
      alg,
      use: 'sig',
    })
    let healthy = true
    const backend = createServer((_, response) => {
      const keys = [
        jwk(rsa.publicKey, 'r', 'RS256'),
        jwk(p256.publicKey, 'e', 'ES256'),
        jwk(ed25519.publicKey, 'd', 'EdDSA'),
      ]
      response.writeHead(healthy ? 200 : 500, { 'Content-Type': 'application/json' }).end(JSON.stringify({ keys }))
    }).listen(0, '127.0.0.1')
    await once(backend, 'listening')
    afterAll(() => backend.close())
    const endpoint = `http://127.0.0.1:${(backend.address() as AddressInfo).port}/keys`

    it('are chosen by kid, and static keys are ignored', async () => {
      const on = await withTokens({ jwks_public_endpoint: endpoint })
      expect(await connectTo(on, signed('RS256', rsa.privateKey, 'r'))).toEqual(ACCEPTED)
      expect(await connectTo(on, signed('ES256', p256.privateKey, 'e'))).toEqual(ACCEPTED)
      expect(await connectTo(on, signed('EdDSA', ed25519.privateKey, 'd'))).toEqual(ACCEPTED)
      expect(await connectTo(on, signed('RS256', rsa.privateKey, 'nobody'))).toEqual(INVALID_TOKEN)
      expect(await connectTo(on, token(ann))).toEqual(INVALID_TOKEN)
    })

    it('that cannot be read make tokens invalid', async () => {
      healthy = false
      const on = await withTokens({ jwks_public_endpoint: endpoint })
      expect(await connectTo(on, signed('RS256', rsa.privateKey, 'r'))).toEqual(INVALID_TOKEN)
      healthy = true
    })
  })
})

describe('issuer and audience', () => {
  it('have to be equal to the configured ones', async () => {
    const on = await withTokens({ issuer: 'me', audience: 'us' })
    expect(await connectTo(on, token({ ...ann, iss: 'me', aud: 'us' }))).toEqual(ACCEPTED)
    expect(await connectTo(on, token({ ...ann, iss: 'me', aud: ['x', 'us'] }))).toEqual(ACCEPTED)
    expect(await connectTo(on, token({ ...ann, iss: 'me' }))).toEqual(INVALID_TOKEN)
    expect(await connectTo(on, token({ ...ann, aud: 'us' }))).toEqual(INVALID_TOKEN)
    expect(await connectTo(on, token({ ...ann, iss: 'you', aud: 'us' }))).toEqual(INVALID_TOKEN)
  })

  it('may be described by regular expressions', async () => {
    const on = await withTokens({ issuer_regex: '^https://[a-z]+\\.example$', audience_regex: '^team-' })
    expect(await connectTo(on, token({ ...ann, iss: 'https://a.example', aud: 'team-1' }))).toEqual(ACCEPTED)
    expect(await connectTo(on, token({ ...ann, iss: 'https://a.example.evil', aud: 'team-1' }))).toEqual(INVALID_TOKEN)
    expect(await connectTo(on, token({ ...ann, iss: 'https://a.example', aud: 'my-team-1' }))).toEqual(INVALID_TOKEN)
  })
})

describe('other settings', () => {
  it('user_id_claim names the user, and a number becomes text', async () => {
    const on = await withTokens({ user_id_claim: 'uid' })
    const byNumber = await connectWebSocket(on, { token: token({ sub: 'ann', uid: 42 }) })
    await on.api('disconnect', { user: '42' })
    expect(await byNumber.untilClosed()).toEqual([{ close: { code: 3503, reason: 'force disconnect' } }])
    const byText = await connectWebSocket(on, { token: token({ sub: 'ann', uid: 'bob' }) })
    await on.api('disconnect', { user: 'bob' })
    expect(await byText.untilClosed()).toEqual([{ close: { code: 3503, reason: 'force disconnect' } }])
  })

  it('insecure_skip_token_signature_verify believes any signature and still looks at the time', async () => {
    const on = await startServer({ client: { insecure_skip_token_signature_verify: true } })
    expect(await connectTo(on, token(ann, 'anybody'))).toEqual(ACCEPTED)
    expect(await connectTo(on, token({ ...ann, exp: inSeconds(-1) }, 'anybody'))).toEqual(EXPIRED)
    expect(await connectTo(on, 'nonsense')).toEqual(INVALID_TOKEN)
  })

  it('subscription_token has keys of its own', async () => {
    const on = await startServer({
      client: { subscription_token: { enabled: true, hmac_secret_key: 'for-subscriptions' } },
    })
    const client = await connectWebSocket(on, { token: token(ann) })
    const claims = { sub: 'ann', channel: 'a' }
    expect(
      await client.exchange(
        { id: 2, subscribe: { channel: 'a', token: token(claims) } },
        { id: 3, subscribe: { channel: 'a', token: token(claims, 'for-subscriptions') } },
      ),
    ).toEqual([
      { id: 2, error: errors.permissionDenied },
      { id: 3, subscribe: {} },
    ])
  })
})
