import { defaultChannelSyntax, disconnects, errors } from '@xshathra/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ChannelRules } from '../channel-rules.ts'
import type { InternalChannel } from '../names.ts'
import { defaultProxyOptions } from '../proxies/proxy-options.ts'
import { Backend } from '../proxies/testing/backend.ts'
import type { AdmissionRequest, ConnectionFacts } from '../tenancy.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { openRules } from '../testing/plain-tenancy.ts'
import { signHs256 } from '../tokens/sign-token.ts'
import { defaultTokenVerifierOptions } from '../tokens/token-options.ts'
import { type AdmissionOptions, defaultAdmissionOptions } from './admission-options.ts'
import { type BareTenancy, type BareTenancyOptions, createBareTenancy } from './bare-tenancy.ts'

const secret = 'current-secret'
const nowSeconds = 1_700_000_000
const yearSeconds = 365 * 86_400
const clock = new FakeClock(nowSeconds * 1000)

const namespaces: Readonly<Record<string, ChannelRules>> = {
  '': openRules,
  news: { ...openRules, namespace: 'news' },
  user: { ...openRules, namespace: 'user', allowUserLimitedChannels: true },
  asked: {
    ...openRules,
    namespace: 'asked',
    subscribeProxy: 'default',
    publishProxy: 'default',
    subRefreshProxy: 'default',
  },
}

const options: BareTenancyOptions = {
  rules: (namespace) => namespaces[namespace],
  syntax: defaultChannelSyntax,
  admission: defaultAdmissionOptions,
  tokens: { ...defaultTokenVerifierOptions, hmacSecretKey: secret },
  proxies: { subscribe: new Map(), publish: new Map() },
}

let backend: Backend
let opened: BareTenancy[]

beforeEach(async () => {
  backend = await Backend.start()
  opened = []
})

afterEach(async () => {
  for (const tenancy of opened) tenancy.close()
  await backend.close()
})

const tenancyWith = (changes: Partial<BareTenancyOptions> = {}): BareTenancy => {
  const tenancy = createBareTenancy({ ...options, ...changes }, { clock })
  opened.push(tenancy)
  return tenancy
}

const admitting = (admission: Partial<AdmissionOptions>, changes: Partial<BareTenancyOptions> = {}) =>
  tenancyWith({ admission: { ...defaultAdmissionOptions, ...admission }, ...changes })

const facts: ConnectionFacts = {
  client: 'c1',
  scope: '',
  user: 'u1',
  transport: 'websocket',
  protocol: 'json',
  headers: {},
  emulatedHeaders: {},
}
const frame: AdmissionRequest = {
  ...facts,
  token: '',
  name: 'js',
  version: '',
  channels: [],
  origin: undefined,
  remoteAddress: '',
}

describe('[TK10] who a connection is', () => {
  const noCredentials = { kind: 'disconnect', disconnect: disconnects.badRequest, rule: 'no credentials' }

  it('cannot be told without any credentials', async () => {
    expect(await tenancyWith().admit(frame)).toEqual(noCredentials)
  })

  it('is anonymous where that is allowed, before any header is looked at', async () => {
    const withHeader = { ...frame, headers: { 'x-user': 'u7' } }
    for (const open of [{ allowAnonymousConnectWithoutToken: true }, { insecure: true }]) {
      const admission = await admitting({ ...open, userIdHttpHeader: 'X-User' }).admit(withHeader)
      expect(admission).toMatchObject({ kind: 'admitted', user: '', by: 'anonymous' })
    }
  })

  it('is whom a trusted header names, and nobody where it is empty', async () => {
    const tenancy = admitting({ userIdHttpHeader: 'X-User' })
    expect(await tenancy.admit({ ...frame, headers: { 'x-user': 'u7' } })).toMatchObject({ user: 'u7', by: 'header' })
    expect(await tenancy.admit({ ...frame, headers: { 'x-user': '' } })).toEqual(noCredentials)
    expect(await tenancy.admit({ ...frame, emulatedHeaders: { 'x-user': 'u7' } })).toEqual(noCredentials)
  })

  it('is decided by a token alone, where there is one', async () => {
    const tenancy = admitting({ insecure: true }, { proxies: { ...options.proxies, connect: backend.options() } })
    backend.answerJson('{"result":{"user":"p1"}}')
    expect(await tenancy.admit({ ...frame, token: 'forged' })).toMatchObject({ disconnect: disconnects.invalidToken })
    expect(await tenancy.admit({ ...frame, token: signHs256({ sub: 'u1' }, secret) })).toMatchObject({ user: 'u1' })
    expect(backend.calls).toEqual([])
  })

  it('is decided by the connect proxy before anonymous admission, which comes after it has no credentials', async () => {
    const proxies = { ...options.proxies, connect: backend.options() }
    const tenancy = admitting({ allowAnonymousConnectWithoutToken: true }, { proxies })
    backend.answerJson('{"result":{"user":"p1"}}')
    expect(await tenancy.admit(frame)).toMatchObject({ user: 'p1', by: 'proxy' })
    backend.answerJson('{}')
    expect(await tenancy.admit(frame)).toMatchObject({ user: '', by: 'anonymous' })
    expect(await tenancyWith({ proxies }).admit(frame)).toEqual(noCredentials)
  })

  it('is refused where the connect proxy is not there, anonymous admission or not', async () => {
    const proxies = { ...options.proxies, connect: backend.options() }
    backend.answerJson('', 500)
    expect(await admitting({ insecure: true }, { proxies }).admit(frame)).toMatchObject({ error: errors.internal })
  })
})

it('[TK11] answers 102 to a token or a proxy that names a channel of an unknown namespace', async () => {
  const unknown = { kind: 'error', error: errors.unknownChannel }
  const token = signHs256({ sub: 'u1', channels: ['news:1', 'nope:1'] }, secret)
  const tenancy = tenancyWith({ proxies: { ...options.proxies, connect: backend.options() } })
  backend.answerJson('{"result":{"user":"p1","subs":{"nope:1":{}}}}')
  expect(await tenancy.admit({ ...frame, token })).toMatchObject(unknown)
  expect(await tenancy.admit(frame)).toMatchObject(unknown)
  expect(await tenancy.readRefreshToken('', token)).toMatchObject(unknown)
  expect(await tenancy.readSubscriptionToken('', signHs256({ sub: 'u1', channel: 'nope:1' }, secret))).toMatchObject(
    unknown,
  )
})

it('[TK12] promises nothing for longer than 365 days', async () => {
  const expireAt = nowSeconds + 2 * yearSeconds
  const capped = { expireAt: nowSeconds + yearSeconds }
  const tenancy = tenancyWith({
    proxies: { connect: backend.options(), subscribe: new Map([['default', backend.options()]]), publish: new Map() },
  })
  backend.answerJson(`{"result":{"expire_at":${expireAt}}}`)
  expect(await tenancy.admit({ ...frame, token: signHs256({ exp: expireAt }, secret) })).toMatchObject(capped)
  expect(await tenancy.admit(frame)).toMatchObject(capped)
  expect(await tenancy.readRefreshToken('', signHs256({ exp: expireAt }, secret))).toMatchObject(capped)
  expect(await tenancy.readSubscriptionToken('', signHs256({ channel: 'a', exp: expireAt }, secret))).toMatchObject(
    capped,
  )
  const question = {
    connection: facts,
    name: 'asked:1',
    channel: 'asked:1' as InternalChannel,
    rules: namespaces.asked!,
    token: '',
  }
  expect(await tenancy.authorizeSubscribe(question)).toMatchObject({ kind: 'allowed', ...capped })
})

it('[TK13] reads subscription tokens with keys of their own, where there are any', async () => {
  const tenancy = tenancyWith({ subscriptionTokens: { ...defaultTokenVerifierOptions, hmacSecretKey: 'other' } })
  const claims = { sub: 'u1', channel: 'news:1' }
  expect(await tenancy.readSubscriptionToken('', signHs256(claims, secret))).toMatchObject({
    error: errors.permissionDenied,
  })
  expect(await tenancy.readSubscriptionToken('', signHs256(claims, 'other'))).toMatchObject({
    kind: 'read',
    channel: 'news:1',
  })
  expect(await tenancy.admit({ ...frame, token: signHs256({ sub: 'u1' }, secret) })).toMatchObject({ kind: 'admitted' })
})

it('[TK8] tells why a token was refused without showing it', async () => {
  const token = signHs256({ sub: 'u1', exp: 1 }, secret)
  const refusal = await tenancyWith().admit({ ...frame, token })
  expect(refusal).toEqual({ kind: 'error', error: errors.tokenExpired, rule: 'token expired', detail: 'exp' })
})

describe('a channel', () => {
  it('is what its name says, under the rules of its namespace', () => {
    const resolution = tenancyWith().resolve('', '$news:1#u1')
    expect(resolution).toEqual({
      kind: 'resolved',
      channel: '$news:1#u1',
      rules: namespaces.news,
      anatomy: { isPrivate: true, namespace: 'news', rest: '1#u1', users: undefined },
    })
    expect(tenancyWith().display('', '$news:1#u1' as InternalChannel)).toBe('$news:1#u1')
  })

  it('has no namespace before the first boundary of nothing, or without a boundary', () => {
    const tenancy = tenancyWith()
    for (const name of [':1', '1', '$1', '']) expect(tenancy.resolve('', name)).toMatchObject({ rules: openRules })
  })

  it('is limited to users only where its namespace says so', () => {
    expect(tenancyWith().resolve('', 'user:#u1,u2')).toMatchObject({ anatomy: { users: ['u1', 'u2'] } })
  })

  it('of an unknown namespace is refused with 102', () => {
    expect(tenancyWith().resolve('', 'nope:1')).toMatchObject({ kind: 'refused', error: errors.unknownChannel })
  })
})

describe('the questions that proxies answer', () => {
  const question = {
    connection: facts,
    name: 'asked:1',
    channel: 'asked:1' as InternalChannel,
    rules: namespaces.asked!,
  }

  it('go to the proxy that the rules name', async () => {
    const missing = { ...defaultProxyOptions, endpoint: 'http://127.0.0.1:9/' }
    const named = new Map([
      ['default', backend.options()],
      ['other', missing],
    ])
    const tenancy = tenancyWith({ proxies: { subscribe: named, publish: named } })
    expect(await tenancy.authorizeSubscribe({ ...question, token: '' })).toMatchObject({ kind: 'allowed' })
    expect(await tenancy.authorizePublish({ ...question, data: Buffer.from('1') })).toMatchObject({ kind: 'allowed' })
    expect(backend.calls).toHaveLength(2)
  })

  it('are denied where there is nobody to ask', async () => {
    const tenancy = tenancyWith()
    expect(await tenancy.authorizeSubscribe({ ...question, token: '' })).toMatchObject({
      error: errors.permissionDenied,
    })
    expect(await tenancy.authorizePublish({ ...question, data: Buffer.from('1') })).toMatchObject({
      error: errors.permissionDenied,
    })
  })
})

describe('[TK14] other options', () => {
  it('are in force from the next question on', async () => {
    const tenancy = tenancyWith()
    const token = signHs256({ sub: 'u1' }, 'next-secret')
    expect(await tenancy.admit({ ...frame, token })).toMatchObject({ disconnect: disconnects.invalidToken })
    tenancy.update({ ...options, tokens: { ...options.tokens, hmacSecretKey: 'next-secret' }, rules: () => undefined })
    expect(await tenancy.admit({ ...frame, token })).toMatchObject({ kind: 'admitted' })
    expect(tenancy.resolve('', 'news:1')).toMatchObject({ kind: 'refused' })
  })

  it('change nothing where they are unusable', async () => {
    const tenancy = tenancyWith()
    const unusable = { ...options, tokens: { ...options.tokens, rsaPublicKey: 'no key' } }
    expect(() => tenancy.update(unusable)).toThrow()
    expect(await tenancy.admit({ ...frame, token: signHs256({ sub: 'u1' }, secret) })).toMatchObject({ user: 'u1' })
  })

  it('do not cut off a question that is on its way to a backend', async () => {
    const tenancy = tenancyWith({ proxies: { ...options.proxies, connect: backend.options() } })
    const asked = new Promise<() => void>((resolve) =>
      backend.answerWith((_, response) => resolve(() => response.end('{"result":{"user":"p1"}}'))),
    )
    const admission = tenancy.admit(frame)
    const answer = await asked
    tenancy.update(options)
    answer()
    expect(await admission).toMatchObject({ kind: 'admitted', user: 'p1' })
  })
})

describe('[PX12] what has expired', () => {
  const question = {
    connection: facts,
    name: 'asked:1',
    channel: 'asked:1' as InternalChannel,
    rules: namespaces.asked!,
  }

  it('is left to clients where no backend is to be asked', async () => {
    const tenancy = tenancyWith()
    expect(tenancy.extendConnection).toBeUndefined()
    expect(await tenancy.extendSubscription(question)).toEqual({ kind: 'expired' })
  })

  it('is extended as the backend says, for a year at most', async () => {
    const proxies = {
      ...options.proxies,
      refresh: backend.options(),
      subRefresh: new Map([['default', backend.options()]]),
    }
    const tenancy = tenancyWith({ proxies })
    backend.answerJson(`{"result":{"expire_at":${nowSeconds + 2 * yearSeconds}}}`)
    const extended = { kind: 'extended', expireAt: nowSeconds + yearSeconds }
    expect(await tenancy.extendConnection?.(facts)).toMatchObject(extended)
    expect(await tenancy.extendSubscription(question)).toMatchObject(extended)
  })

  it('lives on for a minute while the backend cannot be asked', async () => {
    const tenancy = tenancyWith({ proxies: { ...options.proxies, refresh: backend.options() } })
    backend.answerJson('', 503)
    expect(await tenancy.extendConnection?.(facts)).toEqual({ kind: 'extended', expireAt: nowSeconds + 60 })
  })
})
