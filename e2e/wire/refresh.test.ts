import { describe, expect, it } from 'vitest'
import { aUuid, closed, differs, errors, INVALID_TOKEN, secondsOf, someText } from './expectations.ts'
import { startServer } from './servers.ts'
import { inSeconds, token } from './tokens.ts'
import { connectWebSocket, type WebSocketClient } from './web-socket-client.ts'

const server = await startServer({
  client: { expired_close_delay: '1s', expired_sub_close_delay: '1s', presence_update_interval: '1s' },
  channel: {
    without_namespace: { presence: true, allow_presence_for_subscriber: true },
    namespaces: [{ name: 'open', allow_subscribe_for_client: true }],
  },
})

const EXPIRED = closed(3005, 'connection expired')
const RESULT = differs<object>({
  xshathra: { client: aUuid, version: someText },
  centrifugo: {},
  because: 'the JS SDK copies client from the refresh reply, and would lose its own id',
})

const connectAs = (claims: object): Promise<WebSocketClient> =>
  connectWebSocket(server, { token: token({ ...claims }) })
const soon = { exp: () => inSeconds(2) }

describe.concurrent('a connection with an end', () => {
  it('is closed with 3005 when its end and the delay have passed', async ({ expect }) => {
    const client = await connectAs({ sub: 'ann', exp: soon.exp() })
    expect(await client.untilClosed()).toEqual([EXPIRED])
  })

  it('lives on when it is refreshed in time', async ({ expect }) => {
    const client = await connectAs({ sub: 'ann', exp: soon.exp() })
    expect(await client.exchange({ id: 2, refresh: { token: token({ sub: 'ann', exp: inSeconds(60) }) } })).toEqual([
      { id: 2, refresh: { ...RESULT, expires: true, ttl: secondsOf(60) } },
    ])
    await expect(client.untilClosed(4_500)).rejects.toThrow('waited in vain')
  })

  it('that is refreshed with a token without end lives on with ours, and ends at the old time with Centrifugo', async ({
    expect,
  }) => {
    const client = await connectAs({ sub: 'ann', exp: soon.exp() })
    expect(await client.exchange({ id: 2, refresh: { token: token({ sub: 'ann' }) } })).toEqual([
      { id: 2, refresh: RESULT },
    ])
    const end = client.untilClosed(4_500).catch(() => 'alive')
    expect(await end).toEqual(
      differs<unknown>({
        xshathra: 'alive',
        centrifugo: [EXPIRED],
        because: 'the reply says that the connection does not expire any more',
      }),
    )
  })

  it('is closed with 3005 when the token of a refresh is expired', async ({ expect }) => {
    const client = await connectAs({ sub: 'ann', exp: inSeconds(60) })
    expect(await client.exchange({ id: 2, refresh: { token: token({ sub: 'ann', exp: inSeconds(-1) }) } })).toEqual([
      EXPIRED,
    ])
  })

  it.for([
    { what: 'forged', claims: { sub: 'ann' }, secret: 'guess', outcome: INVALID_TOKEN },
    { what: 'of another user', claims: { sub: 'bob' }, secret: undefined, outcome: INVALID_TOKEN },
    { what: 'of a subscription', claims: { sub: 'ann', channel: 'a' }, secret: undefined, outcome: INVALID_TOKEN },
  ])('is closed with 3500 when the token of a refresh is $what', async ({ claims, secret, outcome }, { expect }) => {
    const client = await connectAs({ sub: 'ann', exp: inSeconds(60) })
    expect(await client.exchange({ id: 2, refresh: { token: token(claims, secret) } })).toEqual([outcome])
  })

  it('gets error 110 for a token whose expire_at has passed', async ({ expect }) => {
    const client = await connectAs({ sub: 'ann', exp: inSeconds(60) })
    const refresh = { token: token({ sub: 'ann', exp: inSeconds(60), expire_at: inSeconds(-1) }) }
    expect(await client.exchange({ id: 2, refresh })).toEqual([{ id: 2, error: errors.expired }])
  })

  it('gets error 102 for a token with a channel of an unknown namespace', async ({ expect }) => {
    const client = await connectAs({ sub: 'ann', exp: inSeconds(60) })
    const refresh = { token: token({ sub: 'ann', channels: ['nowhere:a'] }) }
    expect(await client.exchange({ id: 2, refresh })).toEqual([{ id: 2, error: errors.unknownChannel }])
  })

  it('is closed with 3010 when the channels of the new token are not those it has', async ({ expect }) => {
    for (const channels of [['open:a', 'open:b'], []]) {
      const client = await connectAs({ sub: 'ann', exp: inSeconds(60), channels: ['open:a'] })
      const refresh = { token: token({ sub: 'ann', exp: inSeconds(60), channels }) }
      expect(await client.exchange({ id: 2, refresh })).toEqual([closed(3010, 'insufficient state')])
    }
  })

  it('keeps its channels when the new token names the same', async ({ expect }) => {
    const client = await connectAs({ sub: 'ann', exp: inSeconds(60), channels: ['open:a'] })
    const refresh = { token: token({ sub: 'ann', exp: inSeconds(60), channels: ['open:a'] }) }
    expect(await client.exchange({ id: 2, refresh })).toEqual([
      { id: 2, refresh: { ...RESULT, expires: true, ttl: secondsOf(60) } },
    ])
  })

  it('may refresh even if it has no end', async ({ expect }) => {
    const client = await connectAs({ sub: 'ann' })
    expect(await client.exchange({ id: 2, refresh: { token: token({ sub: 'ann', exp: inSeconds(60) }) } })).toEqual([
      { id: 2, refresh: { ...RESULT, expires: true, ttl: secondsOf(60) } },
    ])
  })
})

describe.concurrent('refresh through the API', () => {
  it('pushes the new end', async ({ expect }) => {
    const client = await connectAs({ sub: 'api1', exp: inSeconds(60) })
    expect(await server.api('refresh', { user: 'api1', expire_at: inSeconds(120) })).toEqual({ result: {} })
    expect(await client.received()).toEqual([{ push: { refresh: { expires: true, ttl: secondsOf(120) } } }])
  })

  it('without an end makes the connection live on', async ({ expect }) => {
    const client = await connectAs({ sub: 'api2', exp: soon.exp() })
    expect(await server.api('refresh', { user: 'api2' })).toEqual({ result: {} })
    expect(await client.received()).toEqual([{ push: { refresh: {} } }])
    await expect(client.untilClosed(4_500)).rejects.toThrow('waited in vain')
  })

  it('as expired, or with an end in the past, closes with 3005', async ({ expect }) => {
    for (const how of [{ expired: true }, { expire_at: inSeconds(-1) }]) {
      const client = await connectAs({ sub: 'api3' })
      expect(await server.api('refresh', { user: 'api3', ...how })).toEqual({ result: {} })
      expect(await client.untilClosed()).toEqual([EXPIRED])
    }
  })
})

describe.concurrent('a subscription with an end', () => {
  const subscribed = async (user: string, channel: string, exp: number): Promise<WebSocketClient> => {
    const client = await connectAs({ sub: user })
    const subscribe = { channel, token: token({ sub: user, channel, exp }) }
    expect(await client.exchange({ id: 2, subscribe })).toEqual([
      { id: 2, subscribe: { expires: true, ttl: expect.any(Number) } },
    ])
    return client
  }

  it('is told its seconds', async ({ expect }) => {
    const client = await connectAs({ sub: 'ann' })
    const subscribe = { channel: 'a', token: token({ sub: 'ann', channel: 'a', exp: inSeconds(60) }) }
    expect(await client.exchange({ id: 2, subscribe })).toEqual([
      { id: 2, subscribe: { expires: true, ttl: secondsOf(60) } },
    ])
  })

  it('is ended with push 2501 when its end and the delay have passed, and the connection stays', async ({ expect }) => {
    const client = await subscribed('sub1', 'ending', inSeconds(1))
    expect(await client.inbox.take(1)).toEqual([
      { push: { channel: 'ending', unsubscribe: { code: 2501, reason: 'subscription expired' } } },
    ])
    await server.publish('ending', 1)
    expect(await client.received()).toEqual([])
  })

  it('lives on when it is refreshed in time', async ({ expect }) => {
    const client = await subscribed('sub2', 'kept', inSeconds(2))
    const refresh = { channel: 'kept', token: token({ sub: 'sub2', channel: 'kept', exp: inSeconds(60) }) }
    expect(await client.exchange({ id: 3, sub_refresh: refresh })).toEqual([
      { id: 3, sub_refresh: { expires: true, ttl: secondsOf(60) } },
    ])
    await expect(client.inbox.take(1, 5_000)).rejects.toThrow('waited in vain')
  })

  it('takes its info from the token of the refresh', async ({ expect }) => {
    const client = await subscribed('sub3', 'info', inSeconds(60))
    const claims = { sub: 'sub3', channel: 'info', info: { role: 'new' } }
    expect(await client.exchange({ id: 3, sub_refresh: { channel: 'info', token: token(claims) } })).toEqual([
      { id: 3, sub_refresh: {} },
    ])
    await expect
      .poll(() => server.api('presence', { channel: 'info' }))
      .toEqual({
        result: {
          presence: { [client.client]: { user: 'sub3', client: client.client, chan_info: { role: 'new' } } },
        },
      })
  })

  it('of a server-side channel ends the connection with 3006', async ({ expect }) => {
    const client = await connectAs({ sub: 'sub4' })
    await server.api('subscribe', { user: 'sub4', channel: 'open:timed', expire_at: inSeconds(1) })
    expect(await client.untilClosed()).toEqual([
      { push: { channel: 'open:timed', subscribe: {} } },
      closed(3006, 'subscription expired'),
    ])
  })
})

describe.concurrent('sub_refresh', () => {
  const subscribed = async (): Promise<WebSocketClient> => {
    const client = await connectAs({ sub: 'ann' })
    const subscribe = { channel: 'a', token: token({ sub: 'ann', channel: 'a', exp: inSeconds(60) }) }
    await client.exchange({ id: 2, subscribe })
    return client
  }
  const ask = async (sub_refresh: object): Promise<unknown> => {
    const client = await subscribed()
    return (await client.exchange({ id: 3, sub_refresh }))[0]
  }

  it('of a channel that is not subscribed is error 103', async ({ expect }) => {
    expect(await ask({ channel: 'b', token: token({ sub: 'ann', channel: 'b' }) })).toEqual({
      id: 3,
      error: errors.permissionDenied,
    })
  })

  it('without a token is error 107', async ({ expect }) => {
    expect(await ask({ channel: 'a' })).toEqual({ id: 3, error: errors.badRequest })
  })

  it.for([
    { what: 'forged', text: () => token({ sub: 'ann', channel: 'a' }, 'guess') },
    { what: 'of another user', text: () => token({ sub: 'bob', channel: 'a' }) },
    { what: 'of another channel', text: () => token({ sub: 'ann', channel: 'b' }) },
    { what: 'of no channel', text: () => token({ sub: 'ann' }) },
  ])('with a token $what ends the connection with 3500', async ({ text }, { expect }) => {
    expect(await ask({ channel: 'a', token: text() })).toEqual(INVALID_TOKEN)
  })

  it('with an expired token is error 109 with ours, and a success that removes the end with Centrifugo', async ({
    expect,
  }) => {
    const reply = await ask({ channel: 'a', token: token({ sub: 'ann', channel: 'a', exp: inSeconds(-1) }) })
    expect(reply).toEqual({
      id: 3,
      ...differs<object>({
        xshathra: { error: errors.tokenExpired },
        centrifugo: { sub_refresh: {} },
        because: 'an expired token must not lengthen a subscription',
      }),
    })
  })

  it('with expire_at in the past is error 110', async ({ expect }) => {
    const claims = { sub: 'ann', channel: 'a', expire_at: inSeconds(-1) }
    expect(await ask({ channel: 'a', token: token(claims) })).toEqual({ id: 3, error: errors.expired })
  })

  it('without an end makes the subscription live on', async ({ expect }) => {
    expect(await ask({ channel: 'a', token: token({ sub: 'ann', channel: 'a' }) })).toEqual({ id: 3, sub_refresh: {} })
  })
})
