import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { defaultChannelSyntax, type Payload } from '@xshathra/protocol'
import { describe, expect, it } from 'vitest'
import type { Refusal } from '../tenancy.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { openRules } from '../testing/plain-tenancy.ts'
import { defaultTokenVerifierOptions } from '../tokens/token-options.ts'
import { defaultAdmissionOptions } from './admission-options.ts'
import { createBareTenancy } from './bare-tenancy.ts'

/** Tokens and what a real Centrifugo answered to them; the file says how it is to be read. */
interface Fixture {
  readonly secrets: Readonly<Record<string, string>>
  readonly groups: readonly Group[]
}

interface Group {
  readonly name: string
  readonly options: Readonly<Record<string, unknown>> & { readonly keys: readonly string[] }
  readonly connection: readonly TokenCase[]
  readonly subscription: readonly TokenCase[]
}

type Answer = Readonly<Record<string, unknown>>

interface TokenCase {
  readonly name: string
  readonly token?: string
  readonly header?: { readonly alg?: string }
  readonly key?: string
  readonly claims?: string
  readonly connect?: Answer
  readonly refresh?: Answer
  readonly subscribe?: Answer
  readonly ours?: { readonly connect?: Answer; readonly refresh?: Answer; readonly subscribe?: Answer }
}

const fixture: Fixture = JSON.parse(
  readFileSync(new URL('../tokens/fixtures/token-answers.json', import.meta.url), 'utf8'),
)

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ecdsa = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsaPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()
const ecdsaPem = ecdsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()

const signatureOf = (signed: string, alg: string, key: string): string => {
  const hash = `sha${/\d+$/.exec(alg)?.[0] ?? '256'}`
  const bytes = Buffer.from(signed)
  switch (key) {
    case 'none':
      return ''
    case 'garbage':
      return '$$$'
    case 'rsa':
      return sign(hash, bytes, rsa.privateKey).toString('base64url')
    case 'rsa-wrong':
      return sign(hash, bytes, otherRsa.privateKey).toString('base64url')
    case 'ecdsa':
      return sign(hash, bytes, { key: ecdsa.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')
    default:
      return createHmac(hash, key === 'rsa-public-as-secret' ? rsaPem : fixture.secrets[key]!)
        .update(signed)
        .digest('base64url')
  }
}

const tokenOf = ({
  token,
  header = { alg: 'HS256', typ: 'JWT' } as object,
  key = 'hmac',
  claims = '',
}: TokenCase): string => {
  if (token !== undefined) return token
  const signed = [JSON.stringify(header), claims].map((part) => Buffer.from(part).toString('base64url')).join('.')
  return `${signed}.${signatureOf(signed, (header as { alg?: string }).alg ?? '', key)}`
}

const clock = new FakeClock()

const tenancyFor = ({ options }: Group) => {
  const { keys, previousValidUntil, insecure, disallowAnonymousConnectionTokens, ...tokens } = options
  return createBareTenancy(
    {
      rules: (namespace) => (['', 'news', 'who'].includes(namespace) ? openRules : undefined),
      syntax: defaultChannelSyntax,
      admission: {
        ...defaultAdmissionOptions,
        insecure: insecure === true,
        disallowAnonymousConnectionTokens: disallowAnonymousConnectionTokens === true,
      },
      tokens: {
        ...defaultTokenVerifierOptions,
        hmacSecretKey: keys.includes('hmac') ? fixture.secrets.hmac! : '',
        hmacPreviousSecretKey: keys.includes('previous') ? fixture.secrets.previous! : '',
        hmacPreviousSecretKeyValidUntil: Number(previousValidUntil ?? 0),
        rsaPublicKey: keys.includes('rsa') ? rsaPem : '',
        ecdsaPublicKey: keys.includes('ecdsa') ? ecdsaPem : '',
        ...tokens,
      },
      proxies: { subscribe: new Map(), publish: new Map() },
    },
    { clock },
  )
}

/** Puts a decision in the words of the fixture. */
const inWords = (
  decision: Refusal | { readonly kind: 'admitted' | 'read'; readonly expireAt?: number | undefined },
): Answer => {
  if (decision.kind === 'error') return { error: decision.error.code }
  if (decision.kind === 'disconnect') return { disconnect: decision.disconnect.code }
  if (decision.expireAt === undefined) return {}
  const ttl = decision.expireAt - Math.floor(clock.now() / 1000)
  return { expires: true, ttl: ttl === 365 * 86_400 ? '365 days' : ttl }
}

const said = (name: string, payload: Payload | undefined): Answer =>
  payload ? { [name]: Buffer.from(payload).toString() } : {}

const named = (channels: readonly string[]): Answer => (channels.length > 0 ? { channels: channels.toSorted() } : {})

/** A token in order that the engine goes on to refuse is passed on by the tenancy. */
const expectAnswer = (answer: Answer, { decidedBy, ...expected }: Answer) => {
  if (decidedBy === 'engine') expect(answer).not.toHaveProperty('error')
  if (decidedBy === 'engine') expect(answer).not.toHaveProperty('disconnect')
  else expect(answer).toEqual(expected)
}

const connectFrame = {
  client: 'c',
  transport: 'websocket',
  protocol: 'json',
  headers: {},
  emulatedHeaders: {},
  name: 'js',
  version: '',
  channels: [],
  origin: undefined,
  remoteAddress: '',
} as const

describe.each(fixture.groups)('[TK9] with $name', (group) => {
  const tenancy = tenancyFor(group)

  it.each(group.connection)('a connection token: $name', (tokenCase) => {
    const { connect, refresh } = { ...tokenCase, ...tokenCase.ours }
    const token = tokenOf(tokenCase)

    const admission = tenancy.admit({ ...connectFrame, token })
    if (admission instanceof Promise) throw new Error('had to wait for a key that is there')
    const admitted =
      admission.kind === 'admitted'
        ? {
            user: admission.user,
            ...said('info', admission.connInfo),
            ...named(admission.subscriptions.map(({ channel }) => channel)),
          }
        : {}
    expectAnswer({ ...admitted, ...inWords(admission) }, connect!)

    const reading = tenancy.readRefreshToken('', token)
    if (reading instanceof Promise) throw new Error('had to wait for a key that is there')
    if (refresh !== undefined) expectAnswer(inWords(reading), refresh)
  })

  it.each(group.subscription)('a subscription token: $name', (tokenCase) => {
    const { subscribe } = { ...tokenCase, ...tokenCase.ours }
    const reading = tenancy.readSubscriptionToken('', tokenOf(tokenCase))
    if (reading instanceof Promise) throw new Error('had to wait for a key that is there')
    const read = reading.kind === 'read' ? { ...said('data', reading.data), ...said('chanInfo', reading.chanInfo) } : {}
    expectAnswer({ ...read, ...inWords(reading) }, subscribe!)
  })
})
