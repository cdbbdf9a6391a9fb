import { describe, expect, it } from 'vitest'
import { anEpoch, aUuid, BAD_REQUEST, closed, someText } from './expectations.ts'
import { ENDED, type HttpStreamClient, openStream } from './http-stream-client.ts'
import { startServer } from './servers.ts'
import { opcodes, openTcpWebSocket } from './tcp-client.ts'
import { inSeconds, token } from './tokens.ts'
import { connectWebSocket, openWebSocket } from './web-socket-client.ts'

const history = { history_size: 10, history_ttl: '60s' }
const server = await startServer({
  client: { token: { hmac_secret_key: 'wire-token-secret' } },
  uni_websocket: { enabled: true },
  uni_sse: { enabled: true },
  uni_http_stream: { enabled: true },
  init: { enabled: true },
  channel: {
    without_namespace: { presence: true },
    namespaces: [{ name: 'kept', ...history, force_recovery: true }],
  },
})

const result = { client: aUuid, version: someText, ping: 25, session: aUuid }
const disconnected = (code: number, reason: string): object => ({ disconnect: { code, reason } })
const asQuery = (request: object): string => `?cf_connect=${encodeURIComponent(JSON.stringify(request))}`

const openUniSse = (request: object): Promise<HttpStreamClient> =>
  openStream(server, `/connection/uni_sse${asQuery(request)}`, { method: 'GET' })
const openUniHttpStream = (request: object): Promise<HttpStreamClient> =>
  openStream(server, '/connection/uni_http_stream', { body: JSON.stringify(request) })

describe.each([
  { name: 'uni_sse', open: openUniSse, type: 'text/event-stream; charset=utf-8' },
  { name: 'uni_http_stream', open: openUniHttpStream, type: 'text/plain; charset=utf-8' },
])('$name', ({ name, open, type }) => {
  it('begins with a connect push that lists the subscriptions', async () => {
    const client = await open({ token: token({ sub: 'ann', channels: ['a', 'kept:a'] }) })
    expect(client.status).toBe(200)
    expect(await client.inbox.take(1)).toEqual([
      { connect: { ...result, subs: { a: {}, 'kept:a': { recoverable: true, epoch: anEpoch, positioned: true } } } },
    ])
    expect(client.headers['content-type']).toBe(type)
  })

  it('delivers pushes without an envelope', async () => {
    const user = `all-${name}`
    const client = await open({ token: token({ sub: user, channels: [user] }) })
    await client.inbox.take(1)
    await server.publish(user, { n: 1 })
    await server.api('subscribe', { user, channel: 'later' })
    await server.api('unsubscribe', { user, channel: 'later' })
    await server.api('refresh', { user, expire_at: inSeconds(60) })
    await server.api('disconnect', { user })
    expect(await client.untilClosed()).toEqual([
      { channel: user, pub: { data: { n: 1 } } },
      { channel: 'later', subscribe: {} },
      { channel: 'later', unsubscribe: { code: 2000, reason: 'server unsubscribe' } },
      { refresh: { expires: true, ttl: expect.any(Number) } },
      disconnected(3503, 'force disconnect'),
      ENDED,
    ])
  })

  it('recovers', async () => {
    const channel = `kept:${name}`
    const { epoch } = await server.publish(channel, 'one')
    await server.publish(channel, 'two')
    const subs = { [channel]: { recover: true, epoch, offset: 1 } }
    const client = await open({ token: token({ sub: 'ann', channels: [channel] }), subs })
    expect(await client.inbox.take(1)).toEqual([
      {
        connect: {
          ...result,
          subs: {
            [channel]: {
              recoverable: true,
              epoch,
              publications: [{ data: 'two', offset: 2 }],
              recovered: true,
              offset: 1,
              positioned: true,
              was_recovering: true,
            },
          },
        },
      },
    ])
  })

  it.each([
    { what: 'no credentials', request: {}, push: disconnected(3501, 'bad request') },
    { what: 'a forged token', request: { token: 'nonsense' }, push: disconnected(3500, 'invalid token') },
    {
      what: 'an expired token',
      request: { token: token({ sub: 'ann', exp: 1 }) },
      push: disconnected(3005, 'connection expired'),
    },
    {
      what: 'an unknown namespace',
      request: { token: token({ sub: 'ann', channels: ['nowhere:a'] }) },
      push: disconnected(3004, 'internal server error'),
    },
  ])('tells $what by a disconnect push and ends', async ({ request, push }) => {
    const client = await open(request)
    expect(client.status).toBe(200)
    expect(await client.untilClosed()).toEqual([push, ENDED])
  })

  it('forgets presence as soon as the request is aborted', async () => {
    const channel = `gone-${name}`
    const client = await open({ token: token({ sub: 'ann', channels: [channel] }) })
    await client.inbox.take(1)
    client.close()
    await expect
      .poll(() => server.api('presence_stats', { channel }), { timeout: 2_000 })
      .toEqual({ result: { num_clients: 0, num_users: 0 } })
  })
})

describe('requests of one-way HTTP transports', () => {
  it.each([
    { path: '/connection/uni_sse?cf_connect=nonsense', method: 'GET', status: 400 },
    { path: '/connection/uni_http_stream', method: 'POST', body: 'nonsense', status: 400 },
    { path: '/connection/uni_http_stream', method: 'POST', body: '', status: 400 },
    { path: '/connection/uni_http_stream', method: 'GET', status: 405 },
    { path: '/connection/uni_sse', method: 'PUT', status: 405 },
    { path: '/connection/init', method: 'GET', status: 200 },
    { path: '/connection/init', method: 'POST', status: 405 },
  ])('$method $path with body $body is $status', async ({ path, method, body, status }) => {
    const response = await fetch(`${server.httpUrl}${path}`, { method, ...(body === undefined ? {} : { body }) })
    await response.body?.cancel()
    expect(response.status).toBe(status)
  })

  it('of uni_sse may be without anything', async () => {
    const client = await openStream(server, '/connection/uni_sse', { method: 'GET' })
    expect(await client.untilClosed()).toEqual([disconnected(3501, 'bad request'), ENDED])
  })

  it('null means an empty request', async () => {
    const client = await openStream(server, '/connection/uni_http_stream', { body: 'null' })
    expect(await client.untilClosed()).toEqual([disconnected(3501, 'bad request'), ENDED])
  })

  it('that fail become HTTP statuses where the configuration says so', async () => {
    const transformed = await startServer({
      uni_http_stream: {
        enabled: true,
        connect_code_to_http_response: {
          enabled: true,
          transforms: [{ code: 3500, to: { status_code: 403, body: 'go away' } }],
        },
      },
    })
    const status = async (body: object): Promise<[number, string]> => {
      const url = `${transformed.httpUrl}/connection/uni_http_stream`
      const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) })
      return [response.status, await response.text()]
    }
    expect(await status({ token: 'nonsense' })).toEqual([403, 'go away'])
    expect((await status({}))[0]).toBe(500)
  })

  it('may be told another disconnect for an error', async () => {
    const transformed = await startServer({
      client: {
        connect_code_to_unidirectional_disconnect: {
          enabled: true,
          transforms: [{ code: 109, to: { code: 4001, reason: 'come back with a new token' } }],
        },
      },
      uni_http_stream: { enabled: true },
    })
    const body = JSON.stringify({ token: token({ sub: 'ann', exp: 1 }) })
    const client = await openStream(transformed, '/connection/uni_http_stream', { body })
    expect(await client.untilClosed()).toEqual([disconnected(4001, 'come back with a new token'), ENDED])
  })
})

describe('uni_websocket', () => {
  const path = '/connection/uni_websocket'
  const ann = { token: token({ sub: 'ann', channels: ['a'] }) }
  const connected = { connect: { ...result, subs: { a: {} } } }

  it('takes the connect request from the query', async () => {
    const client = await openWebSocket(server, { path: path + asQuery(ann) })
    expect(await client.inbox.take(1)).toEqual([connected])
  })

  it('takes the connect request from the first message, and ignores all others', async () => {
    const client = await openWebSocket(server, { path })
    client.sendText(JSON.stringify(ann))
    expect(await client.inbox.take(1)).toEqual([connected])
    client.sendText('nonsense')
    client.sendText('{"id":2,"unsubscribe":{"channel":"a"}}')
    await server.publish('a', 1)
    expect(await client.inbox.take(1)).toEqual([{ channel: 'a', pub: { data: 1 } }])
  })

  it('tells a disconnect by a push and a close frame', async () => {
    const client = await openWebSocket(server, { path: path + asQuery({ token: token({ sub: 'unid' }) }) })
    await client.inbox.take(1)
    await server.api('disconnect', { user: 'unid' })
    expect(await client.untilClosed()).toEqual([
      disconnected(3503, 'force disconnect'),
      closed(3503, 'force disconnect'),
    ])
  })

  it.each([
    { what: 'no credentials', request: '{}', code: 3501, reason: 'bad request' },
    { what: 'a forged token', request: '{"token":"x"}', code: 3500, reason: 'invalid token' },
  ])('tells $what likewise', async ({ request, code, reason }) => {
    const client = await openWebSocket(server, { path })
    client.sendText(request)
    expect(await client.untilClosed()).toEqual([disconnected(code, reason), closed(code, reason)])
  })

  it('closes with 3501 when the first message is no JSON', async () => {
    const client = await openWebSocket(server, { path })
    client.sendText('nonsense')
    expect((await client.untilClosed()).at(-1)).toEqual(BAD_REQUEST)
  })

  it('leaves out the push or the close frame, and joins pushes, where the configuration says so', async () => {
    const joined = await startServer({
      uni_websocket: {
        enabled: true,
        disable_disconnect_push: true,
        disable_closing_handshake: false,
        join_push_messages: true,
      },
    })
    const client = await openWebSocket(joined, { path: path + asQuery({ token: token({ sub: 'j' }) }) })
    await client.inbox.take(1)
    await joined.api('disconnect', { user: 'j' })
    expect(await client.untilClosed()).toEqual([closed(3503, 'force disconnect')])
  })

  it('drops a connection that does not answer WebSocket pings', async () => {
    const pinging = await startServer({
      client: { ping_interval: '2s', pong_timeout: '1s' },
      uni_websocket: { enabled: true },
    })
    const client = await openTcpWebSocket(pinging, path + asQuery(ann))
    const items = await client.untilClosed()
    expect(items.at(0)).toEqual({ opcode: opcodes.text, payload: someText })
    expect(items).toContainEqual({ opcode: opcodes.ping, payload: '' })
    expect(items.at(-1)).toEqual({ close: 'tcp' })
  })
})

it('two-way connections receive what one-way ones do, in an envelope', async () => {
  const client = await connectWebSocket(server, { token: token({ sub: 'ann', channels: ['both'] }) })
  await server.publish('both', 1)
  expect(await client.received()).toEqual([{ push: { channel: 'both', pub: { data: 1 } } }])
})
