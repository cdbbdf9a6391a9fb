import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { checkTokenOptions } from './check-token-options.ts'
import { defaultTokenVerifierOptions, type TokenVerifierOptions } from './token-options.ts'

const problemsOf = (options: Partial<TokenVerifierOptions>) =>
  checkTokenOptions({ ...defaultTokenVerifierOptions, ...options }).map(({ option, message }) => `${option} ${message}`)

const pem = ({ publicKey }: ReturnType<typeof generateKeyPairSync>) =>
  publicKey.export({ type: 'spki', format: 'pem' }).toString()
const rsa = pem(generateKeyPairSync('rsa', { modulusLength: 2048 }))
const p256 = pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }))
const secp256k1 = pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }))

it('has nothing to say about options that work', () => {
  expect(problemsOf({ hmacSecretKey: 'x', rsaPublicKey: rsa, ecdsaPublicKey: p256, userIdClaim: 'user_id' })).toEqual(
    [],
  )
})

it('reports every problem at once, without showing keys', () => {
  const options = {
    rsaPublicKey: p256,
    ecdsaPublicKey: secp256k1,
    audience: 'a',
    audienceRegex: '(',
    issuer: 'i',
    issuerRegex: '^i$',
    userIdClaim: 'user-id',
    jwksPublicEndpoint: 'ftp://x',
  }
  expect(problemsOf(options).map((problem) => problem.split(' ')[0])).toEqual([
    'rsaPublicKey',
    'ecdsaPublicKey',
    'audienceRegex',
    'audienceRegex',
    'issuerRegex',
    'userIdClaim',
    'jwksPublicEndpoint',
  ])
  expect(problemsOf({ rsaPublicKey: 'MIIB-not-a-key' })).toEqual(['rsaPublicKey is not a public key in PEM'])
})

describe('[TK4] a template for the address of keys', () => {
  const template = 'https://auth.example.com/{{tenant}}/jwks.json'

  it.each(['^https://(?P<tenant>one|two)\\.example\\.com$', '(?P<tenant>acme)', '(?<tenant>a-b|c_d|e\\.f)'])(
    'is filled from a list of fixed words: %s',
    (issuerRegex) => {
      expect(problemsOf({ jwksPublicEndpoint: template, issuerRegex })).toEqual([])
    },
  )

  it.each([
    '(?P<tenant>.*)',
    '(?P<tenant>[a-z]+)',
    '(?P<tenant>\\w+)',
    '(?P<tenant>a.b)',
    '(?P<tenant>one|t(w|v)o)',
    '(?P<tenant>)',
    '(?P<tenant>one|)',
    '(?P<tenant>one)|x(?P<tenant2>.*)(?P<tenant>.*)',
    '(?P<other>one)',
  ])('is refused where a forger could choose the address: %s', (issuerRegex) => {
    const found = problemsOf({ jwksPublicEndpoint: template, issuerRegex })
    expect(found.some((problem) => problem.startsWith('jwksPublicEndpoint uses {{tenant}}'))).toBe(true)
    expect(
      problemsOf({ jwksPublicEndpoint: template, issuerRegex, insecureSkipJwksEndpointSafetyCheck: true }),
    ).not.toEqual(found)
  })
})
