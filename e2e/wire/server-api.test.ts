import { describe, expect, it } from 'vitest'
import { anEpoch, aUuid, closed, differs, errors, someText } from './expectations.ts'
import { API_KEY, startServer } from './servers.ts'
import { inSeconds, token } from './tokens.ts'
import { connectWebSocket, type WebSocketClient } from './web-socket-client.ts'

const history = { history_size: 10, history_ttl: '60s' }
const server = await startServer({
  client: { channel_limit: 3, presence_update_interval: '1s' },
  channel: {
    namespaces: [
      { name: 'plain', allow_subscribe_for_client: true },
      { name: 'kept', ...history, allow_subscribe_for_client: true },
      { name: 'recovered', ...history, force_recovery: true },
      { name: 'present', presence: true },
      { name: 'json', publication_data_format: 'json' },
      { name: 'object', publication_data_format: 'json_object' },
      { name: 'binary', publication_data_format: 'binary' },
      { name: 'map', subscription_type: 'map', map: { mode: 'persistent' } },
      { name: 'digits', channel_regex: '^[0-9]+$' },
    ],
  },
})
const key = { 'X-API-Key': API_KEY }
const BAD_REQUEST = { error: errors.badRequest }
const NOT_AVAILABLE = { error: errors.notAvailable }
const UNKNOWN = { error: errors.unknownChannel }
/** Errors of the API do not say whether they are temporary. */
const INTERNAL = { error: { code: 100, message: 'internal server error' } }
const as = (user: string, claims: object = {}): Promise<WebSocketClient> =>
  connectWebSocket(server, { token: token({ sub: user, ...claims }) })

describe('a request', () => {
  const url = `${server.httpUrl}/api/publish`
  const body = '{"channel":"plain:a","data":1}'

  it.each<{ what: string; headers: Record<string, string>; status: number }>([
    { what: 'X-API-Key', headers: key, status: 200 },
    { what: 'Authorization', headers: { Authorization: `apikey ${API_KEY}` }, status: 200 },
    { what: 'Authorization in capitals', headers: { Authorization: `APIKEY ${API_KEY}` }, status: 200 },
    { what: 'a bearer', headers: { Authorization: `Bearer ${API_KEY}` }, status: 401 },
    { what: 'nothing', headers: {}, status: 401 },
    { what: 'a wrong key', headers: { 'X-API-Key': 'guess' }, status: 401 },
    { what: 'an empty key', headers: { 'X-API-Key': '' }, status: 401 },
    {
      what: 'a wrong X-API-Key and a right Authorization',
      headers: { 'X-API-Key': 'guess', Authorization: `apikey ${API_KEY}` },
      status: 401,
    },
  ])('with $what is answered with $status', async ({ headers, status }) => {
    const response = await fetch(url, { method: 'POST', body, headers })
    expect(response.status).toBe(status)
    expect(await response.text()).toBe(status === 200 ? '{"result":{}}' : '')
  })

  it('may carry the key in the query', async () => {
    const headers = { 'X-API-Key': 'guess' }
    expect((await fetch(`${url}?api_key=${API_KEY}`, { method: 'POST', body, headers })).status).toBe(200)
    expect((await fetch(`${url}?api_key=guess`, { method: 'POST', body })).status).toBe(401)
  })

  it('needs no key where the API is insecure, and none is right where none is configured', async () => {
    const insecure = await startServer({ http_api: { key: '', insecure: true } })
    expect((await insecure.apiResponse('publish', body, {})).status).toBe(200)
    const keyless = await startServer({ http_api: { key: '' } })
    expect((await keyless.apiResponse('publish', body, { 'X-API-Key': '' })).status).toBe(401)
  })

  it.each(['GET', 'PUT', 'DELETE'])('%s is 405, key or not', async (method) => {
    expect((await fetch(url, { method })).status).toBe(405)
  })

  it.each([
    { what: 'no JSON', text: 'nonsense' },
    { what: 'nothing', text: '' },
    { what: 'an array', text: '[]' },
    { what: 'a number as channel', text: '{"channel":5,"data":1}' },
    { what: 'numbers as tags', text: '{"channel":"plain:a","data":1,"tags":{"a":1}}' },
    { what: 'a string as skip_history', text: '{"channel":"plain:a","data":1,"skip_history":"yes"}' },
  ])('with $what as body is 400', async ({ text }) => {
    expect((await server.apiResponse('publish', text, key)).status).toBe(400)
  })

  it('with null as body is an empty request', async () => {
    const response = await server.apiResponse('publish', 'null', key)
    expect([response.status, await response.json()]).toEqual([200, BAD_REQUEST])
  })

  it('with keys that nobody knows is served', async () => {
    expect(await server.api('publish', { channel: 'plain:a', data: 1, colour: 'red' })).toEqual({ result: {} })
  })

  it('to a method that does not exist is 404', async () => {
    expect((await server.apiResponse('dance', '{}', key)).status).toBe(404)
  })

  it('is answered as JSON', async () => {
    const response = await server.apiResponse('publish', body, key)
    expect(response.headers.get('content-type')).toBe('application/json')
  })

  it.each([
    { code: 102, status: 404, request: { channel: 'nowhere:a', data: 1 } },
    { code: 107, status: 400, request: { data: 1 } },
  ])('that fails with $code is status $status where the caller asks for that', async ({ code, status, request }) => {
    const headers = { ...key, 'X-Centrifugo-Error-Mode': 'transport' }
    const response = await server.apiResponse('publish', JSON.stringify(request), headers)
    expect([response.status, await response.json()]).toEqual([status, { code, message: expect.any(String) }])
  })
})

describe('publish', () => {
  it('answers the position where history is kept, and nothing where it is not', async () => {
    expect(await server.api('publish', { channel: 'plain:a', data: 1 })).toEqual({ result: {} })
    expect(await server.api('publish', { channel: 'kept:p', data: 1 })).toEqual({
      result: { offset: 1, epoch: anEpoch },
    })
    expect(await server.api('publish', { channel: 'kept:p', data: 1 })).toEqual({
      result: { offset: 2, epoch: anEpoch },
    })
    expect(await server.api('publish', { channel: 'kept:p', data: 1, skip_history: true })).toEqual({ result: {} })
  })

  it.each([
    { what: 'no channel', request: { data: 1 }, answer: BAD_REQUEST },
    { what: 'no data', request: { channel: 'plain:a' }, answer: BAD_REQUEST },
    { what: 'null', request: { channel: 'plain:a', data: null }, answer: { result: {} } },
    { what: 'an unknown namespace', request: { channel: 'nowhere:a', data: 1 }, answer: UNKNOWN },
    { what: 'broken base64', request: { channel: 'plain:a', b64data: '*' }, answer: BAD_REQUEST },
    { what: 'a map namespace', request: { channel: 'map:a', data: 1 }, answer: BAD_REQUEST },
    { what: 'a name that no client could use', request: { channel: 'digits:ü', data: 1 }, answer: { result: {} } },
    { what: 'a private channel', request: { channel: '$plain:a', data: 1 }, answer: { result: {} } },
    { what: 'what is no object', request: { channel: 'object:a', data: 1 }, answer: BAD_REQUEST },
    { what: 'an object', request: { channel: 'object:a', data: {} }, answer: { result: {} } },
    { what: 'what is no JSON where it must be', request: { channel: 'json:a', b64data: 'AQI=' }, answer: BAD_REQUEST },
    { what: 'nothing where anything goes', request: { channel: 'binary:a' }, answer: { result: {} } },
  ])('with $what', async ({ request, answer }) => {
    expect(await server.api('publish', request)).toEqual(answer)
  })

  it('prefers b64data to data', async () => {
    const client = await as('ann')
    await client.exchange({ id: 2, subscribe: { channel: 'plain:b64' } })
    await server.publish('plain:b64', 1, { b64data: Buffer.from('{"b":64}').toString('base64') })
    expect(await client.received()).toEqual([{ push: { channel: 'plain:b64', pub: { data: { b: 64 } } } }])
  })

  it('delivers tags', async () => {
    const client = await as('ann')
    await client.exchange({ id: 2, subscribe: { channel: 'plain:tags' } })
    await server.publish('plain:tags', 1, { tags: { a: 'b' } })
    expect(await client.received()).toEqual([{ push: { channel: 'plain:tags', pub: { data: 1, tags: { a: 'b' } } } }])
  })

  it('with an idempotency key happens once and answers the first position again', async () => {
    const client = await as('ann')
    await client.exchange({ id: 2, subscribe: { channel: 'kept:once' } })
    const first = await server.publish('kept:once', 'first', { idempotency_key: 'k' })
    await server.publish('kept:once', 'second')
    expect(await server.publish('kept:once', 'again', { idempotency_key: 'k' })).toEqual(first)
    expect(await server.publish('kept:other', 'elsewhere', { idempotency_key: 'k' })).toEqual({
      offset: 1,
      epoch: anEpoch,
    })
    expect((await client.received()).map(({ push }) => (push as { pub: { data: unknown } }).pub.data)).toEqual([
      'first',
      'second',
    ])
  })

  it('with a version that is not newer happens not and answers the top', async () => {
    const versions = async (channel: string, steps: object[]): Promise<unknown[]> => {
      const offsets: unknown[] = []
      for (const step of steps) offsets.push((await server.publish(channel, 1, { ...step })).offset)
      return offsets
    }
    expect(await versions('kept:v1', [{ version: 2 }, { version: 1 }, { version: 2 }, { version: 3 }])).toEqual([
      1, 1, 1, 2,
    ])
    expect(await versions('kept:v2', [{ version: 2 }, {}, { version: 1 }])).toEqual([1, 2, 3])
    const inEpoch = (version: number, version_epoch: string): object => ({ version, version_epoch })
    expect(await versions('kept:v3', [inEpoch(2, 'a'), inEpoch(1, 'a'), inEpoch(1, 'b'), { version: 1 }])).toEqual([
      1, 1, 2, 2,
    ])
  })

  it('delivers the version', async () => {
    const client = await as('ann')
    await client.exchange({ id: 2, subscribe: { channel: 'kept:version' } })
    await server.publish('kept:version', 1, { version: 7 })
    expect(await client.received()).toEqual([
      { push: { channel: 'kept:version', pub: { data: 1, offset: 1, epoch: anEpoch, version: 7 } } },
    ])
  })
})

describe('broadcast', () => {
  it('answers for each channel, in the order of the request', async () => {
    const channels = ['plain:bc', 'nowhere:a', 'kept:bc', '']
    expect(await server.api('broadcast', { channels, data: 1 })).toEqual({
      result: {
        responses: [{ result: {} }, UNKNOWN, { result: { offset: 1, epoch: anEpoch } }, BAD_REQUEST],
      },
    })
  })

  it.each([
    { what: 'no channels', request: { channels: [], data: 1 } },
    { what: 'no data', request: { channels: ['plain:a'] } },
  ])('with $what is error 107', async ({ request }) => {
    const answer = await server.api('broadcast', request)
    const item = (answer.result as { responses?: unknown[] } | undefined)?.responses?.[0] ?? answer
    expect(item).toEqual(BAD_REQUEST)
  })
})

describe('subscribe and unsubscribe', () => {
  it('subscribe every connection of the user that is open now', async () => {
    const [one, two, other] = [await as('sub1'), await as('sub1'), await as('sub2')]
    expect(await server.api('subscribe', { user: 'sub1', channel: 'plain:s' })).toEqual({ result: {} })
    const push = { push: { channel: 'plain:s', subscribe: {} } }
    expect(await one.received()).toEqual([push])
    expect(await two.received()).toEqual([push])
    expect(await other.received()).toEqual([])
  })

  it('subscribe one connection where the caller names it', async () => {
    const [one, two] = [await as('sub3'), await as('sub3')]
    await server.api('subscribe', { user: 'sub3', client: one.client, channel: 'plain:s' })
    expect(await one.received()).toHaveLength(1)
    expect(await two.received()).toEqual([])
  })

  it('tell the position, data, and info to presence', async () => {
    const client = await as('sub4')
    const { epoch } = await server.publish('recovered:s', 1)
    await server.api('subscribe', { user: 'sub4', channel: 'recovered:s', data: { hello: 1 } })
    await server.api('subscribe', { user: 'sub4', channel: 'present:s', info: { role: 'host' } })
    expect(await client.received()).toEqual([
      {
        push: {
          channel: 'recovered:s',
          subscribe: { recoverable: true, epoch, offset: 1, positioned: true, data: { hello: 1 } },
        },
      },
      { push: { channel: 'present:s', subscribe: {} } },
    ])
    const entry = { user: 'sub4', client: client.client, chan_info: { role: 'host' } }
    expect(await server.api('presence', { channel: 'present:s' })).toEqual({
      result: { presence: { [client.client]: entry } },
    })
  })

  it('subscribe once more where the connection is subscribed, and say so again', async () => {
    const client = await as('sub9', { channels: ['plain:twice'] })
    expect(await server.api('subscribe', { user: 'sub9', channel: 'plain:twice' })).toEqual({ result: {} })
    await server.publish('plain:twice', 1)
    expect(await client.received()).toEqual([
      { push: { channel: 'plain:twice', subscribe: {} } },
      { push: { channel: 'plain:twice', pub: { data: 1 } } },
    ])
  })

  it('subscribe once more without presence removes the entry with ours, and leaves it for ever with Centrifugo', async () => {
    const client = await as('sub11', { channels: ['present:override'] })
    const override = { presence: { value: false } }
    await server.api('subscribe', { user: 'sub11', channel: 'present:override', override })
    client.close()
    await client.untilClosed()
    await expect
      .poll(() => server.api('channels', { pattern: 'present:override' }))
      .toEqual({ result: { channels: {} } })
    const clients = differs({ xshathra: 0, centrifugo: 1, because: 'nobody is there any more' })
    expect(await server.api('presence_stats', { channel: 'present:override' })).toEqual({
      result: { num_clients: clients, num_users: clients },
    })
  })

  it('tell where the subscription goes on when asked to recover, not what was missed', async () => {
    const client = await as('sub10')
    const { epoch } = await server.publish('recovered:since', 1)
    await server.publish('recovered:since', 2)
    await server.api('subscribe', { user: 'sub10', channel: 'recovered:since', recover_since: { offset: 1, epoch } })
    expect(await client.received()).toEqual([
      {
        push: {
          channel: 'recovered:since',
          subscribe: { recoverable: true, epoch, offset: 1, positioned: true },
        },
      },
    ])
  })

  it('override the rules of the namespace', async () => {
    const client = await as('sub5')
    const override = { presence: { value: true }, force_positioning: { value: true } }
    await server.api('subscribe', { user: 'sub5', channel: 'kept:override', override })
    expect(await client.received()).toEqual([
      { push: { channel: 'kept:override', subscribe: { epoch: anEpoch, positioned: true } } },
    ])
  })

  it('disconnect with 3505 a connection that has too many channels', async () => {
    const client = await as('sub6', { channels: ['plain:1', 'plain:2', 'plain:3'] })
    expect(await server.api('subscribe', { user: 'sub6', channel: 'plain:4' })).toEqual({ result: {} })
    expect(await client.untilClosed()).toEqual([closed(3505, 'channel limit')])
  })

  it('unsubscribe with push 2000, and publications end', async () => {
    const client = await as('sub7')
    await client.exchange({ id: 2, subscribe: { channel: 'plain:u' } })
    expect(await server.api('unsubscribe', { user: 'sub7', channel: 'plain:u' })).toEqual({ result: {} })
    await server.publish('plain:u', 1)
    expect(await client.received()).toEqual([
      { push: { channel: 'plain:u', unsubscribe: { code: 2000, reason: 'server unsubscribe' } } },
    ])
  })

  it('unsubscribe from a channel that is not subscribed says nothing with ours, and pushes all the same with Centrifugo', async () => {
    const client = await as('sub8')
    expect(await server.api('unsubscribe', { user: 'sub8', channel: 'plain:never' })).toEqual({ result: {} })
    expect(await client.received()).toEqual(
      differs<unknown[]>({
        xshathra: [],
        centrifugo: [{ push: { channel: 'plain:never', unsubscribe: { code: 2000, reason: 'server unsubscribe' } } }],
        because: 'nobody was unsubscribed',
      }),
    )
  })

  it('unsubscribe from no channel is error 107 with ours, and breaks SDKs with Centrifugo', async () => {
    expect(await server.api('unsubscribe', { user: 'nobody', channel: '' })).toEqual(
      differs<object>({
        xshathra: BAD_REQUEST,
        centrifugo: { result: {} },
        because: 'the JS SDK throws at an unsubscribe push without a channel',
      }),
    )
  })

  it.each([
    { method: 'subscribe', request: { user: 'ann' }, answer: BAD_REQUEST },
    { method: 'subscribe', request: { user: 'ann', channel: 'nowhere:a' }, answer: UNKNOWN },
    { method: 'unsubscribe', request: { user: 'ann', channel: 'nowhere:a' }, answer: UNKNOWN },
    { method: 'subscribe', request: { user: 'nobody', channel: 'plain:a' }, answer: { result: {} } },
    { method: 'unsubscribe', request: { user: 'nobody', channel: 'plain:a' }, answer: { result: {} } },
  ])('$method of $request', async ({ method, request, answer }) => {
    expect(await server.api(method, request)).toEqual(answer)
  })
})

describe('disconnect', () => {
  it('closes every connection of the user with 3503', async () => {
    const [one, two, other] = [await as('dis1'), await as('dis1'), await as('dis2')]
    expect(await server.api('disconnect', { user: 'dis1' })).toEqual({ result: {} })
    for (const client of [one, two]) expect(await client.untilClosed()).toEqual([closed(3503, 'force disconnect')])
    expect(await other.received()).toEqual([])
  })

  it('closes with the code and reason of the caller', async () => {
    const client = await as('dis3')
    await server.api('disconnect', { user: 'dis3', disconnect: { code: 4321, reason: 'because' } })
    expect(await client.untilClosed()).toEqual([closed(4321, 'because')])
  })

  it('closes one connection, or all but some, where the caller says so', async () => {
    const [one, two, three] = [await as('dis4'), await as('dis4'), await as('dis4')]
    await server.api('disconnect', { user: 'dis4', client: one.client })
    expect(await one.untilClosed()).toEqual([closed(3503, 'force disconnect')])
    await server.api('disconnect', { user: 'dis4', whitelist: [two.client] })
    expect(await three.untilClosed()).toEqual([closed(3503, 'force disconnect')])
    expect(await two.received()).toEqual([])
  })

  it('without a user means anonymous connections only', async () => {
    const [anonymous, named] = [await connectWebSocket(server, { token: token({}) }), await as('dis5')]
    expect(await server.api('disconnect', {})).toEqual({ result: {} })
    expect(await anonymous.untilClosed()).toEqual([closed(3503, 'force disconnect')])
    expect(await named.received()).toEqual([])
  })

  it('cuts a reason that no close frame could carry', async () => {
    const client = await as('dis6')
    await server.api('disconnect', { user: 'dis6', disconnect: { code: 4000, reason: 'x'.repeat(200) } })
    expect(await client.untilClosed()).toEqual(
      differs({
        xshathra: [closed(4000, 'x'.repeat(123))],
        centrifugo: [closed(1006, '')],
        because: 'without a close frame the client would reconnect for ever',
      }),
    )
  })
})

describe('presence, presence_stats, history, history_remove', () => {
  it.each([
    { method: 'presence', request: { channel: 'plain:a' }, answer: NOT_AVAILABLE },
    { method: 'presence_stats', request: { channel: 'plain:a' }, answer: NOT_AVAILABLE },
    { method: 'history', request: { channel: 'plain:a' }, answer: NOT_AVAILABLE },
    { method: 'history_remove', request: { channel: 'plain:a' }, answer: NOT_AVAILABLE },
    { method: 'presence', request: {}, answer: BAD_REQUEST },
    { method: 'presence_stats', request: {}, answer: BAD_REQUEST },
    { method: 'history', request: {}, answer: BAD_REQUEST },
    { method: 'history_remove', request: {}, answer: BAD_REQUEST },
    { method: 'presence', request: { channel: 'nowhere:a' }, answer: UNKNOWN },
    { method: 'history', request: { channel: 'nowhere:a' }, answer: UNKNOWN },
    { method: 'presence', request: { channel: 'present:empty' }, answer: { result: { presence: {} } } },
    {
      method: 'presence_stats',
      request: { channel: 'present:empty' },
      answer: { result: { num_clients: 0, num_users: 0 } },
    },
    {
      method: 'history',
      request: { channel: 'kept:new' },
      answer: { result: { publications: [], epoch: anEpoch, offset: 0 } },
    },
    { method: 'history_remove', request: { channel: 'kept:new' }, answer: { result: {} } },
  ])('$method of $request', async ({ method, request, answer }) => {
    expect(await server.api(method, request)).toEqual(answer)
  })

  it('history reads forward and backward from a position', async () => {
    let epoch = ''
    for (let n = 1; n <= 5; n++) ({ epoch } = (await server.publish('kept:read', n)) as { epoch: string })
    const numbers = async (request: object): Promise<unknown> => {
      const answer = await server.api('history', { channel: 'kept:read', ...request })
      const result = answer.result as { publications: { data: number; offset: number }[]; offset: number }
      return result ? result.publications.map(({ data }) => data) : answer
    }
    expect(await numbers({})).toEqual([])
    expect(await numbers({ limit: -1 })).toEqual([1, 2, 3, 4, 5])
    expect(await numbers({ limit: 2 })).toEqual([1, 2])
    expect(await numbers({ limit: 2, reverse: true })).toEqual([5, 4])
    expect(await numbers({ limit: 10, since: { offset: 3, epoch } })).toEqual([4, 5])
    expect(await numbers({ limit: 10, since: { offset: 3, epoch }, reverse: true })).toEqual([2, 1])
    expect(await numbers({ limit: 10, since: { offset: 3, epoch: 'other' } })).toEqual({
      error: errors.unrecoverablePosition,
    })
    expect(await numbers({ limit: 10, since: { offset: 0, epoch }, reverse: true })).toEqual(INTERNAL)
  })

  it('history shows who published, tags and no epoch', async () => {
    await server.publish('kept:shape', { a: 1 }, { tags: { b: 'c' } })
    expect(await server.api('history', { channel: 'kept:shape', limit: 1 })).toEqual({
      result: { publications: [{ data: { a: 1 }, offset: 1, tags: { b: 'c' } }], epoch: anEpoch, offset: 1 },
    })
  })

  it('history_remove removes what is kept, and the numbers go on', async () => {
    const { epoch } = await server.publish('kept:remove', 1)
    expect(await server.api('history_remove', { channel: 'kept:remove' })).toEqual({ result: {} })
    expect(await server.api('history', { channel: 'kept:remove', limit: -1 })).toEqual({
      result: { publications: [], epoch, offset: 1 },
    })
    expect(await server.publish('kept:remove', 2)).toEqual({ offset: 2, epoch })
  })
})

describe('channels and info', () => {
  it('channels lists the ones that somebody is subscribed to', async () => {
    const client = await as('ann')
    await client.exchange(
      { id: 2, subscribe: { channel: 'plain:list1' } },
      { id: 3, subscribe: { channel: 'plain:list2' } },
    )
    const other = await as('bob')
    await other.exchange({ id: 2, subscribe: { channel: 'plain:list1' } })
    const listed = (pattern: string): Promise<unknown> => server.api('channels', { pattern })
    const both = { 'plain:list1': { num_clients: 2 }, 'plain:list2': { num_clients: 1 } }
    expect(await listed('plain:list*')).toEqual({ result: { channels: both } })
    expect(await listed('plain:list?')).toEqual({ result: { channels: both } })
    expect(await listed('plain:list[2-9]')).toEqual({ result: { channels: { 'plain:list2': { num_clients: 1 } } } })
    expect(await listed('plain:{list1,x}')).toEqual({ result: { channels: { 'plain:list1': { num_clients: 2 } } } })
    expect(await listed('*:list2')).toEqual({ result: { channels: { 'plain:list2': { num_clients: 1 } } } })
    expect(await listed('plain:lis')).toEqual({ result: { channels: {} } })
    expect(await listed('[')).toEqual(INTERNAL)
    const all = await server.api('channels', {})
    expect((all.result as { channels: object }).channels).toMatchObject(both)
  })

  it('info counts what this node serves', async () => {
    const node = {
      uid: someText,
      name: someText,
      version: someText,
      num_clients: expect.any(Number),
      num_users: expect.any(Number),
      num_channels: expect.any(Number),
      num_subs: expect.any(Number),
      uptime: expect.any(Number),
    }
    await expect
      .poll(() => server.api('info', {}), { timeout: 5_000, interval: 500 })
      .toEqual({ result: { nodes: [expect.objectContaining(node)] } })
  })
})

describe('batch', () => {
  it('answers for each command, in the order of the request', async () => {
    const commands = [
      { publish: { channel: 'kept:batch', data: 1 } },
      { publish: { channel: 'nowhere:a', data: 1 } },
      { presence_stats: { channel: 'present:batch' } },
      { broadcast: { channels: ['plain:a'], data: 1 } },
      { history: { channel: 'kept:batch', limit: 1 } },
    ]
    expect(await server.api('batch', { commands })).toEqual({
      replies: [
        { publish: { offset: 1, epoch: anEpoch } },
        UNKNOWN,
        { presence_stats: { num_clients: 0, num_users: 0 } },
        { broadcast: { responses: [{ result: {} }] } },
        { history: { publications: [{ data: 1, offset: 1 }], epoch: anEpoch, offset: 1 } },
      ],
    })
  })

  it('in parallel keeps the order of the replies', async () => {
    const channels = Array.from({ length: 20 }, (_, n) => `present:parallel${n}`)
    const commands = channels.map((channel, n) =>
      n % 2 ? { presence_stats: { channel } } : { publish: { channel, data: n } },
    )
    const answer = await server.api('batch', { commands, parallel: true })
    expect((answer.replies as object[]).map((reply) => Object.keys(reply)[0])).toEqual(
      channels.map((_, n) => (n % 2 ? 'presence_stats' : 'publish')),
    )
  })

  it('of nothing is answered with nothing', async () => {
    expect(await server.api('batch', {})).toEqual({})
    expect(await server.api('batch', { commands: [] })).toEqual({})
  })

  it('answers commands that do not exist with error 104, and null with error 107', async () => {
    expect(await server.api('batch', { commands: [{ dance: {} }, null, {}] })).toEqual({
      replies: [
        { error: { code: 104, message: 'not found' } },
        BAD_REQUEST,
        { error: { code: 104, message: 'not found' } },
      ],
    })
  })
})

describe('rpc', () => {
  it('has no methods', async () => {
    expect(await server.api('rpc', { method: 'dance', params: {} })).toEqual({
      error: { code: 104, message: 'not found' },
    })
  })

  it('without a method is error 107', async () => {
    expect(await server.api('rpc', {})).toEqual(BAD_REQUEST)
  })
})

describe('the old form of the API', () => {
  it('takes lines of method and params and answers lines', async () => {
    const lines = [
      { method: 'publish', params: { channel: 'kept:old', data: 1 } },
      { method: 'publish', params: { channel: 'nowhere:a', data: 1 } },
      { method: 'history', params: { channel: 'kept:old' } },
    ]
    const response = await fetch(`${server.httpUrl}/api`, {
      method: 'POST',
      body: lines.map((line) => JSON.stringify(line)).join('\n'),
      headers: key,
    })
    const answers = (await response.text()).trim().split('\n')
    expect(answers.map((line) => JSON.parse(line) as unknown)).toEqual([
      { result: { offset: 1, epoch: anEpoch } },
      UNKNOWN,
      { result: { publications: [], epoch: anEpoch, offset: 1 } },
    ])
  })
})

describe('health', () => {
  it('answers an empty object', async () => {
    const response = await fetch(`${server.httpUrl}/health`)
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'application/json',
      '{}',
    ])
  })
})

it('a session may name a connection in place of its id', async () => {
  const client = await as('ann')
  expect(client.client).toEqual(aUuid)
  expect(await server.api('disconnect', { user: 'ann', session: 'nobody' })).toEqual({ result: {} })
  expect(await client.received()).toEqual([])
})

it('the expiry of an API subscription is told to nobody', async () => {
  const client = await as('expiring')
  await server.api('subscribe', { user: 'expiring', channel: 'plain:a', expire_at: inSeconds(60) })
  expect(await client.received()).toEqual([{ push: { channel: 'plain:a', subscribe: {} } }])
})
