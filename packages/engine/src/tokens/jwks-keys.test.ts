import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../testing/fake-clock.ts'
import { signHs256 } from './sign-token.ts'
import { defaultTokenVerifierOptions, type TokenVerifierOptions } from './token-options.ts'
import { createTokenVerifier } from './verify-token.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ed = generateKeyPairSync('ed25519')
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' })

const publicJwk = async (key: KeyObject, kid: string, alg: string) => ({
  ...(await exportJWK(key)),
  kid,
  alg,
  use: 'sig',
})
const sign = (key: KeyObject, alg: string, kid: string | undefined, claims: Record<string, unknown>) =>
  new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(key)

let server: http.Server
let origin: string
/** Key sets by path; a number is a status, a string a body that is no key set. */
let answers: Record<string, unknown>
let asked: string[]

beforeEach(async () => {
  answers = {
    '/keys': {
      keys: [
        await publicJwk(rsa.publicKey, 'r', 'RS256'),
        await publicJwk(ec.publicKey, 'e', 'ES256'),
        await publicJwk(ed.publicKey, 'd', 'EdDSA'),
      ],
    },
  }
  asked = []
  server = http.createServer((request, response) => {
    asked.push(request.url!)
    const answer = answers[request.url!] ?? 404
    response.statusCode = typeof answer === 'number' ? answer : 200
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(() => {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(resolve))
})

const verifier = (options: Partial<TokenVerifierOptions> = {}) =>
  createTokenVerifier(
    { ...defaultTokenVerifierOptions, jwksPublicEndpoint: `${origin}/keys`, ...options },
    { clock: new FakeClock() },
  )

it('believes RSA, elliptic-curve and Ed25519 keys of the set, and reads it once', async () => {
  const { verifyConnection } = verifier()
  expect(await verifyConnection(await sign(rsa.privateKey, 'RS256', 'r', { sub: 'u1' }))).toMatchObject({ user: 'u1' })
  expect(await verifyConnection(await sign(ec.privateKey, 'ES256', 'e', { sub: 'u2' }))).toMatchObject({ user: 'u2' })
  expect(await verifyConnection(await sign(ed.privateKey, 'EdDSA', 'd', { sub: 'u3' }))).toMatchObject({ user: 'u3' })
  expect(asked).toEqual(['/keys'])
})

describe('a token that the set does not vouch for', () => {
  it('is refused by the rule that failed', async () => {
    const { verifyConnection } = verifier()
    const reasonOf = async (token: string) => verifyConnection(token)
    expect(await reasonOf(await sign(stranger.privateKey, 'ES256', 'e', {}))).toMatchObject({ reason: 'signature' })
    expect(await reasonOf(await sign(ec.privateKey, 'ES256', 'x', {}))).toMatchObject({ reason: 'kid' })
    expect(await reasonOf(await sign(ec.privateKey, 'ES256', undefined, {}))).toMatchObject({ reason: 'kid' })
  })

  it('[TK1] cannot be an HMAC, even with a secret configured: the set alone decides', async () => {
    const { verifyConnection } = verifier({ hmacSecretKey: 'secret' })
    expect(await verifyConnection(signHs256({ sub: 'u1' }, 'secret'))).toEqual({ kind: 'invalid', reason: 'alg' })
  })

  it('does not make the set be read again and again', async () => {
    const { verifyConnection } = verifier()
    for (const kid of ['x', 'y', 'z']) await verifyConnection(await sign(ec.privateKey, 'ES256', kid, {}))
    expect(asked).toEqual(['/keys'])
  })
})

it.each([
  ['absent', 404],
  ['no JSON', 'hello'],
  ['no key set', {}],
  ['endless', 'x'.repeat(1_100_000)],
])('takes every token for invalid while the set is %s', async (_, answer) => {
  answers['/keys'] = answer
  const verdict = await verifier().verifyConnection(await sign(ec.privateKey, 'ES256', 'e', { sub: 'u1' }))
  expect(verdict).toMatchObject({ kind: 'invalid', reason: expect.stringMatching(/^jwks \(/) })
})

it('[TK4] reads the keys of each issuer from its own address, and never mixes them up', async () => {
  answers['/one'] = { keys: [await publicJwk(ec.publicKey, 'k', 'ES256')] }
  answers['/two'] = { keys: [await publicJwk(stranger.publicKey, 'k', 'ES256')] }
  const { verifyConnection } = verifier({
    jwksPublicEndpoint: `${origin}/{{tenant}}`,
    issuerRegex: '^(?P<tenant>one|two)$',
  })
  expect(await verifyConnection(await sign(ec.privateKey, 'ES256', 'k', { iss: 'one' }))).toMatchObject({
    kind: 'valid',
  })
  expect(await verifyConnection(await sign(ec.privateKey, 'ES256', 'k', { iss: 'two' }))).toMatchObject({
    reason: 'signature',
  })
  expect(await verifyConnection(await sign(ec.privateKey, 'ES256', 'k', { iss: 'six' }))).toMatchObject({
    reason: 'issuer',
  })
  expect(asked).toEqual(['/one', '/two'])
})

it.each(['..', '%2e%2e', 'a/../b'])('[TK4] never climbs out of the path with %j, safety check or not', async (iss) => {
  const options = {
    jwksPublicEndpoint: `${origin}/a/{{t}}/keys`,
    issuerRegex: '^(?P<t>.*)$',
    insecureSkipJwksEndpointSafetyCheck: true,
  }
  const token = await sign(ec.privateKey, 'ES256', 'e', { iss })
  expect(await verifier(options).verifyConnection(token)).toEqual({ kind: 'invalid', reason: 'jwks endpoint' })
  expect(asked).toEqual([])
})
