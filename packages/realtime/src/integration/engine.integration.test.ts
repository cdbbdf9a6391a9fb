import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Status, type SubscribeOptions, subscribe } from '../client.ts'
import { createRealtime } from '../index.ts'
import { makeFolder, startServer } from './real-server.ts'

const secrets = { tokenSecret: 'a-secret-for-tests', apiKey: 'a-key-for-tests' }

const writeConfig = (folder: string) =>
  writeFileSync(
    join(folder, 'config.json'),
    JSON.stringify({
      client: { token: { hmac_secret_key: secrets.tokenSecret }, allowed_origins: ['*'] },
      http_api: { key: secrets.apiKey },
      http_stream: { enabled: true },
      log: { level: 'none' },
      channel: {
        namespaces: [
          {
            name: 'chat',
            allow_subscribe_for_client: true,
            presence: true,
            join_leave: true,
            force_push_join_leave: true,
            allow_presence_for_subscriber: true,
            history_size: 100,
            history_ttl: '1h',
            force_recovery: true,
            allow_history_for_subscriber: true,
          },
          { name: 'closed' },
        ],
      },
    }),
  )

const startEngine = async (port = 0, folder = makeFolder()) => {
  writeConfig(folder)
  const args = [
    'engine',
    '--config',
    'config.json',
    '--address',
    '127.0.0.1',
    '--port',
    String(port),
    '--data-dir',
    'data',
  ]
  const server = await startServer(args, folder)
  const realtimeUrl = `${server.url.replace('http', 'ws')}/connection/websocket`
  return { server, folder, realtime: createRealtime({ ...secrets, apiUrl: `${server.url}/api`, realtimeUrl }) }
}

const listen = (realtime: ReturnType<typeof createRealtime>, options: Partial<SubscribeOptions> = {}) => {
  const messages: unknown[] = []
  const statuses: Status[] = []
  const subscription = subscribe({
    url: realtime.realtimeWsUrl(),
    getToken: () => realtime.issueConnectionToken('ada'),
    channel: 'chat:room',
    onMessage: (message) => messages.push(message),
    onStatus: (status) => statuses.push(status),
    ...options,
  })
  onTestFinished(() => subscription.close())
  const until = (state: Status['state']) =>
    expect.poll(() => statuses.at(-1)?.state, { timeout: 20_000, interval: 10 }).toBe(state)
  return { messages, statuses, subscription, until }
}

describe('a bare Centrifugo, here xshathra engine over real sockets', () => {
  it('takes our tokens and publications, and answers every question', async () => {
    const { realtime } = await startEngine()
    const members: string[][] = []
    const { messages, subscription, until } = listen(realtime, {
      onPresence: (present) => members.push(present.map(({ userId }) => userId)),
    })
    await until('live')
    expect(await realtime.publish('chat:room', { n: 1 })).toBe(true)
    expect(await realtime.publishResult('chat:room', { n: 2 }, { idempotencyKey: 'k' })).toMatchObject({
      ok: true,
      value: { offset: 2, epoch: expect.any(String) },
    })
    expect(await realtime.publishResult('chat:room', { n: 2 }, { idempotencyKey: 'k' })).toMatchObject({
      value: { offset: 2 },
    })
    await expect.poll(() => messages).toEqual([{ n: 1 }, { n: 2 }])
    await expect.poll(() => members.at(-1)).toEqual(['ada'])

    expect(await realtime.presence('chat:room')).toMatchObject({ ok: true, value: expect.any(Object) })
    expect(await realtime.presenceStats('chat:room')).toEqual({ ok: true, value: { clients: 1, users: 1 } })
    expect(await realtime.history('chat:room', { limit: 1, reverse: true })).toMatchObject({
      value: { publications: [{ offset: 2, data: { n: 2 } }], offset: 2 },
    })
    expect(await realtime.channels('chat:*')).toEqual({ ok: true, value: { 'chat:room': { clients: 1 } } })
    expect(await realtime.broadcast(['chat:room', 'no:x'], 3)).toMatchObject({
      value: [
        { channel: 'chat:room', offset: 3 },
        { channel: 'no:x', error: { code: 'unknown_namespace' } },
      ],
    })
    expect(
      await realtime.batch([
        { publish: { channel: 'chat:room', data: 4 } },
        { presenceStats: { channel: 'chat:room' } },
        { history: { channel: 'no:x' } },
      ]),
    ).toMatchObject({
      value: [
        { publish: { ok: true, offset: 4 } },
        { presenceStats: { clients: 1, users: 1 } },
        { error: { code: 'unknown_namespace' } },
      ],
    })
    expect(await realtime.refresh('ada', { expireInSeconds: 60 })).toMatchObject({ ok: true })
    expect(await realtime.removeHistory('chat:room')).toMatchObject({ ok: true })
    expect((await subscription.history()).messages).toEqual([])
    expect(await realtime.unsubscribeUser('ada', 'chat:room')).toMatchObject({ ok: true })
    await until('refused')
  })

  it('says why where the key is wrong', async () => {
    const { server } = await startEngine()
    const realtime = createRealtime({ ...secrets, apiKey: 'wrong', apiUrl: `${server.url}/api` })
    expect(await realtime.publishResult('chat:room', 1)).toMatchObject({
      problem: { code: 'invalid_api_key', status: 401 },
    })
  })

  it('ends connections with a forged token, and admits a subscription token where one is needed', async () => {
    const { server, realtime } = await startEngine()
    const forger = createRealtime({ ...secrets, tokenSecret: 'another', apiUrl: `${server.url}/api` })
    const forged = listen(realtime, { getToken: undefined, token: await forger.issueConnectionToken('ada') })
    await forged.until('refused')
    expect(forged.statuses.at(-1)).toEqual({ state: 'refused', code: 3500, reason: 'invalid token' })

    const refused = listen(realtime, { channel: 'closed:x' })
    await refused.until('refused')
    expect(refused.statuses.at(-1)).toMatchObject({ code: 103 })
    const admitted = listen(realtime, {
      channel: 'closed:x',
      getSubscriptionToken: ({ channel }) => realtime.issueSubscriptionToken('ada', channel),
    })
    await admitted.until('live')
  })

  it('keeps error 105 for channels of the token, and messages flow all the same', async () => {
    const { realtime } = await startEngine()
    const token = await realtime.issueConnectionToken('ada', { channels: ['chat:room'] })
    const members: string[][] = []
    const { messages, statuses, subscription, until } = listen(realtime, {
      getToken: undefined,
      token,
      onPresence: (present) => members.push(present.map(({ userId }) => userId)),
    })
    await until('live')
    await realtime.publish('chat:room', 1)
    await expect.poll(() => messages).toEqual([1])
    await expect.poll(() => members.at(-1)).toEqual(['ada'])
    expect((await subscription.history()).messages).toMatchObject([{ data: 1 }])

    // Centrifuge code 3011: come back at once.
    await realtime.disconnect('ada', { code: 3011, reason: 'force reconnect' })
    await until('offline')
    await realtime.publish('chat:room', 2)
    await until('live')
    await expect.poll(() => messages).toEqual([1, 2])
    expect(statuses.at(-1)).toEqual({ state: 'live', continuity: 'recovered' })
  })

  it('is killed and comes back: nothing is missing, and nothing comes twice', async () => {
    const { server, folder, realtime } = await startEngine()
    const { messages, statuses, until } = listen(realtime)
    await until('live')
    await realtime.publish('chat:room', 1)
    await expect.poll(() => messages).toEqual([1])
    await server.kill()
    await until('offline')
    expect(await realtime.publishResult('chat:room', 'lost')).toMatchObject({ problem: { code: 'unreachable' } })
    await startEngine(Number(new URL(server.url).port), folder)
    expect(await realtime.publish('chat:room', 2)).toBe(true)
    await until('live')
    await expect.poll(() => messages).toEqual([1, 2])
    expect(statuses.at(-1)).toEqual({ state: 'live', continuity: 'recovered' })
  })

  it('is reached by HTTP streaming where no WebSocket gets through', async () => {
    const { realtime } = await startEngine()
    const { WebSocket } = globalThis
    onTestFinished(() => {
      globalThis.WebSocket = WebSocket
    })
    // What a proxy that knows no upgrades looks like to a page.
    globalThis.WebSocket = class extends WebSocket {
      constructor(url: string | URL) {
        super(String(url).replace('/connection/websocket', '/nowhere'))
      }
    }
    const { messages, subscription, until } = listen(realtime)
    const transports: string[] = []
    subscription.centrifuge.on('connected', ({ transport }) => transports.push(transport))
    await until('live')
    expect(transports).toEqual(['http_stream'])
    await realtime.publish('chat:room', 1)
    await expect.poll(() => messages).toEqual([1])
    expect((await subscription.history()).messages).toHaveLength(1)
  })
})
