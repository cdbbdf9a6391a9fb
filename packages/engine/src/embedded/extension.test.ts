import { describe, expect, it } from 'vitest'
import type { ChannelRules } from '../channel-rules.ts'
import type { ConnectionFacts, Extension, SubscriptionQuestion } from '../tenancy.ts'
import { openRules, PlainTenancy, plainToken } from '../testing/plain-tenancy.ts'
import { createTestCore, type TestCore } from '../testing/test-core.ts'

const askedRules: ChannelRules = { ...openRules, subRefreshProxy: 'default' }

/** A tenancy in which somebody else says whether what expires may stay; it answers once the test has an answer. */
class ExtendingTenancy extends PlainTenancy {
  readonly connections: ConnectionFacts[] = []
  readonly subscriptions: SubscriptionQuestion[] = []
  readonly answers: (Extension | Error)[] = []

  constructor() {
    super({ '': askedRules, plain: openRules })
  }

  async extendConnection(connection: ConnectionFacts): Promise<Extension> {
    this.connections.push(connection)
    return this.#answer()
  }

  async extendSubscription(question: SubscriptionQuestion): Promise<Extension> {
    this.subscriptions.push(question)
    return this.#answer()
  }

  #answer(): Extension {
    const answer = this.answers.shift() ?? { kind: 'expired' }
    if (answer instanceof Error) throw answer
    return answer
  }
}

const start = async (): Promise<{ test: TestCore; tenancy: ExtendingTenancy; inSeconds: (n: number) => number }> => {
  const tenancy = new ExtendingTenancy()
  const test = await createTestCore({ tenancy, client: { pingIntervalMs: 0 } })
  return { test, tenancy, inSeconds: (seconds) => Math.floor(test.clock.now() / 1000) + seconds }
}

/** Lets time pass and the answers of whoever was asked come in. */
const pass = async (test: TestCore, ms: number): Promise<void> => {
  test.advance(ms)
  await new Promise((resolve) => setImmediate(resolve))
  test.flush()
}

describe('a connection whose time is over, where the server refreshes', () => {
  it('[CN21] is not told an expiry, for it has nothing to do about it', async () => {
    const { test, inSeconds } = await start()
    const client = test.open()
    const reply = await client.request({ connect: { token: plainToken({ expireAt: inSeconds(60) }) } })
    expect(reply.connect).not.toHaveProperty('expires')
    expect(reply.connect).not.toHaveProperty('ttl')
    await client.request({ refresh: { token: plainToken({ expireAt: inSeconds(90) }) } })
    expect(client.transport.closedWith?.code).toBe(3501)
  })

  it('[CN21] is asked about at that moment, and goes on as long as the answer says, with its info and meta', async () => {
    const { test, tenancy, inSeconds } = await start()
    const client = await test.connect({ user: 'ada', expireAt: inSeconds(60) })
    await client.subscribe('plain:a')
    await pass(test, 59_000)
    expect(tenancy.connections).toEqual([])
    tenancy.answers.push({
      kind: 'extended',
      expireAt: inSeconds(61),
      info: Buffer.from('"new"'),
      meta: Buffer.from('{"m":1}'),
    })
    await pass(test, 1_500)
    expect(tenancy.connections).toMatchObject([{ user: 'ada', transport: 'memory', protocol: 'json' }])
    expect((await client.request({ presence: { channel: 'plain:a' } })).presence.presence).toMatchObject({
      'id-2': { conn_info: 'new' },
    })
    await pass(test, 58_000)
    expect(tenancy.connections).toHaveLength(1)
    await pass(test, 2_500)
    expect(String(tenancy.connections[1]?.meta)).toBe('{"m":1}')
    expect(client.transport.closedWith).toEqual({ code: 3005, reason: 'connection expired' })
  })

  it.each([
    ['says that it is over', { kind: 'expired' }],
    ['names a moment that is over', { kind: 'extended', expireAt: 1_600_000_000 }],
    ['fails', new Error('the tenancy is broken')],
  ] as const)('[CN21] ends with 3005 where the answer %s', async (_, answer) => {
    const { test, tenancy, inSeconds } = await start()
    const client = await test.connect({ expireAt: inSeconds(60) })
    tenancy.answers.push(answer)
    await pass(test, 61_000)
    expect(client.transport.closedWith?.code).toBe(3005)
    expect(test.seen.some(({ kind }) => kind === 'internal')).toBe(answer instanceof Error)
  })

  it('[CN21] stays for ever where the answer names no end', async () => {
    const { test, tenancy, inSeconds } = await start()
    const client = await test.connect({ expireAt: inSeconds(60) })
    tenancy.answers.push({ kind: 'extended' })
    await pass(test, 61_000)
    await pass(test, 3_600_000)
    expect(tenancy.connections).toHaveLength(1)
    expect(client.transport.closedWith).toBeUndefined()
  })

  it('[CN21] is left alone by an answer that comes after it went', async () => {
    const { test, tenancy, inSeconds } = await start()
    const client = await test.connect({ expireAt: inSeconds(60) })
    tenancy.answers.push({ kind: 'extended', expireAt: inSeconds(600) })
    test.advance(61_000)
    client.transport.leave()
    await pass(test, 1_000)
    expect(test.core.node().numClients).toBe(0)
    await test.core.close()
    expect(test.clock.pending).toBe(0)
  })
})

describe('a subscription whose time is over, where its namespace names a sub_refresh proxy', () => {
  const subscribed = async () => {
    const { test, tenancy, inSeconds } = await start()
    const client = await test.connect({ user: 'ada' })
    const token = (channel: string) => plainToken({ user: 'ada', channel, expireAt: inSeconds(10) })
    return { test, tenancy, inSeconds, client, token }
  }

  it('[SB10] is not told an expiry, and may not refresh itself', async () => {
    const { client, token } = await subscribed()
    const asked = await client.subscribe('a', { token: token('a') })
    expect(asked.subscribe).not.toHaveProperty('expires')
    const plain = await client.subscribe('plain:a', { token: token('plain:a') })
    expect(plain.subscribe).toMatchObject({ expires: true, ttl: 10 })
    await client.request({ sub_refresh: { channel: 'a', token: token('a') } })
    expect(client.transport.closedWith?.code).toBe(3501)
  })

  it('[SB10] goes on as long as the answer says, with its info, and then is asked about again', async () => {
    const { test, tenancy, inSeconds, client, token } = await subscribed()
    await client.subscribe('a', { token: token('a') })
    tenancy.answers.push({ kind: 'extended', expireAt: inSeconds(200), info: Buffer.from('"new"') })
    await pass(test, 81_000)
    expect(tenancy.subscriptions).toMatchObject([{ name: 'a', connection: { user: 'ada' } }])
    expect((await client.request({ presence: { channel: 'a' } })).presence.presence).toMatchObject({
      'id-2': { chan_info: 'new' },
    })
    await pass(test, 81_000)
    expect(tenancy.subscriptions).toHaveLength(1)
    await pass(test, 120_000)
    expect(tenancy.subscriptions).toHaveLength(2)
    expect(client.messages()).toMatchObject([{ push: { channel: 'a', unsubscribe: { code: 2501 } } }])
  })

  it('[SB10] lasts for ever where the answer names no end', async () => {
    const { test, tenancy, client, token } = await subscribed()
    await client.subscribe('a', { token: token('a') })
    tenancy.answers.push({ kind: 'extended' })
    await pass(test, 81_000)
    await pass(test, 3_600_000)
    expect(tenancy.subscriptions).toHaveLength(1)
    expect(client.messages()).toEqual([])
  })

  it.each([
    ['says that it is over', { kind: 'expired' }],
    ['names a moment that is over', { kind: 'extended', expireAt: 1_600_000_000 }],
    ['fails', new Error('the tenancy is broken')],
  ] as const)('[SB10] ends with 2501, or 3006 where the server subscribed, if the answer %s', async (_, answer) => {
    const { test, tenancy, inSeconds, client, token } = await subscribed()
    await client.subscribe('a', { token: token('a') })
    const other = await test.connect({ user: 'bob' })
    await test.core.api.subscribe('', { user: 'bob', channel: 'a', expireAt: inSeconds(10) })
    tenancy.answers.push(answer, answer)
    await pass(test, 81_000)
    expect(client.messages()).toMatchObject([{ push: { channel: 'a', unsubscribe: { code: 2501 } } }])
    expect(other.transport.closedWith?.code).toBe(3006)
  })

  it.each([
    ['an answer', { kind: 'extended', expireAt: 2_000_000_000 }],
    ['an end', { kind: 'expired' }],
    ['a failure', new Error('the tenancy is broken')],
  ] as const)('[SB10] that was given up meanwhile hears nothing of %s', async (_, answer) => {
    const { test, tenancy, client, token } = await subscribed()
    await client.subscribe('a', { token: token('a') })
    tenancy.answers.push(answer)
    test.advance(81_000)
    await client.transport.send({ id: 9, unsubscribe: { channel: 'a' } })
    await pass(test, 1_000)
    expect(tenancy.subscriptions).toHaveLength(1)
    expect(test.core.node().numSubs).toBe(0)
    expect(client.messages()).toEqual([{ id: 9, unsubscribe: {} }])
  })

  it('[SB10] is asked about once at a time, however long the answer takes', async () => {
    const { test, tenancy, client, token } = await subscribed()
    await client.subscribe('a', { token: token('a') })
    test.advance(300_000)
    expect(tenancy.subscriptions).toHaveLength(1)
    await pass(test, 1_000)
    expect(client.messages()).toMatchObject([{ push: { channel: 'a', unsubscribe: { code: 2501 } } }])
  })
})
