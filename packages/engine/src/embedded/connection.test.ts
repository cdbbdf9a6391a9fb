import { describe, expect, it } from 'vitest'
import { bareMemoryForm } from '../testing/memory-transport.ts'
import { closedRules, openRules, plainToken } from '../testing/plain-tenancy.ts'
import { createTestCore } from '../testing/test-core.ts'

describe('connecting', () => {
  it('[CN1] answers with the connection id, the version and the ping it may expect', async () => {
    const test = await createTestCore()
    const client = test.open()
    expect(await client.request({ connect: { token: plainToken({ user: 'ada' }) } })).toEqual({
      id: 1,
      connect: { client: 'id-2', version: '0.0.0 test', ping: 25, pong: true },
    })
  })

  it('[CN2] carries out connect and subscribes of one frame in order', async () => {
    const test = await createTestCore()
    const client = test.open()
    await client.transport.send(
      { id: 1, connect: {} },
      { id: 2, subscribe: { channel: 'a' } },
      { id: 3, subscribe: { channel: 'b' } },
    )
    expect(
      client
        .messages()
        .filter((message) => message.id)
        .map((message) => message.id),
    ).toEqual([1, 2, 3])
  })

  it.each([
    ['any other command first', [{ id: 1, subscribe: { channel: 'a' } }]],
    [
      'a second connect',
      [
        { id: 1, connect: {} },
        { id: 2, connect: {} },
      ],
    ],
    ['a command without a request', [{ id: 1, connect: {} }, { id: 2 }]],
    [
      'a lone ping command',
      [
        { id: 1, connect: {} },
        { id: 2, ping: {} },
      ],
    ],
    ['a pong nobody asked for', [{ id: 1, connect: {} }, {}]],
  ])('[CN3] ends the connection with 3501 for %s', async (_, commands) => {
    const test = await createTestCore()
    const client = test.open()
    await client.transport.send(...commands)
    expect(client.transport.closedWith).toEqual({ code: 3501, reason: 'bad request' })
  })

  it('[CN4] carries out what stands before nonsense in the same frame, and nothing behind it', async () => {
    const test = await createTestCore()
    const client = test.open()
    await client.transport.sendRaw('{"id":1,"connect":{}}\nnonsense\n{"id":2,"subscribe":{"channel":"a"}}')
    expect(client.messages()).toMatchObject([{ id: 1 }])
    expect(client.transport.closedWith?.code).toBe(3501)
  })

  it('[CN5] leaves a refused connection five seconds to go by itself, then drops it without a word', async () => {
    const test = await createTestCore()
    const client = test.open()
    const reply = await client.request({ connect: { token: plainToken({ isExpired: true }) } })
    expect(reply).toEqual({ id: 1, error: { code: 109, message: 'token expired' } })
    await client.transport.send({ id: 2, subscribe: { channel: 'a' } })
    expect(client.messages()).toEqual([])
    test.advance(4_900)
    expect(client.transport.isTerminated).toBe(false)
    test.advance(300)
    expect(client.transport.isTerminated).toBe(true)
    expect(client.transport.closedWith).toBeUndefined()
  })

  it('[CN6] closes a connection that does not connect in time as stale', async () => {
    const test = await createTestCore()
    const client = test.open()
    test.advance(9_900)
    expect(client.transport.closedWith).toBeUndefined()
    test.advance(300)
    expect(client.transport.closedWith).toEqual({ code: 3502, reason: 'stale' })
  })

  it('[CN7] refuses the connection of a user that has as many as allowed', async () => {
    const test = await createTestCore({ client: { userConnectionLimit: 1 } })
    await test.connect({ user: 'ada' })
    const second = await test.connect({ user: 'ada' })
    expect(second.transport.closedWith?.code).toBe(3504)
    const other = await test.connect({ user: 'bob' })
    expect(other.transport.closedWith).toBeUndefined()
  })

  it('[CN7] refuses what a scope has too many of by the limits of its credentials', async () => {
    const test = await createTestCore()
    const limits = { connections: 2, connectionsPerUser: 1 }
    const [ada, again, bob, eve, elsewhere] = [
      await test.connect({ scope: 'one', user: 'ada', limits }),
      await test.connect({ scope: 'one', user: 'ada', limits }),
      await test.connect({ scope: 'one', user: 'bob', limits }),
      await test.connect({ scope: 'one', user: 'eve', limits }),
      await test.connect({ scope: 'two', user: 'eve', limits }),
    ]
    const codes = [ada, again, bob, eve, elsewhere].map(({ transport }) => transport.closedWith?.code)
    expect(codes).toEqual([undefined, 3504, undefined, 3504, undefined])
  })

  it('[CN14] answers error 110 to a connect whose end has passed', async () => {
    const test = await createTestCore()
    const expireAt = Math.floor(test.clock.now() / 1000)
    const reply = await test.open().request({ connect: { token: plainToken({ user: 'ada', expireAt }) } })
    expect(reply.error.code).toBe(110)
    expect(test.core.node().numClients).toBe(0)
  })

  it('[CN27] takes channels that the client wishes for as far as the rules are open, and skips the others in silence', async () => {
    const namespaces = {
      '': openRules,
      closed: closedRules,
      asked: { ...openRules, subscribeProxy: 'default' },
      users: { ...closedRules, allowUserLimitedChannels: true },
    }
    const test = await createTestCore({ namespaces })
    const wishes = ['a', '$private', 'closed:a', 'asked:a', 'users:#ada', 'users:#bob', 'ü']
    const subs = Object.fromEntries(wishes.map((channel) => [channel, {}]))
    const reply = await test.open().request({ connect: { token: plainToken({ user: 'ada' }), subs } })
    expect(Object.keys(reply.connect.subs)).toEqual(['a', 'users:#ada'])
    const refused = test.open()
    await refused.request({ connect: { token: plainToken({ user: 'ada' }), subs: { 'nowhere:a': {} } } })
    expect(refused.transport.closedWith?.code).toBe(3501)
  })

  it('[CN25] where a user may have one connection only, the newest ends the others with 3504', async () => {
    const test = await createTestCore({ client: { personalChannel: { namespace: '', singleConnection: true } } })
    const first = await test.connect({ user: 'ada' })
    const other = await test.connect({ user: 'bob' })
    const second = await test.connect({ user: 'ada' })
    expect(first.transport.closedWith?.code).toBe(3504)
    expect([other, second].map(({ transport }) => transport.closedWith)).toEqual([undefined, undefined])
  })

  it('[CN8] answers with all server-side subscriptions, and fails whole where one fails', async () => {
    const test = await createTestCore()
    const client = test.open()
    const reply = await client.request({ connect: { token: plainToken({ channels: ['a', 'b'] }) } })
    expect(Object.keys(reply.connect.subs)).toEqual(['a', 'b'])
    const other = test.open()
    const refused = await other.request({ connect: { token: plainToken({ channels: ['a', 'nowhere:b'] }) } })
    expect(refused.error.code).toBe(102)
    expect((await test.connect()).messages()).toEqual([])
  })

  it('[CN9] refuses more server-side subscriptions than the limit with 3505', async () => {
    const test = await createTestCore({ client: { channelLimit: 1 } })
    const client = await test.connect({ channels: ['a', 'b'] })
    expect(client.transport.closedWith?.code).toBe(3505)
  })

  it('[CN10] one-way streams open with a connect push and end with a disconnect instead of an error', async () => {
    const test = await createTestCore()
    const uni = test.open({ form: bareMemoryForm, isUnidirectional: true, session: 's' })
    await uni.transport.sendConnectRequest({ token: plainToken({ channels: ['a'] }) })
    expect(uni.messages()).toMatchObject([{ connect: { ping: 25, session: 's', subs: { a: {} } } }])
    await test.publish('a', 1)
    expect(uni.messages()).toMatchObject([{ channel: 'a', pub: { data: 1, offset: 1 } }])
    const expired = test.open({ form: bareMemoryForm, isUnidirectional: true, session: 't' })
    await expired.transport.sendConnectRequest({ token: plainToken({ isExpired: true }) })
    expect(expired.transport.closedWith?.code).toBe(3005)
  })
})

describe('staying alive', () => {
  it('[CN11] pings between half an interval and an interval after connecting, then every interval', async () => {
    const test = await createTestCore()
    const client = await test.connect()
    test.advance(18_700)
    expect(client.messages()).toEqual([])
    test.advance(200)
    expect(client.messages()).toEqual([{}])
    await client.transport.send({})
    test.advance(24_700)
    expect(client.messages()).toEqual([])
    test.advance(500)
    expect(client.messages()).toEqual([{}])
  })

  it('[CN12] only a pong counts: other traffic does not save a connection that does not answer pings', async () => {
    const test = await createTestCore()
    const client = await test.connect()
    test.advance(18_900)
    await client.subscribe('a')
    test.advance(8_300)
    expect(client.transport.closedWith).toEqual({ code: 3012, reason: 'no pong' })
  })

  it('[CN13] takes one pong per ping and ends the connection for a second', async () => {
    const test = await createTestCore()
    const client = await test.connect()
    test.advance(18_900)
    await client.transport.send({})
    expect(client.transport.closedWith).toBeUndefined()
    await client.transport.send({})
    expect(client.transport.closedWith?.code).toBe(3501)
  })

  it('[CN14] closes an expired connection only after the time given to refresh, and a refresh puts it off', async () => {
    const test = await createTestCore({ client: { pingIntervalMs: 0 } })
    const inOneMinute = () => Math.floor(test.clock.now() / 1000) + 60
    const client = test.open()
    const reply = await client.request({ connect: { token: plainToken({ user: 'ada', expireAt: inOneMinute() }) } })
    expect(reply.connect).toMatchObject({ expires: true, ttl: 60 })
    test.advance(80_000)
    expect(client.transport.closedWith).toBeUndefined()
    const refreshed = await client.request({ refresh: { token: plainToken({ user: 'ada', expireAt: inOneMinute() }) } })
    expect(refreshed.refresh).toMatchObject({ expires: true, ttl: 60, client: 'id-2' })
    test.advance(80_000)
    expect(client.transport.closedWith).toBeUndefined()
    test.advance(6_000)
    expect(client.transport.closedWith).toEqual({ code: 3005, reason: 'connection expired' })
  })

  it('[CN14] answers error 110 to a refresh that has its end behind it already', async () => {
    const test = await createTestCore()
    const client = await test.connect({ user: 'ada' })
    const token = plainToken({ user: 'ada', expireAt: Math.floor(test.clock.now() / 1000) - 1 })
    expect((await client.request({ refresh: { token } })).error.code).toBe(110)
    expect(client.transport.closedWith).toBeUndefined()
  })

  it('[CN15] ends the connection where a refresh leaves out a channel of the token before', async () => {
    const test = await createTestCore()
    const client = await test.connect({ user: 'ada', channels: ['a', 'b'] })
    await client.request({ refresh: { token: plainToken({ user: 'ada', channels: ['a'] }) } })
    expect(client.transport.closedWith?.code).toBe(3010)
  })

  it("[CN15] ends the connection where a refresh brings another user's token or other channels", async () => {
    const test = await createTestCore()
    const ada = await test.connect({ user: 'ada', channels: ['a'] })
    await ada.request({ refresh: { token: plainToken({ user: 'ada', channels: ['b'] }) } })
    expect(ada.transport.closedWith?.code).toBe(3010)
    const bob = await test.connect({ user: 'bob' })
    await bob.request({ refresh: { token: plainToken({ user: 'ada' }) } })
    expect(bob.transport.closedWith?.code).toBe(3500)
  })

  it('[CN16] disconnects a reader whose backlog passes the bound with 3008, and serves the others', async () => {
    const test = await createTestCore({ client: { queueMaxBytes: 10_000 } })
    const slow = await test.connect({}, { readsAtMost: 500 })
    const quick = await test.connect()
    await slow.subscribe('a')
    await quick.subscribe('a')
    for (let i = 0; i < 40; i++) {
      await test.publish('a', 'x'.repeat(500))
      test.flush()
    }
    expect(slow.transport.closedWith).toEqual({ code: 3008, reason: 'slow' })
    expect(quick.publications()).toHaveLength(40)
    expect((await quick.request({ presence_stats: { channel: 'a' } })).presence_stats).toEqual({
      num_clients: 1,
      num_users: 1,
    })
  })

  it('[CN16] does not take one large message for a slow reader', async () => {
    const test = await createTestCore({ client: { queueMaxBytes: 1_000 } })
    const client = await test.connect()
    await client.subscribe('a')
    await test.publish('a', 'x'.repeat(10_000))
    expect(client.publications()).toHaveLength(1)
    expect(client.transport.closedWith).toBeUndefined()
  })

  it.each([
    [3503, [{ id: 9, subscribe: {} }]],
    [3000, []],
    [3008, []],
  ])('[CN17] before a disconnect with %i there arrives of what was sent before: %j', async (code, expected) => {
    const test = await createTestCore()
    const client = await test.connect({ user: 'ada' })
    await client.transport.send({ id: 9, subscribe: { channel: 'a' } })
    await test.core.api.disconnect('', { user: 'ada', code })
    expect(client.transport.received()).toMatchObject(expected)
    expect(client.transport.closedWith?.code).toBe(code)
  })

  it('[CN18] tells everybody 3001 when the engine stops', async () => {
    const test = await createTestCore()
    const clients = [await test.connect(), await test.connect()]
    await test.core.close()
    expect(clients.map(({ transport }) => transport.closedWith?.code)).toEqual([3001, 3001])
    expect(test.clock.pending).toBe(0)
  })

  it("[CN18] tells nobody of the others' leaving when the engine stops", async () => {
    const test = await createTestCore()
    const clients = [await test.connect(), await test.connect(), await test.connect()]
    for (const client of clients) await client.subscribe('a', { join_leave: true })
    for (const client of clients) client.messages()
    await test.core.close()
    expect(clients.flatMap(({ transport }) => transport.received())).toEqual([])
  })

  it('[CN24] a mass disconnect leaves nobody present and nothing counted, and whoever stays hears of each leave', async () => {
    const test = await createTestCore()
    const watcher = await test.connect({ user: 'watcher' })
    await watcher.subscribe('a', { join_leave: true })
    for (let seat = 0; seat < 50; seat++) {
      const client = await test.connect({ user: 'crowd' })
      await client.subscribe('a', { join_leave: true })
    }
    watcher.messages()
    await test.core.api.disconnect('', { user: 'crowd' })
    const leaves = watcher.messages().filter((message) => message.push.leave)
    expect(new Set(leaves.map((message) => message.push.leave.info.client)).size).toBe(50)
    expect(leaves).toHaveLength(50)
    expect((await watcher.request({ presence: { channel: 'a' } })).presence.presence).toEqual({
      'id-2': { user: 'watcher', client: 'id-2' },
    })
    expect(test.core.node()).toMatchObject({ numClients: 1, numUsers: 1, numChannels: 1, numSubs: 1 })
  })

  it('[CN19] ends a connection for `send` with 3508 and answers `rpc` with error 108', async () => {
    const test = await createTestCore()
    const client = await test.connect()
    expect((await client.request({ rpc: { method: 'x' } })).error.code).toBe(108)
    await client.transport.send({ send: { data: 1 } })
    expect(client.transport.closedWith?.code).toBe(3508)
  })
})

describe('tenants', () => {
  it('[CN20] scopes never meet: same channel, same user, and nothing crosses', async () => {
    const test = await createTestCore({ namespaces: { '': openRules, closed: closedRules } })
    const mine = await test.connect({ scope: 'one', user: 'ada' })
    const theirs = await test.connect({ scope: 'two', user: 'ada' })
    await mine.subscribe('room')
    await theirs.subscribe('room')
    await test.publish('room', 'for one', 'one')
    expect(mine.publications()).toEqual(['for one'])
    expect(theirs.publications()).toEqual([])
    expect((await theirs.request({ presence: { channel: 'room' } })).presence.presence).toEqual({
      'id-3': { user: 'ada', client: 'id-3' },
    })
    expect((await theirs.request({ history: { channel: 'room', limit: 10 } })).history.publications).toEqual([])
    await test.core.api.disconnect('one', { user: 'ada' })
    expect(mine.transport.closedWith?.code).toBe(3503)
    expect(theirs.transport.closedWith).toBeUndefined()
    expect(await test.core.api.channels('one')).toMatchObject({ ok: true, value: new Map() })
  })
})

describe('a scope that publishes too fast', () => {
  it('[CN23] refuses a client publish with the temporary error 111 and delivers nothing', async () => {
    const test = await createTestCore()
    let left = 1
    Object.assign(test.tenancy, { takePublish: () => left-- > 0 })
    const client = await test.connect()
    await client.subscribe('a')
    expect((await client.request({ publish: { channel: 'a', data: 1 } })).error).toBeUndefined()
    expect((await client.request({ publish: { channel: 'a', data: 2 } })).error).toMatchObject({
      code: 111,
      temporary: true,
    })
    expect(client.publications()).toEqual([1])
  })
})
