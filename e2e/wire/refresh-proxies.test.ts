import { beforeEach, describe, expect, it } from 'vitest'
import { startBackend } from './backend.ts'
import { BAD_REQUEST, closed, connectResult } from './expectations.ts'
import { startServer } from './servers.ts'
import { inSeconds, token } from './tokens.ts'
import { connectWebSocket, openWebSocket, type WebSocketClient } from './web-socket-client.ts'

const backend = await startBackend()
const via = (path: string, more: object = {}): object => ({
  endpoint: `${backend.url}/${path}`,
  timeout: '1s',
  ...more,
})

// Timers are as short as both servers take them; nothing has to be waited for longer than a few seconds.
const server = await startServer({
  client: {
    proxy: { refresh: via('refresh', { enabled: true, include_connection_meta: true, http_headers: ['X-Real'] }) },
    expired_sub_close_delay: '1s',
    presence_update_interval: '1s',
  },
  channel: {
    proxy: { sub_refresh: via('sub_refresh') },
    namespaces: [
      {
        name: 'asked',
        sub_refresh_proxy_enabled: true,
        allow_subscribe_for_client: true,
        presence: true,
        allow_presence_for_client: true,
      },
    ],
  },
})

beforeEach(() => {
  backend.answer = () => ({ result: {} })
  backend.takeCalls()
})

const connectFor = (seconds: number, claims: object = {}): Promise<WebSocketClient> =>
  connectWebSocket(
    server,
    { token: token({ sub: 'ann', exp: inSeconds(seconds), ...claims }) },
    { headers: { 'X-Real': 'yes' } },
  )

const mapValues = <From, To>(values: Record<string, From>, change: (name: string) => To): Record<string, To> =>
  Object.fromEntries(Object.keys(values).map((name) => [name, change(name)]))

/** Lets the backend answer each user as the table says, and does the same for all users at once. */
const askedFor = async <Outcome>(
  answers: Record<string, object>,
  run: (user: string) => Promise<Outcome>,
): Promise<Record<string, Outcome>> => {
  // Connections of earlier tests may still be there.
  backend.answer = ({ body }) => answers[body.user as string] ?? {}
  const outcomes = await Promise.all(Object.keys(answers).map(async (user) => [user, await run(user)] as const))
  return Object.fromEntries(outcomes)
}

describe('the refresh proxy', () => {
  it('takes the expiry away from the client, which may not refresh itself', async () => {
    const client = await openWebSocket(server)
    const reply = await client.connect({ token: token({ sub: 'ann', exp: inSeconds(60) }) })
    expect(reply).toEqual({ id: 1, connect: connectResult })
    client.send({ id: 2, refresh: { token: token({ sub: 'ann', exp: inSeconds(60) }) } })
    expect(await client.untilClosed()).toEqual([BAD_REQUEST])
  })

  it('is asked when the time is over, and says how long the connection goes on', async () => {
    backend.answer = () => ({ result: { expire_at: inSeconds(2), info: { n: 1 }, meta: { m: 2 } } })
    const client = await connectFor(1, { meta: { m: 1 } })
    await expect.poll(() => backend.calls.length, { timeout: 10_000 }).toBe(2)
    const [first, second] = backend.takeCalls()
    expect(first).toMatchObject({ path: '/refresh', headers: { 'x-real': 'yes' } })
    expect(first!.body).toEqual({
      client: client.client,
      transport: 'websocket',
      protocol: 'json',
      encoding: 'json',
      user: 'ann',
      meta: { m: 1 },
    })
    expect(second!.body.meta).toEqual({ m: 2 })
    expect(await client.ask({ subscribe: { channel: 'asked:a' } })).toEqual({ subscribe: {} })
    const { presence } = (await client.ask({ presence: { channel: 'asked:a' } })) as { presence: { presence: object } }
    expect(Object.values(presence.presence)).toMatchObject([{ user: 'ann', conn_info: { n: 1 } }])
  })

  it('ends the connection with 3005 unless a result says until when it goes on', async () => {
    const ends = {
      nothing: {},
      'a null result': { result: null },
      'no end': { result: {} },
      'an end that is over': { result: { expire_at: 1_600_000_000 } },
      expired: { result: { expired: true } },
      'an error': { error: { code: 1000, message: 'no' } },
      'a disconnect': { disconnect: { code: 4999, reason: 'no' } },
    }
    expect(await askedFor(ends, (sub) => connectFor(1, { sub }).then((client) => client.untilClosed(10_000)))).toEqual(
      mapValues(ends, () => [closed(3005, 'connection expired')]),
    )
  })

  it('leaves the connection alone where it fails', async () => {
    const failures = { 'a failing status': { status: 500 }, 'a result that is none': { result: { expire_at: 'soon' } } }
    const clients = await askedFor(failures, (sub) => connectFor(1, { sub }))
    const askedAbout = () => new Set(backend.calls.map(({ body }) => body.user))
    const isEverybodyAsked = () => Object.keys(failures).every((user) => askedAbout().has(user))
    await expect.poll(isEverybodyAsked, { timeout: 10_000 }).toBe(true)
    for (const client of Object.values(clients)) expect(await client.received()).toEqual([])
  })
})

describe('the sub_refresh proxy', () => {
  const subscribeFor = async (seconds: number, sub = 'ann'): Promise<WebSocketClient> => {
    const client = await connectWebSocket(server, { token: token({ sub }) })
    const subscription = token({ sub, channel: 'asked:a', exp: inSeconds(seconds) })
    expect(await client.ask({ subscribe: { channel: 'asked:a', token: subscription } })).toEqual({ subscribe: {} })
    return client
  }

  it('takes the expiry away from the client, which may not refresh itself', async () => {
    const client = await subscribeFor(60)
    client.send({ id: 9, sub_refresh: { channel: 'asked:a', token: token({ sub: 'ann', channel: 'asked:a' }) } })
    expect(await client.untilClosed()).toEqual([BAD_REQUEST])
  })

  it('is asked when time and delay are over, and says how long the subscription goes on', async () => {
    backend.answer = () => ({ result: { expire_at: inSeconds(1), info: { n: 1 } } })
    const client = await subscribeFor(1)
    await expect.poll(() => backend.calls.length, { timeout: 10_000 }).toBe(2)
    const [first] = backend.takeCalls()
    expect(first!.path).toBe('/sub_refresh')
    expect(first!.body).toEqual({
      client: client.client,
      transport: 'websocket',
      protocol: 'json',
      encoding: 'json',
      user: 'ann',
      channel: 'asked:a',
    })
    const { presence } = (await client.ask({ presence: { channel: 'asked:a' } })) as { presence: { presence: object } }
    expect(Object.values(presence.presence)).toMatchObject([{ user: 'ann', chan_info: { n: 1 } }])
  })

  it('keeps a subscription for ever where it names no end', async () => {
    const client = await subscribeFor(1)
    await expect.poll(() => backend.calls.length, { timeout: 10_000 }).toBe(1)
    expect(await client.received()).toEqual([])
  })

  it('ends the subscription with 2501 where it says so, or what is no result', async () => {
    const ends = {
      'a null result': { result: null },
      expired: { result: { expired: true } },
      'an end that is over': { result: { expire_at: 1_600_000_000 } },
      'an error': { error: { code: 1000, message: 'no' } },
    }
    const firstOf = async (user: string) => (await subscribeFor(1, user)).inbox.take(1, 10_000)
    expect(await askedFor(ends, firstOf)).toEqual(
      mapValues(ends, () => [
        { push: { channel: 'asked:a', unsubscribe: { code: 2501, reason: 'subscription expired' } } },
      ]),
    )
  })
})
