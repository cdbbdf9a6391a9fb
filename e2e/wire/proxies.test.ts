import { beforeEach, describe, expect, it } from 'vitest'
import { startBackend } from './backend.ts'
import { BAD_REQUEST, closed, connectResult, errors, secondsOf } from './expectations.ts'
import { openHttpStream } from './http-stream-client.ts'
import { startServer } from './servers.ts'
import { inSeconds, token } from './tokens.ts'
import { connectWebSocket, openWebSocket, type WebSocketClient, type WebSocketSettings } from './web-socket-client.ts'

const backend = await startBackend()
const via = (path: string, more: object = {}): object => ({
  endpoint: `${backend.url}/${path}`,
  timeout: '1s',
  ...more,
})
const transforms = [
  { status_code: 404, to_error: { code: 404, message: 'no such thing', temporary: true } },
  { status_code: 403, to_disconnect: { code: 4503, reason: 'go away' } },
]

const server = await startServer({
  client: {
    proxy: {
      connect: via('connect', {
        enabled: true,
        http_headers: ['X-Real', 'Cookie'],
        emulated_headers: ['X-Emulated'],
        http: { static_headers: { 'X-Static': 'yes' }, status_to_code_transforms: transforms },
      }),
    },
  },
  http_stream: { enabled: true },
  channel: {
    proxy: {
      subscribe: via('subscribe', { include_connection_meta: true }),
      publish: via('publish'),
    },
    without_namespace: { presence: true, allow_subscribe_for_client: true, allow_publish_for_client: true },
    namespaces: [
      { name: 'asked', subscribe_proxy_enabled: true, publish_proxy_enabled: true, presence: true },
      { name: 'named', subscribe_proxy_enabled: true, subscribe_proxy_name: 'other' },
      { name: 'users', subscribe_proxy_enabled: true, allow_user_limited_channels: true },
      {
        name: 'kept',
        subscribe_proxy_enabled: true,
        publish_proxy_enabled: true,
        history_size: 10,
        history_ttl: '60s',
        allow_recovery: true,
        allow_positioning: true,
        join_leave: true,
      },
    ],
  },
  proxies: [
    { name: 'other', ...via('other', { binary_encoding: true, http: { status_to_code_transforms: transforms } }) },
  ],
})

beforeEach(() => {
  backend.answer = () => ({ result: {} })
  backend.takeCalls()
})

const connect = async (request: object = {}, settings: WebSocketSettings = {}): Promise<unknown> =>
  (await openWebSocket(server, settings)).connect({ ...request })

/** A connection that no proxy was asked about. */
const as = async (user: string, claims: object = {}): Promise<WebSocketClient> =>
  connectWebSocket(server, { token: token({ sub: user, ...claims }) })

describe('the connect proxy', () => {
  it('is asked about a connect without a token', async () => {
    backend.answer = () => ({ result: { user: 'ann' } })
    const request = { data: { a: 1 }, name: 'sdk', version: '1.2', subs: { x: {} } }
    const client = await openWebSocket(server)
    expect(await client.connect(request)).toEqual({ id: 1, connect: connectResult })
    const [call] = backend.takeCalls()
    expect(call!.path).toBe('/connect')
    expect(call!.body).toEqual({
      client: client.client,
      transport: 'websocket',
      protocol: 'json',
      encoding: 'json',
      data: { a: 1 },
      name: 'sdk',
      version: '1.2',
      channels: ['x'],
    })
    await server.api('disconnect', { user: 'ann' })
    expect(await client.untilClosed()).toEqual([closed(3503, 'force disconnect')])
  })

  it('is not asked about a connect with a token', async () => {
    await as('bob')
    expect(backend.takeCalls()).toEqual([])
  })

  it('is told the transport and the encoding', async () => {
    backend.answer = () => ({ result: { user: 'ann' } })
    const client = await openHttpStream(server, { id: 1, connect: {} })
    await client.connected()
    await connectWebSocket(server, {}, { subprotocols: ['centrifuge-protobuf'], encoding: 'protobuf' })
    expect(backend.takeCalls().map(({ body }) => [body.transport, body.protocol, body.encoding])).toEqual([
      ['http_stream', 'json', 'json'],
      ['websocket', 'protobuf', 'json'],
    ])
  })

  it('is sent the headers that the configuration names, and no others', async () => {
    backend.answer = () => ({ result: { user: 'ann' } })
    const headers = { 'X-Real': 'r', Cookie: 'c=1', 'X-Other': 'o' }
    const emulated = { 'x-emulated': 'e', 'X-Real': 'forged', 'X-Unlisted': 'u' }
    await connect({ headers: emulated }, { headers })
    const [call] = backend.takeCalls()
    expect(call!.headers).toMatchObject({
      'content-type': 'application/json',
      'x-static': 'yes',
      'x-real': 'r',
      cookie: 'c=1',
      'x-emulated': 'e',
    })
    expect(call!.headers).not.toHaveProperty('x-other')
    expect(call!.headers).not.toHaveProperty('x-unlisted')
  })

  it('does not take a real header from the emulated ones', async () => {
    backend.answer = () => ({ result: { user: 'ann' } })
    await connect({ headers: { 'X-Real': 'forged' } })
    expect(backend.takeCalls()[0]!.headers).not.toHaveProperty('x-real')
  })

  it('names the user, an end, data, info and channels', async () => {
    const result = {
      user: 'carl',
      expire_at: inSeconds(60),
      data: { hello: 1 },
      info: { name: 'Carl' },
      channels: ['one', 'two'],
    }
    backend.answer = () => ({ result })
    const client = await openWebSocket(server)
    expect(await client.connect()).toEqual({
      id: 1,
      connect: { ...connectResult, expires: true, ttl: secondsOf(60), data: { hello: 1 }, subs: { one: {}, two: {} } },
    })
    expect(await server.api('presence', { channel: 'one' })).toEqual({
      result: {
        presence: { [client.client]: { user: 'carl', client: client.client, conn_info: { name: 'Carl' } } },
      },
    })
  })

  it('describes subscriptions', async () => {
    backend.answer = () => ({
      result: {
        user: 'dora',
        subs: { one: { data: { d: 1 }, info: { i: 1 } }, 'kept:a': { override: { force_recovery: { value: true } } } },
      },
    })
    expect(await connect()).toEqual({
      id: 1,
      connect: {
        ...connectResult,
        subs: { one: { data: { d: 1 } }, 'kept:a': { recoverable: true, epoch: expect.any(String), positioned: true } },
      },
    })
  })

  it('may answer in base64', async () => {
    backend.answer = () => ({ result: { user: 'ann', b64data: Buffer.from('{"b":64}').toString('base64') } })
    expect(await connect()).toEqual({ id: 1, connect: { ...connectResult, data: { b: 64 } } })
  })

  it.each([
    { what: 'nothing', answer: {}, reply: BAD_REQUEST },
    { what: 'null', answer: { result: null }, reply: BAD_REQUEST },
    { what: 'an anonymous user', answer: { result: {} }, reply: { id: 1, connect: connectResult } },
    {
      what: 'an error',
      answer: { error: { code: 1000, message: 'mine' } },
      reply: { id: 1, error: { code: 1000, message: 'mine' } },
    },
    {
      what: 'a temporary error',
      answer: { error: { code: 1000, message: 'mine', temporary: true } },
      reply: { id: 1, error: { code: 1000, message: 'mine', temporary: true } },
    },
    { what: 'a disconnect', answer: { disconnect: { code: 4500, reason: 'mine' } }, reply: closed(4500, 'mine') },
    {
      what: 'a disconnect and an error',
      answer: { disconnect: { code: 4500, reason: 'mine' }, error: { code: 1000, message: 'x' } },
      reply: closed(4500, 'mine'),
    },
    {
      what: 'an error and a result',
      answer: { error: { code: 1000, message: 'mine' }, result: { user: 'ann' } },
      reply: { id: 1, error: { code: 1000, message: 'mine' } },
    },
    { what: 'status 500', answer: { status: 500 }, reply: { id: 1, error: errors.internal } },
    { what: 'status 201', answer: { status: 201 }, reply: { id: 1, error: errors.internal } },
    {
      what: 'a status that means an error',
      answer: { status: 404 },
      reply: { id: 1, error: { code: 404, message: 'no such thing', temporary: true } },
    },
    { what: 'a status that means a disconnect', answer: { status: 403 }, reply: closed(4503, 'go away') },
    { what: 'silence', answer: 'silence' as const, reply: { id: 1, error: errors.internal } },
    { what: 'a number as user', answer: { result: { user: 5 } }, reply: { id: 1, error: errors.internal } },
    {
      what: 'an end in the past',
      answer: { result: { user: 'ann', expire_at: 1 } },
      reply: { id: 1, error: errors.expired },
    },
    {
      what: 'an unknown namespace',
      answer: { result: { user: 'ann', channels: ['nowhere:a'] } },
      reply: { id: 1, error: errors.unknownChannel },
    },
    {
      what: 'broken base64',
      answer: { result: { user: 'ann', b64info: '*' } },
      reply: { id: 1, error: errors.internal },
    },
  ])('that answers $what', async ({ answer, reply }) => {
    backend.answer = () => answer
    expect(await connect()).toEqual(reply)
  })

  it('that cannot be reached is error 100', async () => {
    const alone = await startServer({
      client: { proxy: { connect: { enabled: true, endpoint: 'http://127.0.0.1:9/', timeout: '1s' } } },
    })
    expect(await (await openWebSocket(alone)).connect()).toEqual({ id: 1, error: errors.internal })
  })
})

describe('the subscribe proxy', () => {
  const subscribe = async (request: object, user = 'ann', claims: object = {}): Promise<unknown> => {
    const [item] = await (await as(user, claims)).exchange({ id: 2, subscribe: { ...request } })
    return item
  }

  it('is asked with all that is known', async () => {
    const client = await as('ann', { meta: { m: 1 } })
    expect(await client.exchange({ id: 2, subscribe: { channel: 'asked:a', data: { d: 1 } } })).toEqual([
      { id: 2, subscribe: {} },
    ])
    expect(backend.takeCalls().map(({ path, body }) => ({ path, body }))).toEqual([
      {
        path: '/subscribe',
        body: {
          client: client.client,
          transport: 'websocket',
          protocol: 'json',
          encoding: 'json',
          user: 'ann',
          channel: 'asked:a',
          data: { d: 1 },
          meta: { m: 1 },
        },
      },
    ])
  })

  it('of another name is asked in its own way: base64, no meta', async () => {
    const client = await as('ann', { meta: { m: 1 } })
    await client.exchange({ id: 2, subscribe: { channel: 'named:a', data: { d: 1 } } })
    expect(backend.takeCalls().map(({ path, body }) => ({ path, body }))).toEqual([
      {
        path: '/other',
        body: {
          client: client.client,
          transport: 'websocket',
          protocol: 'json',
          encoding: 'binary',
          user: 'ann',
          channel: 'named:a',
          b64data: Buffer.from('{"d":1}').toString('base64'),
        },
      },
    ])
  })

  it('gives info, data and an end', async () => {
    backend.answer = () => ({ result: { info: { role: 'host' }, data: { d: 2 }, expire_at: inSeconds(60) } })
    const client = await as('ann')
    expect(await client.exchange({ id: 2, subscribe: { channel: 'asked:b' } })).toEqual([
      { id: 2, subscribe: { expires: true, ttl: secondsOf(60), data: { d: 2 } } },
    ])
    const entry = { user: 'ann', client: client.client, chan_info: { role: 'host' } }
    expect(await server.api('presence', { channel: 'asked:b' })).toEqual({
      result: { presence: { [client.client]: entry } },
    })
  })

  it('may override the rules of the namespace', async () => {
    backend.answer = () => ({ result: { override: { presence: { value: false } } } })
    await subscribe({ channel: 'asked:hidden' })
    expect(await server.api('presence_stats', { channel: 'asked:hidden' })).toEqual({
      result: { num_clients: 0, num_users: 0 },
    })
  })

  it('decides alone what kind of subscription it is, whatever the client asks for', async () => {
    const request = { channel: 'kept:a', positioned: true, recoverable: true, join_leave: true }
    expect(await subscribe(request)).toEqual({ id: 2, subscribe: {} })
    backend.answer = () => ({ result: { override: { force_recovery: { value: true } } } })
    expect(await subscribe(request)).toEqual({
      id: 2,
      subscribe: { recoverable: true, positioned: true, epoch: expect.any(String) },
    })
  })

  it.each([
    { what: 'nothing', channel: 'asked:c', answer: {}, reply: { id: 2, subscribe: {} } },
    { what: 'null', channel: 'asked:c', answer: { result: null }, reply: { id: 2, subscribe: {} } },
    {
      what: 'an error',
      channel: 'asked:c',
      answer: { error: { code: 403, message: 'no' } },
      reply: { id: 2, error: { code: 403, message: 'no' } },
    },
    {
      what: 'a disconnect',
      channel: 'asked:c',
      answer: { disconnect: { code: 4500, reason: 'mine' } },
      reply: closed(4500, 'mine'),
    },
    { what: 'status 500', channel: 'asked:c', answer: { status: 500 }, reply: { id: 2, error: errors.internal } },
    {
      what: 'a status without a meaning here',
      channel: 'asked:c',
      answer: { status: 404 },
      reply: { id: 2, error: errors.internal },
    },
    {
      what: 'a status that means an error',
      channel: 'named:c',
      answer: { status: 404 },
      reply: { id: 2, error: { code: 404, message: 'no such thing', temporary: true } },
    },
    { what: 'silence', channel: 'asked:c', answer: 'silence' as const, reply: { id: 2, error: errors.internal } },
    {
      what: 'an end in the past',
      channel: 'asked:c',
      answer: { result: { expire_at: 1 } },
      reply: { id: 2, error: errors.expired },
    },
    {
      what: 'broken base64',
      channel: 'asked:c',
      answer: { result: { b64data: '*' } },
      reply: { id: 2, error: errors.internal },
    },
  ])('that answers $what', async ({ channel, answer, reply }) => {
    backend.answer = () => answer
    expect(await subscribe({ channel })).toEqual(reply)
  })

  it('is not asked where a token decides, a user is named, a channel is private, or a name is not valid', async () => {
    expect(await subscribe({ channel: 'asked:t', token: token({ sub: 'ann', channel: 'asked:t' }) })).toEqual({
      id: 2,
      subscribe: {},
    })
    expect(await subscribe({ channel: 'users:x#ann' })).toEqual({ id: 2, subscribe: {} })
    expect(await subscribe({ channel: 'users:x#bob' })).toEqual({ id: 2, error: errors.permissionDenied })
    expect(await subscribe({ channel: '$asked:p' })).toEqual({ id: 2, error: errors.permissionDenied })
    expect(await subscribe({ channel: 'asked:ü' })).toEqual({ id: 2, error: errors.badRequest })
    expect(backend.takeCalls()).toEqual([])
  })

  it('asked twice at once for one channel answers the second with 105', async () => {
    const client = await as('ann')
    expect(
      await client.exchange({ id: 2, subscribe: { channel: 'asked:d' } }, { id: 3, subscribe: { channel: 'asked:d' } }),
    ).toEqual([
      { id: 2, subscribe: {} },
      { id: 3, error: errors.alreadySubscribed },
    ])
    expect(backend.takeCalls()).toHaveLength(1)
  })

  it('leaves nothing behind when the connection ends before it answers', async () => {
    backend.answer = () => 'silence'
    const client = await as('ann')
    client.send({ id: 2, subscribe: { channel: 'asked:left' } })
    await expect.poll(() => backend.calls.length).toBe(1)
    client.socket.terminate()
    await expect
      .poll(() => server.api('channels', { pattern: 'asked:left' }), { timeout: 4_000 })
      .toEqual({ result: { channels: {} } })
    expect(await server.api('presence_stats', { channel: 'asked:left' })).toEqual({
      result: { num_clients: 0, num_users: 0 },
    })
  })
})

describe('the publish proxy', () => {
  const listening = async (channel: string): Promise<WebSocketClient> => {
    const client = await as('ann')
    await client.exchange({ id: 2, subscribe: { channel } })
    backend.takeCalls()
    return client
  }
  const publish = (client: WebSocketClient, channel: string, data: unknown = { d: 1 }): Promise<unknown[]> =>
    client.exchange({ id: 3, publish: { channel, data } })

  it('is asked with all that is known, and lets pass what it was shown', async () => {
    const client = await listening('asked:p')
    const pub = { data: { d: 1 }, info: { user: 'ann', client: client.client } }
    expect(await publish(client, 'asked:p')).toEqual([{ push: { channel: 'asked:p', pub } }, { id: 3, publish: {} }])
    expect(backend.takeCalls().map(({ path, body }) => ({ path, body }))).toEqual([
      {
        path: '/publish',
        body: {
          client: client.client,
          transport: 'websocket',
          protocol: 'json',
          encoding: 'json',
          user: 'ann',
          channel: 'asked:p',
          data: { d: 1 },
        },
      },
    ])
  })

  it('may change the data, and decide what is kept', async () => {
    const client = await listening('kept:p')
    const info = { user: 'ann', client: client.client }
    backend.answer = () => ({ result: { data: { changed: true }, tags: { a: 'b' } } })
    expect(await publish(client, 'kept:p')).toEqual([
      {
        push: {
          channel: 'kept:p',
          pub: { data: { changed: true }, offset: 1, epoch: expect.any(String), tags: { a: 'b' }, info },
        },
      },
      { id: 3, publish: {} },
    ])
    backend.answer = () => ({ result: { skip_history: true } })
    expect(await publish(client, 'kept:p')).toEqual([
      { push: { channel: 'kept:p', pub: { data: { d: 1 }, info } } },
      { id: 3, publish: {} },
    ])
  })

  it.each([
    {
      what: 'an error',
      answer: { error: { code: 403, message: 'no' } },
      reply: { id: 3, error: { code: 403, message: 'no' } },
    },
    { what: 'a disconnect', answer: { disconnect: { code: 4500, reason: 'mine' } }, reply: closed(4500, 'mine') },
    { what: 'status 500', answer: { status: 500 }, reply: { id: 3, error: errors.internal } },
    { what: 'silence', answer: 'silence' as const, reply: { id: 3, error: errors.internal } },
    { what: 'broken base64', answer: { result: { b64data: '*' } }, reply: { id: 3, error: errors.internal } },
  ])('that answers $what', async ({ answer, reply }) => {
    const client = await as('ann')
    backend.answer = () => answer
    expect(await publish(client, 'asked:q')).toEqual([reply])
  })

  it('is not asked about what the API publishes', async () => {
    await server.publish('asked:p', 1)
    expect(backend.takeCalls()).toEqual([])
  })

  it('is not asked about a publication without data', async () => {
    const client = await as('ann')
    expect(await client.exchange({ id: 3, publish: { channel: 'asked:p' } })).toEqual([
      { id: 3, error: errors.badRequest },
    ])
    expect(backend.takeCalls()).toEqual([])
  })
})
