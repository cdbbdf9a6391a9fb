import { errors } from '@xshathra/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { InternalChannel } from '../names.ts'
import type { AdmissionRequest, ConnectionFacts } from '../tenancy.ts'
import { openRules } from '../testing/plain-tenancy.ts'
import { createConnectProxy } from './connect-proxy.ts'
import type { ProxyOptions } from './proxy-options.ts'
import { createPublishProxy } from './publish-proxy.ts'
import { createRefreshProxy } from './refresh-proxy.ts'
import { createSubRefreshProxy } from './sub-refresh-proxy.ts'
import { createSubscribeProxy } from './subscribe-proxy.ts'
import { Backend } from './testing/backend.ts'

let backend: Backend
let opened: { close(): void }[]

beforeEach(async () => {
  backend = await Backend.start()
  opened = []
})

afterEach(async () => {
  for (const proxy of opened) proxy.close()
  await backend.close()
})

const facts: ConnectionFacts = {
  client: 'c1',
  scope: '',
  user: 'u1',
  transport: 'websocket',
  protocol: 'json',
  headers: { cookie: 'id=1' },
  emulatedHeaders: {},
  meta: Buffer.from('{"m" : 1}'),
}
const frame: AdmissionRequest = {
  ...facts,
  token: '',
  name: '',
  version: '',
  channels: [],
  origin: undefined,
  remoteAddress: '',
}
const common = { client: 'c1', transport: 'websocket', protocol: 'json', encoding: 'json' }
const channel = { name: '$chat:1', channel: '$chat:1' as InternalChannel, rules: openRules }
const bytes = (text: string) => Buffer.from(text)

const opening = <Proxy extends { close(): void }>(proxy: Proxy): Proxy => {
  opened.push(proxy)
  return proxy
}
const connect = (request: Partial<AdmissionRequest> = {}, options: Partial<ProxyOptions> = {}) =>
  opening(createConnectProxy(backend.options(options))).ask({ ...frame, ...request })
const subscribe = (question: { data?: Buffer; protocol?: 'protobuf' } = {}, options: Partial<ProxyOptions> = {}) =>
  opening(createSubscribeProxy(backend.options(options))).ask({
    connection: { ...facts, protocol: question.protocol ?? 'json' },
    ...channel,
    token: '',
    data: question.data,
  })
const publish = (data: Buffer, options: Partial<ProxyOptions> = {}) =>
  opening(createPublishProxy(backend.options(options))).ask({ connection: facts, ...channel, data })

describe('what a backend is told', () => {
  it('[PX5] of a connect: who asks, what it sent and which channels it wishes for', async () => {
    await connect({ name: 'js', version: '5', channels: ['a', 'b'], data: bytes('{"a":9007199254740993}') })
    expect(backend.calls[0]?.body).toBe(
      '{"client":"c1","transport":"websocket","protocol":"json","encoding":"json","name":"js","version":"5","channels":["a","b"],"data":{"a":9007199254740993}}',
    )
  })

  it('[PX5] of a connect that says nothing: nothing more', async () => {
    await connect({ data: bytes('') })
    expect(backend.lastBody).toEqual(common)
  })

  it('[PX5] of a subscribe and a publish: user, channel and data, the user even where it is empty', async () => {
    await subscribe({ data: bytes('{"d": 1}') })
    expect(backend.lastBody).toEqual({ ...common, user: 'u1', channel: '$chat:1', data: { d: 1 } })
    await publish(bytes('1.0'))
    expect(backend.calls.at(-1)?.body).toMatch(/,"data":1\.0\}$/)
    await opening(createPublishProxy(backend.options())).ask({
      connection: { ...facts, user: '' },
      ...channel,
      data: bytes('1'),
    })
    expect(backend.lastBody).toEqual({ ...common, user: '', channel: '$chat:1', data: 1 })
  })

  it('[PX5] meta, byte for byte, only if it is to see it, and never at connect', async () => {
    await publish(bytes('1'), { includeConnectionMeta: true })
    expect(backend.calls.at(-1)?.body).toMatch(/,"meta":\{"m" : 1\}\}$/)
    await connect({}, { includeConnectionMeta: true })
    expect(backend.lastBody).not.toHaveProperty('meta')
  })

  it('[PX5] payloads as base64, if it wants them so', async () => {
    await publish(Buffer.from([0xff, 0x00]), { binaryEncoding: true })
    expect(backend.lastBody).toEqual({ ...common, encoding: 'binary', user: 'u1', channel: '$chat:1', b64data: '/wA=' })
  })

  it('[PX6] nothing at all where a client’s data is no JSON: it could add members of its own', async () => {
    const hostile = bytes('1},"user":"admin","x":{"y":1')
    expect(await subscribe({ data: hostile, protocol: 'protobuf' })).toMatchObject({
      kind: 'error',
      error: errors.internal,
    })
    expect(backend.calls).toEqual([])
  })
})

describe('[PX7] an answer of the connect proxy', () => {
  it.each(['{}', 'null', ' null\n', '{"result":null}', '{"error":null,"disconnect":null}'])(
    '%s gives no credentials',
    async (text) => {
      backend.answerJson(text)
      expect(await connect()).toEqual({ kind: 'no credentials' })
    },
  )

  it('with an empty result admits an anonymous user for ever', async () => {
    backend.answerJson('{"result":{}}')
    expect(await connect()).toMatchObject({ kind: 'admitted', user: '', expireAt: undefined, subscriptions: [] })
  })

  it('carries payloads byte for byte, and subscriptions from both lists', async () => {
    backend.answerJson(
      '{"result":{"user":"u1","expire_at":1800000000,"info":{"n" : 1.0},"b64data":"eyJ4IjoxfQ==","meta":[1],"channels":["a","b"],"subs":{"b":{"data":2,"override":{"presence":{"value":true}}},"c":null}}}',
    )
    expect(await connect()).toMatchObject({
      kind: 'admitted',
      user: 'u1',
      expireAt: 1_800_000_000,
      connInfo: bytes('{"n" : 1.0}'),
      data: bytes('{"x":1}'),
      meta: bytes('[1]'),
      subscriptions: [
        { channel: 'a' },
        { channel: 'b', data: bytes('2'), override: { presence: true } },
        { channel: 'c' },
      ],
    })
  })

  it.each(['-5', '0'])('with expire_at %s never expires', async (expireAt) => {
    backend.answerJson(`{"result":{"user":"u1","expire_at":${expireAt}}}`)
    expect(await connect()).toMatchObject({ kind: 'admitted', expireAt: undefined })
  })
})

describe('[PX8] an answer of any proxy', () => {
  it('disconnects before it refuses before it allows', async () => {
    const disconnect = '"disconnect":{"code":4500,"reason":"r"}'
    const error = '"error":{"code":1000,"message":"m","temporary":true}'
    backend.answerJson(`{${disconnect},${error},"result":{}}`)
    expect(await connect()).toMatchObject({ kind: 'disconnect', disconnect: { code: 4500, reason: 'r' } })
    expect(await subscribe()).toMatchObject({ kind: 'disconnect' })
    expect(await publish(bytes('1'))).toMatchObject({ kind: 'disconnect' })
    backend.answerJson(`{"result":{},${error}}`)
    expect(await subscribe()).toMatchObject({ kind: 'error', error: { code: 1000, message: 'm', temporary: true } })
  })

  it.each([
    '',
    '[]',
    '{"result":{}} x',
    '{"result":[]}',
    '{"result":{"b64info":7}}',
    '{"result":{"b64data":"$$"}}',
    '{"result":{"b64info":"$$"}}',
    '{"result":{"expire_at":"1"}}',
    '{"result":{"override":{"presence":true}}}',
    '{"error":{}}',
    '{"error":{"code":-1}}',
    '{"error":{"code":1000,"message":7}}',
    '{"disconnect":{"code":4294967296}}',
  ])('that is not what it should be is error 100: %s', async (text) => {
    backend.answerJson(text)
    expect(await subscribe()).toMatchObject({ kind: 'error', error: errors.internal, rule: 'proxy answer unreadable' })
  })
})

describe('[PX9] an answer of the subscribe proxy', () => {
  it.each(['{}', 'null', '{"result":{}}'])('%s allows with the rules of the namespace', async (text) => {
    backend.answerJson(text)
    expect(await subscribe()).toMatchObject({ kind: 'allowed' })
  })

  it('may carry an end, info, data and overrides', async () => {
    backend.answerJson(
      '{"result":{"expire_at":1800000000,"info":{"i":1},"data":null,"override":{"force_recovery":{"value":false}}}}',
    )
    expect(await subscribe()).toMatchObject({
      kind: 'allowed',
      expireAt: 1_800_000_000,
      chanInfo: bytes('{"i":1}'),
      data: bytes('null'),
      override: { forceRecovery: false },
    })
  })
})

describe('[PX10] an answer of the publish proxy', () => {
  it.each(['{}', 'null', '{"result":{}}'])('%s publishes what was sent, without delta', async (text) => {
    backend.answerJson(text)
    expect(await publish(bytes('1'))).toEqual({ kind: 'allowed', data: undefined, delta: false })
  })

  it('may replace the data and say how it is published', async () => {
    backend.answerJson(
      '{"result":{"data":{"x" : 1},"b64data":"aGk=","skip_history":true,"tags":{"t":"1"},"idempotency_key":"k","delta":true,"version":7,"version_epoch":"e"}}',
    )
    expect(await publish(bytes('1'))).toEqual({
      kind: 'allowed',
      data: bytes('{"x" : 1}'),
      skipHistory: true,
      tags: { t: '1' },
      idempotencyKey: 'k',
      delta: true,
      version: 7,
      versionEpoch: 'e',
    })
    backend.answerJson('{"result":{"b64data":"aGk="}}')
    expect(await publish(bytes('1'))).toMatchObject({ data: bytes('hi') })
  })

  it.each(['{"tags":{"a":1}}', '{"version":-1}', '{"version":9007199254740993}', '{"b64data":"$"}', '{"delta":1}'])(
    'that is not what it should be is error 100: %s',
    async (result) => {
      backend.answerJson(`{"result":${result}}`)
      expect(await publish(bytes('1'))).toMatchObject({ kind: 'error', error: errors.internal })
    },
  )
})

describe('[PX11] an answer about what has expired', () => {
  const askRefresh = (options: Partial<ProxyOptions> = {}) =>
    opening(createRefreshProxy(backend.options(options))).ask(facts)
  const askSubRefresh = (options: Partial<ProxyOptions> = {}) =>
    opening(createSubRefreshProxy(backend.options(options))).ask({ connection: facts, ...channel })

  it('is asked for with the user, and the channel where there is one', async () => {
    await askRefresh({ includeConnectionMeta: true })
    expect(backend.lastBody).toEqual({ ...common, user: 'u1', meta: { m: 1 } })
    await askSubRefresh()
    expect(backend.lastBody).toEqual({ ...common, user: 'u1', channel: '$chat:1' })
  })

  it('may extend it, with other info and meta', async () => {
    backend.answerJson('{"result":{"expire_at":1800000000,"info":{"i" : 1},"meta":[1]}}')
    const extended = { kind: 'extended', expireAt: 1_800_000_000, info: bytes('{"i" : 1}'), meta: bytes('[1]') }
    expect(await askRefresh()).toEqual(extended)
    expect(await askSubRefresh()).toEqual(extended)
  })

  it('without an end is the end of a connection, but keeps a subscription for ever', async () => {
    backend.answerJson('{"result":{}}')
    expect(await askRefresh()).toEqual({ kind: 'expired' })
    expect(await askSubRefresh()).toMatchObject({ kind: 'extended', expireAt: undefined })
  })

  it.each(['{}', 'null', '{"result":{"expired":true,"expire_at":1800000000}}', '{"error":{"code":1000}}'])(
    '%s is the end',
    async (text) => {
      backend.answerJson(text)
      expect(await askRefresh()).toEqual({ kind: 'expired' })
      expect(await askSubRefresh()).toEqual({ kind: 'expired' })
    },
  )

  it('is the end where its status has a meaning, and a failure where it has none', async () => {
    const meaning = { statusCode: 401, toDisconnect: { code: 4501, reason: 'r' } }
    backend.answerJson('', 401)
    expect(await askRefresh({ statusToCodeTransforms: [meaning] })).toEqual({ kind: 'expired' })
    expect(await askRefresh()).toEqual({ kind: 'failed' })
  })

  it.each(['', '[]', '{"result":{"expire_at":"1"}}', '{"result":{"b64info":"$"}}'])('%j is a failure', async (text) => {
    backend.answerJson(text)
    expect(await askRefresh()).toEqual({ kind: 'failed' })
  })
})
