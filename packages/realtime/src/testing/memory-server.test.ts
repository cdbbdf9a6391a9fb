import { Centrifuge } from 'centrifuge'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Status, type SubscribeOptions, subscribe } from '../client.ts'
import { createTestServer } from './memory-server.ts'
import type { TestServer, TestServerOptions } from './test-server.ts'

const openServer = async (options?: TestServerOptions): Promise<TestServer> => {
  const server = await createTestServer(options)
  onTestFinished(() => server.close())
  return server
}

/** Subscribes as a user, and keeps all that it was told. */
const listen = (server: TestServer, channel: string, options: Partial<SubscribeOptions> = {}) => {
  const messages: unknown[] = []
  const statuses: Status[] = []
  const subscription = subscribe({
    url: server.url,
    websocket: server.WebSocket,
    getToken: server.tokensFor('ada'),
    channel,
    onMessage: (message) => messages.push(message),
    onStatus: (status) => statuses.push(status),
    ...options,
  })
  onTestFinished(() => subscription.close())
  return { messages, statuses, subscription }
}

const untilState = (statuses: readonly Status[], state: Status['state']) =>
  expect.poll(() => statuses.at(-1)?.state, { timeout: 5000, interval: 5 }).toBe(state)

describe('the server in memory', () => {
  it('takes the client library as it is', async () => {
    const server = await openServer()
    const client = new Centrifuge(server.url, { websocket: server.WebSocket, token: await server.token('ada') })
    onTestFinished(() => client.disconnect())
    const received: unknown[] = []
    const subscription = client.newSubscription('chat:room:7')
    subscription.on('publication', ({ data }) => received.push(data))
    subscription.subscribe()
    client.connect()
    await subscription.ready()
    await server.publish('chat:room:7', { n: 1 })
    await server.publish(`chat:${server.projectId}:room:7`, { n: 2 })
    await expect.poll(() => received).toEqual([{ n: 1 }, { n: 2 }])
    expect(await client.presenceStats('chat:room:7').catch((error) => error)).toEqual({ numClients: 1, numUsers: 1 })
  })

  it('answers the functions of a backend', async () => {
    const { realtime, projectId } = await openServer()
    expect(await realtime.publish('chat:room:7', { n: 1 })).toBe(true)
    expect(await realtime.history('chat:room:7')).toMatchObject({
      ok: true,
      value: { publications: [{ data: { n: 1 } }] },
    })
    expect(await realtime.project()).toMatchObject({ ok: true, value: { projectId } })
    expect(await realtime.publishResult('nowhere:x', 1)).toMatchObject({
      ok: false,
      problem: { code: 'unknown_namespace', status: 404, docs: 'http://realtime.test/docs/errors#unknown_namespace' },
    })
    const replies = await realtime.batch([
      { publish: { channel: 'chat:room:7', data: 2 } },
      { presenceStats: { channel: 'public:x' } },
    ])
    expect(replies).toMatchObject({
      ok: true,
      value: [{ publish: { ok: true, offset: 2 } }, { error: { code: 'not_available' } }],
    })
  })

  it('tells what was published, and who is subscribed', async () => {
    const server = await openServer()
    listen(server, 'chat:room:7')
    await server.until(() => server.subscribers('chat:room:7').length === 1)
    await server.publish('chat:room:7', 'hello')
    expect(server.published('chat:room:7')).toMatchObject([{ data: 'hello', offset: 1 }])
    expect(server.connections()).toMatchObject([{ userId: 'ada', channels: [`chat:${server.projectId}:room:7`] }])
  })

  it('gives up waiting when it is closed', async () => {
    const server = await openServer()
    const waiting = server.until(() => false)
    await server.close()
    await expect(waiting).rejects.toThrow('closed')
  })
})

describe('faults that a test can order', () => {
  it('drops connections: missed messages are recovered', async () => {
    const server = await openServer()
    const { messages, statuses } = listen(server, 'chat:room:7')
    await untilState(statuses, 'live')
    server.goOffline()
    await untilState(statuses, 'offline')
    await server.publish('chat:room:7', 'missed')
    server.goOnline()
    await expect.poll(() => messages, { timeout: 5000 }).toEqual(['missed'])
    expect(statuses.at(-1)).toEqual({ state: 'live', continuity: 'recovered' })
    expect(statuses.map(({ state }) => state)).toEqual(['connecting', 'live', 'offline', 'recovering', 'live'])
  })

  it('makes a gap, and the client is told', async () => {
    const server = await openServer()
    const { statuses } = listen(server, 'chat:room:7')
    await untilState(statuses, 'live')
    await server.publish('chat:room:7', 'one')
    await server.makeGap('chat:room:7')
    await expect.poll(() => statuses.at(-1), { timeout: 5000 }).toEqual({ state: 'live', continuity: 'gap' })
  })

  it('expires tokens, and the client fetches another', async () => {
    const server = await openServer()
    let fetched = 0
    const { statuses } = listen(server, 'chat:room:7', {
      getToken: () => {
        fetched++
        return server.token('ada')
      },
    })
    await untilState(statuses, 'live')
    server.expireTokens()
    await expect.poll(() => fetched, { timeout: 5000 }).toBe(2)
    await untilState(statuses, 'live')
  })

  it('refuses connections for good, and says why', async () => {
    const server = await openServer()
    server.refuseConnections(4501, 'maintenance')
    const { statuses } = listen(server, 'chat:room:7')
    await untilState(statuses, 'refused')
    expect(statuses.at(-1)).toEqual({
      state: 'refused',
      code: 4501,
      reason: 'maintenance',
      docs: 'http://realtime.test/docs/errors#4501',
    })
  })

  it('locks a namespace: only a subscription token opens its channels', async () => {
    const server = await openServer()
    server.lock('chat')
    const refused = listen(server, 'chat:room:7')
    await untilState(refused.statuses, 'refused')
    expect(refused.statuses.at(-1)).toMatchObject({ code: 103 })
    const admitted = listen(server, 'chat:room:8', {
      getSubscriptionToken: ({ channel }) => server.realtime.issueSubscriptionToken('ada', channel),
    })
    await untilState(admitted.statuses, 'live')
  })

  it('delays messages without changing their order', async () => {
    const server = await openServer()
    const { messages, statuses } = listen(server, 'public:x')
    await untilState(statuses, 'live')
    server.delayMessages(30)
    await server.publish('public:x', 1)
    server.restore()
    await server.publish('public:x', 2)
    expect(messages).toEqual([])
    await expect.poll(() => messages).toEqual([1, 2])
  })

  it('moves time: a token that is not renewed ends its connection', async () => {
    const server = await openServer()
    const token = await server.token('ada', 60)
    const { statuses } = listen(server, 'public:x', { getToken: undefined, token })
    await untilState(statuses, 'live')
    // 25 s of grace for clients that are about to renew it.
    server.advance(60_000 + 30_000)
    await untilState(statuses, 'refused')
    expect(server.connections()).toEqual([])
  })
})
