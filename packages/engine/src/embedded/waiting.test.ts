import { describe, expect, it } from 'vitest'
import type { Broker } from '../broker/broker.ts'
import type { InternalChannel } from '../names.ts'
import type { Admission, AdmissionRequest, SubscribeAnswer, SubscribeQuestion } from '../tenancy.ts'
import type { Message } from '../testing/memory-transport.ts'
import { openRules, PlainTenancy, plainToken } from '../testing/plain-tenancy.ts'
import { createTestCore } from '../testing/test-core.ts'

/** A question that somebody waits for, and the test's way to answer it. */
class Doors<Answer> {
  readonly #waiting: ((answer: Answer) => void)[] = []

  ask(): Promise<Answer> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** Answers whoever has waited longest, and lets what follows from it happen. */
  async open(answer: Answer): Promise<void> {
    this.#waiting.shift()?.(answer)
    await settled()
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Who connects, and who subscribes in the namespace `slow`, is decided in the test's own time. */
class SlowTenancy extends PlainTenancy {
  readonly admissions = new Doors<Admission>()
  readonly subscribes = new Doors<SubscribeAnswer>()

  constructor() {
    super({ '': openRules, slow: { ...openRules, subscribeProxy: 'default' } })
  }

  override admit(request: AdmissionRequest): Admission {
    const { token } = request
    return (token === 'slow' ? this.admissions.ask() : super.admit(request)) as Admission
  }

  authorizeSubscribe(_question: SubscribeQuestion): Promise<SubscribeAnswer> {
    return this.subscribes.ask()
  }
}

const ids = (messages: readonly Message[]): unknown[] => messages.flatMap((message) => message.id ?? [])

describe('while somebody is asked', () => {
  const start = async (concurrency = 1) => {
    const tenancy = new SlowTenancy()
    const test = await createTestCore({ tenancy, client: { concurrency, channelLimit: 2 } })
    return { tenancy, test, client: await test.connect({ user: 'ada' }) }
  }

  it('[CN2] commands of later frames wait their turn, and the client is not read any further', async () => {
    const { tenancy, client } = await start()
    void client.transport.send({ id: 11, subscribe: { channel: 'slow:a' } })
    void client.transport.send({ id: 12, subscribe: { channel: 'b' } })
    void client.transport.send({ id: 13, publish: { channel: 'b', data: 1 } })
    await settled()
    expect(client.messages()).toEqual([])
    expect(client.transport.isPaused).toBe(true)
    await tenancy.subscribes.open({ kind: 'allowed' })
    expect(ids(client.messages())).toEqual([11, 12, 13])
    expect(client.transport.isPaused).toBe(false)
  })

  it('[CN2] commands run ahead where the engine is told so', async () => {
    const { tenancy, client } = await start(2)
    void client.transport.send({ id: 11, subscribe: { channel: 'slow:a' } }, { id: 12, subscribe: { channel: 'b' } })
    await settled()
    expect(ids(client.messages())).toEqual([12])
    await tenancy.subscribes.open({ kind: 'allowed' })
    expect(ids(client.messages())).toEqual([11])
  })

  it('[SB12] a channel on its way counts as subscribed and towards the limit', async () => {
    const { tenancy, client } = await start(8)
    void client.transport.send(
      { id: 11, subscribe: { channel: 'slow:a' } },
      { id: 12, subscribe: { channel: 'slow:b' } },
    )
    await settled()
    expect((await client.subscribe('slow:a')).error.code).toBe(105)
    expect((await client.subscribe('c')).error.code).toBe(106)
    expect(tenancy.subscribes.waiting).toBe(2)
    await tenancy.subscribes.open({ kind: 'allowed' })
    await tenancy.subscribes.open({ kind: 'allowed' })
    expect(ids(client.messages())).toEqual([11, 12])
  })

  it('[SB12] an unsubscribe waits for the subscribe of its channel', async () => {
    const { tenancy, test, client } = await start(8)
    void client.transport.send(
      { id: 11, subscribe: { channel: 'slow:a' } },
      { id: 12, unsubscribe: { channel: 'slow:a' } },
    )
    await settled()
    expect(client.messages()).toEqual([])
    await tenancy.subscribes.open({ kind: 'allowed' })
    expect(ids(client.messages())).toEqual([11, 12])
    expect(test.core.node().numSubs).toBe(0)
  })

  it.each(['connects', 'subscribes'])('[CN26] nothing is left of a client that went while it %s', async (what) => {
    const { tenancy, test, client } = await start()
    const leaving = what === 'connects' ? test.open() : client
    if (what === 'connects') void leaving.transport.send({ id: 1, connect: { token: 'slow' } })
    else void leaving.transport.send({ id: 11, subscribe: { channel: 'slow:a' } })
    await settled()
    leaving.transport.leave()
    await tenancy.subscribes.open({ kind: 'allowed' })
    await tenancy.admissions.open({
      kind: 'admitted',
      scope: '',
      user: 'bob',
      subscriptions: [{ channel: 'a' }],
      by: 'token',
    })
    expect(test.core.node()).toMatchObject({ numClients: what === 'connects' ? 1 : 0, numChannels: 0, numSubs: 0 })
    expect(leaving.transport.received()).toEqual([])
  })
})

describe('while history is read', () => {
  const start = async (history: (channel: string) => ReturnType<Broker['history']> | undefined) => {
    const test = await createTestCore({
      inFrontOf: (broker) => ({
        publish: (...args) => broker.publish(...args),
        removeHistory: (...args) => broker.removeHistory(...args),
        close: () => broker.close(),
        history: (channel: InternalChannel, ...rest) => history(channel.slice(1)) ?? broker.history(channel, ...rest),
      }),
    })
    return { test, client: await test.connect({ user: 'ada' }) }
  }

  it('[SB14] who is unsubscribed by the server meanwhile hears of that alone', async () => {
    const pages = new Doors<Awaited<ReturnType<Broker['history']>>>()
    const { test, client } = await start(() => pages.ask())
    const watcher = await test.connect()
    void client.transport.send({ id: 9, subscribe: { channel: 'a', join_leave: true } })
    await test.core.api.unsubscribe('', { user: 'ada', channel: 'a' })
    await pages.open({ ok: true, value: { publications: [], offset: 0, epoch: 'any-epoc' } })
    expect(client.messages()).toMatchObject([{ push: { channel: 'a', unsubscribe: { code: 2000 } } }])
    expect(watcher.messages()).toEqual([])
    expect(test.core.node().numSubs).toBe(0)
  })

  it('[SB13] a store that fails is error 100, and leaves no subscription and nobody present', async () => {
    const { test, client } = await start(() => ({ ok: false, problem: 'store' }))
    expect((await client.subscribe('a')).error).toEqual({
      code: 100,
      message: 'internal server error',
      temporary: true,
    })
    expect(test.core.node()).toMatchObject({ numClients: 1, numChannels: 0, numSubs: 0 })
  })

  it('[CN8] a store that fails for one server-side channel fails the connect, and leaves nothing of the others', async () => {
    const { test } = await start((channel) => (channel === 'b' ? { ok: false, problem: 'store' } : undefined))
    const watcher = await test.connect()
    await watcher.subscribe('a', { join_leave: true })
    watcher.messages()
    const other = test.open()
    const reply = await other.request({ connect: { token: plainToken({ channels: ['a', 'b'] }) } })
    expect(reply.error.code).toBe(100)
    expect(watcher.messages()).toEqual([])
    expect(test.core.node()).toMatchObject({ numClients: 2, numChannels: 1, numSubs: 1 })
  })

  it('[RC9] what is published meanwhile comes behind the reply, what keeps no history included, and nothing twice', async () => {
    const pages = new Doors<Awaited<ReturnType<Broker['history']>>>()
    const { test, client } = await start(() => pages.ask())
    void client.transport.send({ id: 9, subscribe: { channel: 'a' } })
    await test.publish('a', 1)
    await test.core.api.publish('', { channel: 'a', data: Buffer.from('"passing"'), isJson: true, skipHistory: true })
    await test.publish('a', 2)
    await pages.open({ ok: true, value: { publications: [], offset: 1, epoch: '' } })
    expect(client.messages()).toMatchObject([
      { id: 9, subscribe: { offset: 1 } },
      { push: { pub: { data: 'passing' } } },
      { push: { pub: { data: 2, offset: 2 } } },
    ])
  })

  it('[RC9] a server-side channel that is read at once misses nothing while another is waited for', async () => {
    const pages = new Doors<Awaited<ReturnType<Broker['history']>>>()
    const { test } = await start((channel) => (channel === 'slow' ? pages.ask() : undefined))
    const client = test.open()
    void client.transport.send({ id: 1, connect: { token: plainToken({ channels: ['quick', 'slow'] }) } })
    await test.publish('quick', 1)
    expect(client.messages()).toEqual([])
    await pages.open({ ok: true, value: { publications: [], offset: 0, epoch: 'slow-epo' } })
    expect(client.messages()).toMatchObject([
      { id: 1, connect: { subs: { quick: { positioned: true }, slow: {} } } },
      { push: { channel: 'quick', pub: { data: 1, offset: 1 } } },
    ])
  })
})
