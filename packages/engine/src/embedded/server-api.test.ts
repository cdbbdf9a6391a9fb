import { describe, expect, it } from 'vitest'
import { openRules } from '../testing/plain-tenancy.ts'
import { createTestCore } from '../testing/test-core.ts'

const inSeconds = (nowMs: number, seconds: number): number => Math.floor(nowMs / 1000) + seconds

describe('the server API', () => {
  it('[AP1] subscribes by a push that comes before everything of the channel', async () => {
    const test = await createTestCore({ namespaces: { '': { ...openRules, forcePushJoinLeave: true } } })
    const ada = await test.connect({ user: 'ada' })
    await test.core.api.subscribe('', { user: 'ada', channel: 'a', data: Buffer.from('{"hi":1}') })
    await test.publish('a', 1)
    expect(ada.messages()).toMatchObject([
      { push: { channel: 'a', subscribe: { recoverable: true, positioned: true, data: { hi: 1 } } } },
      { push: { channel: 'a', join: { info: { user: 'ada' } } } },
      { push: { channel: 'a', pub: { data: 1 } } },
    ])
  })

  it('[AP1] renews a subscription that is there already, unseen by the others', async () => {
    const test = await createTestCore()
    const watcher = await test.connect()
    await watcher.subscribe('a', { join_leave: true })
    const ada = await test.connect({ user: 'ada' })
    for (const _ of [1, 2]) await test.core.api.subscribe('', { user: 'ada', channel: 'a' })
    expect(ada.messages()).toHaveLength(2)
    expect(watcher.messages().map((message) => message.push)).toMatchObject([
      { join: { info: { user: '' } } },
      { join: { info: { user: 'ada' } } },
    ])
    expect(test.core.node()).toMatchObject({ numChannels: 1, numSubs: 2 })
    await test.publish('a', 1)
    expect(ada.publications()).toEqual([1])
  })

  it('[AP1] ends a connection with 3505 that would get more channels than it may have', async () => {
    const test = await createTestCore({ client: { channelLimit: 1 } })
    const ada = await test.connect({ user: 'ada' })
    for (const channel of ['a', 'b']) await test.core.api.subscribe('', { user: 'ada', channel })
    expect(ada.transport.closedWith?.code).toBe(3505)
  })

  it('[AP2] means all connections of a user, or the one that is named', async () => {
    const test = await createTestCore()
    const [first, second, third] = [
      await test.connect({ user: 'ada' }),
      await test.connect({ user: 'ada' }),
      await test.connect({ user: 'ada' }),
    ]
    await test.core.api.subscribe('', { user: 'ada', channel: 'a', client: 'id-2' })
    expect([first, second, third].map((client) => client.messages().length)).toEqual([1, 0, 0])
    await test.core.api.unsubscribe('', { user: 'ada', channel: 'a' })
    expect(first.messages()).toMatchObject([{ push: { unsubscribe: { code: 2000 } } }])
    await test.core.api.disconnect('', { user: 'ada', whitelist: ['id-3'] })
    expect([first, second, third].map(({ transport }) => transport.closedWith?.code)).toEqual([3503, undefined, 3503])
    await test.core.api.disconnect('', { user: 'ada', code: 4100, reason: 'bye' })
    expect(second.transport.closedWith).toEqual({ code: 4100, reason: 'bye' })
  })

  it('[AP3] refreshes: a later end, none at all, or at once', async () => {
    const test = await createTestCore({ client: { pingIntervalMs: 0 } })
    const now = test.clock.now()
    const ada = await test.connect({ user: 'ada', expireAt: inSeconds(now, 10) })
    await test.core.api.refresh('', { user: 'ada', expireAt: inSeconds(now, 100), connInfo: Buffer.from('"new"') })
    expect(ada.messages()).toEqual([{ push: { refresh: { expires: true, ttl: 100 } } }])
    await ada.subscribe('a')
    expect((await ada.request({ presence: { channel: 'a' } })).presence.presence['id-2'].conn_info).toBe('new')
    test.advance(60_000)
    expect(ada.transport.closedWith).toBeUndefined()
    await test.core.api.refresh('', { user: 'ada' })
    test.advance(3_600_000)
    expect(ada.transport.closedWith).toBeUndefined()
    await test.core.api.refresh('', { user: 'ada', expireAt: inSeconds(now, 20) })
    expect(ada.transport.closedWith?.code).toBe(3005)
    const bob = await test.connect({ user: 'bob' })
    await test.core.api.refresh('', { user: 'bob', expired: true })
    expect(bob.transport.closedWith?.code).toBe(3005)
  })

  it('[AP4] lists the channels somebody is subscribed to, narrowed by a glob', async () => {
    const test = await createTestCore()
    const ada = await test.connect()
    for (const channel of ['a1', 'a2', 'b1']) await ada.subscribe(channel)
    expect(await test.core.api.channels('', 'a*')).toEqual({
      ok: true,
      value: new Map([
        ['a1', { numClients: 1 }],
        ['a2', { numClients: 1 }],
      ]),
    })
    expect(await test.core.api.channels('', '[')).toMatchObject({ ok: false, problem: { code: 100 } })
  })
})
