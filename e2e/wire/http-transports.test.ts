import { request } from 'node:http'
import { describe, expect, it } from 'vitest'
import { aUuid, connectResult, errors, someText } from './expectations.ts'
import { ENDED, openHttpStream, openSse, openStream } from './http-stream-client.ts'
import { decodeReplies, encodeCommands, encodeEmulation } from './protobuf.ts'
import { startServer } from './servers.ts'
import { inSeconds, token } from './tokens.ts'
import { connectWebSocket } from './web-socket-client.ts'

const server = await startServer({
  client: { insecure: true, allowed_origins: ['https://app.example'], stale_close_delay: '1s' },
  http_stream: { enabled: true },
  sse: { enabled: true },
  channel: { without_namespace: { presence: true } },
})

const emulatedResult = { ...connectResult, session: aUuid, node: someText }
const disconnected = (code: number, reason: string): object => ({ push: { disconnect: { code, reason } } })
const connect = { id: 1, connect: {} }

const statusOf = async (path: string, init: RequestInit = {}): Promise<number> => {
  const response = await fetch(`${server.httpUrl}${path}`, { ...init, signal: AbortSignal.timeout(5_000) })
  await response.body?.cancel()
  return response.status
}

const transports = [
  { name: 'http_stream', open: openHttpStream },
  { name: 'sse', open: openSse },
]

describe.each(transports)('$name', ({ name, open }) => {
  it('answers the commands of the request on the stream', async () => {
    const client = await open(server, connect, { id: 2, subscribe: { channel: 'a' } })
    expect(client.status).toBe(200)
    expect(await client.inbox.take(2)).toEqual([
      { id: 1, connect: emulatedResult },
      { id: 2, subscribe: {} },
    ])
  })

  it('answers commands of /emulation on the stream', async () => {
    const client = await open(server, connect)
    await client.connected()
    expect(
      await client.exchange({ id: 2, subscribe: { channel: 'b' } }, { id: 3, publish: { channel: 'b', data: 1 } }),
    ).toEqual([
      { id: 2, subscribe: {} },
      { push: { channel: 'b', pub: { data: 1, info: { user: '', client: client.client } } } },
      { id: 3, publish: {} },
    ])
  })

  it('has handled the commands when /emulation answers 204', async () => {
    const handled = `handled-${name}`
    const client = await open(server, connect)
    await client.connected()
    expect(await client.emulate(`{"id":2,"subscribe":{"channel":"${handled}"}}`)).toBe(204)
    expect(await server.api('presence_stats', { channel: handled })).toEqual({
      result: { num_clients: 1, num_users: 1 },
    })
  })

  it('delivers publications of others', async () => {
    const client = await open(server, connect, { id: 2, subscribe: { channel: 'c' } })
    await client.inbox.take(2)
    await server.publish('c', { a: 1 })
    expect(await client.inbox.take(1)).toEqual([{ push: { channel: 'c', pub: { data: { a: 1 } } } }])
  })

  it('tells a disconnect by a push and ends', async () => {
    const client = await open(server, { id: 1, connect: { token: token({ sub: 'ended' }) } })
    await client.connected()
    await server.api('disconnect', { user: 'ended' })
    expect(await client.untilClosed()).toEqual([disconnected(3503, 'force disconnect'), ENDED])
  })

  it('tells a refused connect by a push and ends', async () => {
    const client = await open(server, { id: 1, connect: { token: 'nonsense' } })
    expect(client.status).toBe(200)
    expect(await client.untilClosed()).toEqual([disconnected(3500, 'invalid token'), ENDED])
  })

  it('stays open after an error in the connect reply until it is stale', async () => {
    const client = await open(server, { id: 1, connect: { token: token({ sub: 'ann', exp: inSeconds(-1) }) } })
    expect(await client.untilClosed()).toEqual([
      { id: 1, error: errors.tokenExpired },
      disconnected(3502, 'stale'),
      ENDED,
    ])
  })

  it('ends with 3501 for commands that are not valid', async () => {
    const client = await open(server, connect)
    await client.connected()
    await client.emulate('nonsense')
    expect(await client.untilClosed()).toEqual([disconnected(3501, 'bad request'), ENDED])
  })

  it('forgets presence as soon as the request is aborted', async () => {
    const channel = `aborted-${name}`
    const client = await open(server, connect, { id: 2, subscribe: { channel } })
    await client.inbox.take(2)
    client.close()
    await expect
      .poll(() => server.api('presence_stats', { channel }), { timeout: 2_000 })
      .toEqual({ result: { num_clients: 0, num_users: 0 } })
  })

  it('forbids proxies to keep or delay the answer', async () => {
    const client = await open(server, connect)
    expect(client.headers).toMatchObject({
      'cache-control': 'private, no-cache, no-store, must-revalidate, max-age=0',
      pragma: 'no-cache',
      expire: '0',
      'x-accel-buffering': 'no',
    })
  })

  it('lets pages of allowed origins read the answer, and executes requests of others all the same', async () => {
    const path = `/connection/${name}`
    const openAs = (Origin: string): ReturnType<typeof openStream> =>
      openStream(server, path, { method: 'POST', headers: { Origin }, body: JSON.stringify(connect) })
    const allowed = await openAs('https://app.example')
    expect(allowed.headers).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-credentials': 'true',
    })
    const other = await openAs('https://evil.example')
    expect(other.status).toBe(200)
    expect(other.headers['access-control-allow-origin']).toBeUndefined()
    expect(await other.inbox.take(1)).toEqual([{ id: 1, connect: emulatedResult }])
  })
})

describe('http_stream', () => {
  const path = '/connection/http_stream'

  it('is lines of text', async () => {
    const client = await openHttpStream(server, connect)
    await client.connected()
    expect(client.headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(client.text.endsWith('}\n')).toBe(true)
  })

  it('may have an empty body, which is a bad request told by a push', async () => {
    const client = await openStream(server, path, {})
    expect(client.status).toBe(200)
    expect(await client.untilClosed()).toEqual([disconnected(3501, 'bad request'), ENDED])
  })

  it('speaks Protobuf to application/octet-stream', async () => {
    const outgoing = request(`${server.httpUrl}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/octet-stream' },
      agent: false,
    })
    server.closeLater(() => outgoing.destroy())
    const replies: unknown[] = []
    outgoing.on('response', (response) => {
      response.on('data', (chunk: Buffer) => replies.push(...decodeReplies(chunk)))
      response.on('error', () => undefined)
    })
    outgoing.on('error', () => undefined)
    outgoing.end(encodeCommands([connect]))
    await expect.poll(() => replies).toEqual([{ id: 1, connect: emulatedResult }])
    const { session, node } = (replies[0] as { connect: { session: string; node: string } }).connect
    const data = encodeCommands([{ id: 2, publish: { channel: 'pb', data: Buffer.from('1') } }])
    const posted = await fetch(`${server.httpUrl}/emulation`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/octet-stream' },
      body: new Uint8Array(encodeEmulation({ session, node, data })),
    })
    expect(posted.status).toBe(204)
    await expect.poll(() => replies[1]).toEqual({ id: 2, publish: {} })
  })

  it.each([
    { method: 'GET', status: 405 },
    { method: 'PUT', status: 405 },
    { method: 'OPTIONS', status: 204 },
  ])('answers $method with $status', async ({ method, status }) => {
    expect(await statusOf(path, { method })).toBe(status)
  })

  it('tells browsers in advance what they may send', async () => {
    const response = await fetch(`${server.httpUrl}${path}`, {
      method: 'OPTIONS',
      headers: { Origin: 'https://app.example', 'Access-Control-Request-Headers': 'content-type' },
    })
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-credentials': 'true',
      'access-control-allow-headers': 'content-type',
      'access-control-allow-methods': 'POST, OPTIONS',
      'access-control-max-age': '300',
    })
  })

  it('refuses a body of more than 65536 bytes with 413', async () => {
    expect(await statusOf(path, { method: 'POST', body: 'x'.repeat(65_537) })).toBe(413)
  })
})

describe('sse', () => {
  const path = '/connection/sse'

  it('is an event stream that begins with an empty line', async () => {
    const client = await openSse(server, connect)
    await client.connected()
    expect(client.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    expect(client.text).toMatch(/^\r\ndata: \{"id":1,"connect":.*\}\n\n$/)
  })

  it('takes the commands from the body of a POST too', async () => {
    const client = await openStream(server, path, { body: JSON.stringify(connect) })
    expect(await client.inbox.take(1)).toEqual([{ id: 1, connect: emulatedResult }])
  })

  it.each([
    { what: 'GET without cf_connect', method: 'GET', status: 400 },
    { what: 'PUT', method: 'PUT', status: 405 },
    { what: 'OPTIONS', method: 'OPTIONS', status: 405 },
  ])('answers $what with $status', async ({ method, status }) => {
    expect(await statusOf(path, { method })).toBe(status)
  })
})

describe('/emulation', () => {
  const post = (body: string): Promise<number> => statusOf('/emulation', { method: 'POST', body })

  it.each([
    { what: 'no JSON', body: 'nonsense', status: 400 },
    { what: 'nothing', body: '', status: 400 },
    { what: 'a node that does not exist', body: '{"session":"a","node":"b","data":"{}"}', status: 404 },
    { what: 'too much', body: 'x'.repeat(65_537), status: 413 },
  ])('answers $what with $status', async ({ body, status }) => {
    expect(await post(body)).toBe(status)
  })

  it('answers a session that does not exist with 204', async () => {
    const client = await openHttpStream(server, connect)
    await client.connected()
    expect(await post(JSON.stringify({ session: 'nobody', node: client.node, data: '{}' }))).toBe(204)
  })

  it.each([
    { method: 'GET', status: 405 },
    { method: 'OPTIONS', status: 204 },
  ])('answers $method with $status', async ({ method, status }) => {
    expect(await statusOf('/emulation', { method })).toBe(status)
  })
})

describe('endpoints that are not enabled', () => {
  it.each([
    '/connection/http_stream',
    '/connection/sse',
    '/emulation',
    '/connection/uni_sse',
    '/connection/uni_http_stream',
    '/connection/uni_websocket',
    '/connection/init',
    '/metrics',
  ])('%s is 404', async (path) => {
    const bare = await bareServer
    const response = await fetch(`${bare.httpUrl}${path}`, { method: 'POST', body: '{}' })
    expect(response.status).toBe(404)
  })
})
const bareServer = startServer({ client: { insecure: true } })

it('connections of all transports meet in one channel', async () => {
  const [socket, stream, events] = [
    await connectWebSocket(server),
    await openHttpStream(server, connect),
    await openSse(server, connect),
  ]
  await stream.connected()
  await events.connected()
  for (const client of [socket, stream, events]) await client.exchange({ id: 2, subscribe: { channel: 'meet' } })
  await socket.exchange({ id: 3, publish: { channel: 'meet', data: 'hello' } })
  const push = { push: { channel: 'meet', pub: { data: 'hello', info: { user: '', client: socket.client } } } }
  expect(await stream.inbox.take(1)).toEqual([push])
  expect(await events.inbox.take(1)).toEqual([push])
})
