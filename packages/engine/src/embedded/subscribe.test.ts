import { describe, expect, it } from 'vitest'
import { closedRules, openRules, plainToken } from '../testing/plain-tenancy.ts'
import { createTestCore, type TestClient } from '../testing/test-core.ts'

describe('subscribing', () => {
  it('[SB1] a plain channel answers with nothing but the fact', async () => {
    const test = await createTestCore({ namespaces: { '': { ...closedRules, allowSubscribeForClient: true } } })
    const client = await test.connect({ user: 'ada' })
    expect(await client.subscribe('a')).toEqual({ id: 2, subscribe: {} })
  })

  it('[SB2] refuses by the decision table, the first row that fails answers', async () => {
    const namespaces = {
      '': openRules,
      closed: closedRules,
      users: { ...closedRules, allowUserLimitedChannels: true },
      named: { ...openRules, allowSubscribeForAnonymous: false },
      regex: { ...openRules, matches: (rest: string) => /^[a-z]+$/.test(rest) },
      poll: { ...openRules, subscriptionType: 'shared_poll' as const },
    }
    const test = await createTestCore({ namespaces, client: { channelLimit: 3 } })
    const client = await test.connect({ user: 'ada' })
    const anonymous = await test.connect()
    const codeOf = async (channel: string, more = {}) => (await client.subscribe(channel, more)).error?.code
    expect(await codeOf('x', { type: 4 })).toBe(108)
    expect(await codeOf('poll:x')).toBe(107)
    expect(await codeOf('x'.repeat(256))).toBe(107)
    expect(await codeOf('nowhere:x')).toBe(102)
    expect(await codeOf('ü')).toBe(107)
    expect(await codeOf('regex:A')).toBe(107)
    expect(await codeOf('x', { type: 1 })).toBe(103)
    expect(await codeOf('$x')).toBe(103)
    expect(await codeOf('closed:x')).toBe(103)
    expect(await codeOf('users:x#bob')).toBe(103)
    expect(await codeOf('users:x#bob,ada')).toBeUndefined()
    expect(await codeOf('x')).toBeUndefined()
    expect(await codeOf('x')).toBe(105)
    expect(await codeOf('y')).toBeUndefined()
    expect(await codeOf('z')).toBe(106)
    expect((await anonymous.subscribe('named:x')).error.code).toBe(103)
  })

  it('[SB3] a subscription token alone decides, and one of another user or channel ends the connection', async () => {
    const test = await createTestCore({ namespaces: { '': closedRules } })
    const client = await test.connect({ user: 'ada' })
    const token = (more: object) => plainToken({ user: 'ada', channel: '$a', ...more })
    expect((await client.subscribe('$a', { token: token({}) })).subscribe).toEqual({})
    expect((await client.subscribe('$b', { token: token({ channel: '$b', isExpired: true }) })).error.code).toBe(109)
    await client.subscribe('$b', { token: token({ channel: '$c' }) })
    expect(client.transport.closedWith?.code).toBe(3500)
  })

  it.each([
    ['another user', { user: 'bob' }],
    ['another connection', { client: 'id-99' }],
  ])('[SB3] a subscription token of %s ends the connection with 3500', async (_, claims) => {
    const test = await createTestCore()
    const client = await test.connect({ user: 'ada' })
    await client.subscribe('a', { token: plainToken({ user: 'ada', channel: 'a', client: 'id-2', ...claims }) })
    expect(client.transport.closedWith?.code).toBe(3500)
  })

  it('[SB3] a subscription token whose end has passed is error 110', async () => {
    const test = await createTestCore()
    const client = await test.connect({ user: 'ada' })
    const expireAt = Math.floor(test.clock.now() / 1000)
    const reply = await client.subscribe('a', { token: plainToken({ user: 'ada', channel: 'a', expireAt }) })
    expect(reply.error.code).toBe(110)
    expect(test.core.node().numSubs).toBe(0)
  })

  it('[SB4] ends the connection for an unknown delta type and for a missing channel', async () => {
    const test = await createTestCore()
    for (const request of [{ channel: 'a', delta: 'other' }, { channel: '' }]) {
      const client = await test.connect()
      await client.request({ subscribe: request })
      expect(client.transport.closedWith?.code).toBe(3501)
    }
  })

  it('[SB5] presence is there before the reply; joins reach those who asked, the newcomer too, after its reply', async () => {
    const test = await createTestCore()
    const ada = await test.connect({ user: 'ada' })
    await ada.subscribe('a', { join_leave: true })
    expect(ada.messages()).toMatchObject([{ push: { channel: 'a', join: { info: { user: 'ada' } } } }])
    const bob = await test.connect({ user: 'bob' })
    await bob.subscribe('a')
    expect(bob.messages()).toEqual([])
    expect(ada.messages()).toMatchObject([{ push: { channel: 'a', join: { info: { user: 'bob' } } } }])
    bob.transport.leave()
    expect(ada.messages()).toMatchObject([{ push: { channel: 'a', leave: { info: { user: 'bob' } } } }])
    expect((await ada.request({ presence_stats: { channel: 'a' } })).presence_stats).toEqual({
      num_clients: 1,
      num_users: 1,
    })
  })

  it('[SB5] tells a leave to the others and never to the one who left', async () => {
    const test = await createTestCore()
    const ada = await test.connect({ user: 'ada' })
    const bob = await test.connect({ user: 'bob' })
    for (const client of [ada, bob]) await client.subscribe('a', { join_leave: true })
    for (const client of [ada, bob]) client.messages()
    await ada.transport.send({ id: 9, unsubscribe: { channel: 'a' } })
    expect(ada.messages()).toEqual([{ id: 9, unsubscribe: {} }])
    expect(bob.messages()).toMatchObject([{ push: { channel: 'a', leave: { info: { user: 'ada' } } } }])
  })

  it('[SB11] the reply comes before every push of the channel', async () => {
    const test = await createTestCore()
    const client = await test.connect({ user: 'ada' })
    await client.transport.send(
      { id: 8, subscribe: { channel: 'a', join_leave: true } },
      { id: 9, publish: { channel: 'a', data: 1 } },
    )
    expect(client.messages()).toMatchObject([
      { id: 8, subscribe: {} },
      { push: { channel: 'a', join: {} } },
      { push: { channel: 'a', pub: { data: 1 } } },
      { id: 9, publish: {} },
    ])
  })

  it('[SB6] unsubscribing twice, or what was never subscribed, is a success', async () => {
    const test = await createTestCore()
    const client = await test.connect()
    await client.subscribe('a')
    for (let i = 0; i < 2; i++)
      expect(await client.request({ unsubscribe: { channel: 'a' } })).toMatchObject({ unsubscribe: {} })
    await test.publish('a', 1)
    expect(client.publications()).toEqual([])
  })

  it('[SB7] an expired subscription is ended with 2501 where the client can renew it, and 3006 where it cannot', async () => {
    const test = await createTestCore({ namespaces: { '': openRules }, client: { pingIntervalMs: 0 } })
    const expireAt = Math.floor(test.clock.now() / 1000) + 10
    const client = await test.connect({ user: 'ada' })
    const reply = await client.subscribe('a', { token: plainToken({ user: 'ada', channel: 'a', expireAt }) })
    expect(reply.subscribe).toMatchObject({ expires: true, ttl: 10 })
    await test.core.api.subscribe('', { user: 'bob', channel: 'b', expireAt })
    const bob = await test.connect({ user: 'bob' })
    await test.core.api.subscribe('', { user: 'bob', channel: 'b', expireAt })
    test.advance(27_000 * 3)
    expect(client.messages()).toMatchObject([{ push: { unsubscribe: { code: 2501 } } }])
    expect(bob.transport.closedWith?.code).toBe(3006)
  })

  it('[SB8] sub_refresh puts the expiry off; without a subscription it is 103, without a token 107', async () => {
    const test = await createTestCore()
    const client = await test.connect({ user: 'ada' })
    const token = plainToken({ user: 'ada', channel: 'a', expireAt: Math.floor(test.clock.now() / 1000) + 60 })
    expect((await client.request({ sub_refresh: { channel: 'a', token } })).error.code).toBe(103)
    await client.subscribe('a')
    expect((await client.request({ sub_refresh: { channel: 'a' } })).error.code).toBe(107)
    expect((await client.request({ sub_refresh: { channel: 'a', token } })).sub_refresh).toEqual({
      expires: true,
      ttl: 60,
    })
  })

  it('[SB9] where the engine is told so, a client adopts a server-side subscription instead of error 105', async () => {
    const strict = await createTestCore()
    const refused = await strict.connect({ channels: ['a'] })
    expect((await refused.subscribe('a')).error.code).toBe(105)
    const test = await createTestCore({ client: { strictServerSubscriptions: false } })
    const watcher = await test.connect()
    await watcher.subscribe('a', { join_leave: true })
    const client = await test.connect({ channels: ['a'] })
    watcher.messages()
    expect((await client.subscribe('a')).subscribe).toMatchObject({ recoverable: true })
    await test.publish('a', 1)
    expect(client.publications()).toEqual([1])
    expect(watcher.publications()).toEqual([1])
    expect((await watcher.request({ presence_stats: { channel: 'a' } })).presence_stats.num_clients).toBe(2)
  })
})

describe('recovering', () => {
  const followed = async () => {
    const test = await createTestCore()
    const client = await test.connect()
    const { epoch } = (await client.subscribe('a')).subscribe
    for (let i = 1; i <= 5; i++) await test.publish('a', i)
    await client.request({ unsubscribe: { channel: 'a' } })
    client.messages()
    return { test, client, epoch }
  }

  it('[RC1] gives each missed publication once, in order, and the offset that was asked for', async () => {
    const { client, epoch } = await followed()
    const { subscribe } = await client.subscribe('a', { recover: true, offset: 2, epoch })
    expect(subscribe).toMatchObject({ recovered: true, was_recovering: true, offset: 2, epoch })
    expect(subscribe.publications.map((one: { data: number; offset: number }) => [one.data, one.offset])).toEqual([
      [3, 3],
      [4, 4],
      [5, 5],
    ])
  })

  it('[RC2] takes an empty epoch for any, and another one for a stream that is gone', async () => {
    const { client } = await followed()
    const any = await client.subscribe('a', { recover: true, offset: 4, epoch: '' })
    expect(any.subscribe).toMatchObject({ recovered: true, offset: 4 })
    await client.request({ unsubscribe: { channel: 'a' } })
    const other = await client.subscribe('a', { recover: true, offset: 0, epoch: '_' })
    expect(other.subscribe).toMatchObject({ was_recovering: true, offset: 5 })
    expect(other.subscribe.recovered).toBeUndefined()
    expect(other.subscribe.publications).toBeUndefined()
  })

  it('[RC3] answers error 112 in place of an unrecovered reply where the flag asks for it', async () => {
    const { test, client } = await followed()
    const refused = await client.subscribe('a', { recover: true, offset: 1, epoch: '_', flag: 2 })
    expect(refused.error.code).toBe(112)
    await test.publish('a', 6)
    expect(client.publications()).toEqual([])
  })

  it('[RC4] does not recover more than the limit, nor what was evicted', async () => {
    const test = await createTestCore({
      namespaces: {
        '': { ...openRules, history: { size: 3, ttlMs: 60_000, metaTtlMs: 60_000, durability: 'memory' } },
      },
      client: { recoveryMaxPublicationLimit: 2 },
    })
    const client = await test.connect()
    for (let i = 1; i <= 5; i++) await test.publish('a', i)
    const tooMany = await client.subscribe('a', { recover: true, offset: 2 })
    expect(tooMany.subscribe.recovered).toBeUndefined()
    expect(tooMany.subscribe.offset).toBe(5)
    await client.request({ unsubscribe: { channel: 'a' } })
    expect((await client.subscribe('a', { recover: true, offset: 3 })).subscribe.recovered).toBe(true)
  })

  it('[RC5] cache recovery gives the latest publication alone, or nothing to who has it', async () => {
    const test = await createTestCore({ namespaces: { '': { ...openRules, recoveryMode: 'cache' } } })
    const client = await test.connect()
    for (let i = 1; i <= 3; i++) await test.publish('a', i)
    const { subscribe } = await client.subscribe('a', { recover: true, offset: 0, epoch: 'other' })
    expect(subscribe.recovered).toBe(true)
    expect(subscribe.publications).toMatchObject([{ data: 3, offset: 3 }])
    await client.request({ unsubscribe: { channel: 'a' } })
    const again = (await client.subscribe('a', { recover: true, offset: 3, epoch: subscribe.epoch })).subscribe
    expect(again.recovered).toBe(true)
    expect(again.publications).toBeUndefined()
  })

  it('[RC6] with delta the first publication is whole and the next ones are patches of it', async () => {
    const test = await createTestCore({ namespaces: { '': { ...openRules, deltaPublish: true } } })
    const client = await test.connect()
    expect((await client.subscribe('a', { delta: 'fossil' })).subscribe.delta).toBe(true)
    const text = (n: number) => ({ text: 'a long enough sentence that a patch is shorter than it', n })
    await test.publish('a', text(1))
    await test.publish('a', text(2))
    const [first, second] = client.messages().map((message) => message.push.pub)
    expect(JSON.parse(first.data)).toEqual(text(1))
    expect(first.delta).toBeUndefined()
    expect(second.delta).toBe(true)
    expect(second.data.length).toBeLessThan(first.data.length)
  })

  it('[RC6] with delta a subscriber without the latest publication gets the next one whole, one that has it a patch', async () => {
    const test = await createTestCore({ namespaces: { '': { ...openRules, deltaPublish: true } } })
    const text = (n: number) => ({ text: 'a long enough sentence that a patch is shorter than it', n })
    await test.publish('a', text(1))
    const newcomer = await test.connect()
    await newcomer.subscribe('a', { delta: 'fossil' })
    const returning = await test.connect()
    const { subscribe } = await returning.subscribe('a', { delta: 'fossil', recover: true, offset: 0 })
    expect(subscribe.publications).toHaveLength(1)
    await test.publish('a', text(2))
    const deltaOf = (client: TestClient) => client.messages().map((message) => message.push.pub.delta)
    expect(deltaOf(newcomer)).toEqual([undefined])
    expect(deltaOf(returning)).toEqual([true])
  })

  it('[SB14] whose reply cannot be told in its encoding is gone with its connection, and never joined', async () => {
    const test = await createTestCore()
    const watcher = await test.connect()
    await watcher.subscribe('b', { join_leave: true })
    await test.core.api.publish('', { channel: 'a', data: Buffer.from([0xff]) })
    const client = await test.connect({ user: 'ada' })
    watcher.messages()
    await client.transport.send({ id: 9, subscribe: { channel: 'a', recover: true } })
    expect(client.transport.closedWith?.code).toBe(3506)
    expect(test.seen.filter(({ kind }) => kind === 'subscribe' || kind === 'join')).toHaveLength(2)
    expect(test.core.node()).toMatchObject({ numClients: 1, numSubs: 1 })
  })

  it('[RC10] the first publication of a stream tells its epoch, live and recovered, and no other does', async () => {
    const test = await createTestCore()
    const client = await test.connect()
    const { epoch } = (await client.subscribe('a')).subscribe
    for (const n of [1, 2]) await test.publish('a', n)
    expect(client.messages().map((message) => message.push.pub.epoch)).toEqual([epoch, undefined])
    await client.request({ unsubscribe: { channel: 'a' } })
    const { subscribe } = await client.subscribe('a', { recover: true, offset: 0 })
    expect(subscribe.publications.map((one: { epoch?: string }) => one.epoch)).toEqual([epoch, undefined])
  })

  it('[RC7] a tags filter lets only matching publications through, live and recovered', async () => {
    const test = await createTestCore()
    const client = await test.connect()
    const publish = (n: number, kind: string) =>
      test.core.api.publish('', { channel: 'a', data: Buffer.from(String(n)), isJson: true, tags: { kind } })
    const tf = { key: 'kind', cmp: 'eq', val: 'goal' }
    await client.subscribe('a', { tf })
    await publish(1, 'goal')
    await publish(2, 'card')
    await publish(3, 'goal')
    expect(client.publications()).toEqual([1, 3])
    await client.request({ unsubscribe: { channel: 'a' } })
    const { subscribe } = await client.subscribe('a', { tf, recover: true, offset: 0 })
    expect(subscribe.publications.map((one: { data: number }) => one.data)).toEqual([1, 3])
  })

  it('[RC8] a subscriber that follows positions is sent away when the stream begins a new life under it', async () => {
    const test = await createTestCore({
      namespaces: { '': { ...openRules, history: { size: 10, ttlMs: 1_000, metaTtlMs: 2_000, durability: 'memory' } } },
      client: { pingIntervalMs: 0 },
    })
    const client = await test.connect()
    const server = await test.connect({ channels: ['a'] })
    await client.subscribe('a')
    await test.publish('a', 1)
    client.messages()
    test.advance(30_000)
    await test.publish('a', 2)
    expect(client.messages().at(-1)).toMatchObject({ push: { unsubscribe: { code: 2500 } } })
    expect(server.transport.closedWith?.code).toBe(3010)
  })

  it('[RC8] a stream that ends without another publication is noticed too, however many there are', async () => {
    const test = await createTestCore({
      namespaces: { '': { ...openRules, history: { size: 10, ttlMs: 1_000, metaTtlMs: 2_000, durability: 'memory' } } },
      client: { pingIntervalMs: 0, channelLimit: 2_000 },
    })
    const client = await test.connect()
    const channels = Array.from({ length: 1_000 }, (_, index) => `room ${index}`)
    for (const channel of channels) {
      await client.subscribe(channel)
      await test.publish(channel, 1)
    }
    client.messages()
    test.advance(60_000)
    const ended = client.messages().map((message) => [message.push.channel, message.push.unsubscribe.code])
    expect(ended.toSorted()).toEqual(channels.map((channel) => [channel, 2500]).toSorted())
  })
})
