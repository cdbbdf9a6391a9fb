import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { z } from 'zod'
import { defineChannels } from '../channels/define-channels.ts'
import type { StandardSchema } from '../channels/standard-schema.ts'
import type { Channel } from '../channels/typed-channel.ts'
import type { RealtimeProblem } from '../result.ts'
import { createTestServer } from '../testing/memory-server.ts'
import type { TestServer, TestServerOptions } from '../testing/test-server.ts'
import { shareConnection } from './connection.ts'
import type { Member } from './presence-view.ts'
import type { Status } from './status.ts'
import { type SubscribeOptions, subscribe } from './subscribe.ts'

const openServer = async (options?: TestServerOptions): Promise<TestServer> => {
  const server = await createTestServer(options)
  onTestFinished(() => server.close())
  return server
}

/** Subscribes, and keeps all that it was told. */
const listen = <Of extends Channel>(server: TestServer, channel: Of, options: Partial<SubscribeOptions<Of>> = {}) => {
  const messages: unknown[] = []
  const states: boolean[] = []
  const statuses: Status[] = []
  const problems: RealtimeProblem[] = []
  const subscription = subscribe<Of>({
    url: server.url,
    websocket: server.WebSocket,
    ...('token' in options || 'getToken' in options ? {} : { getToken: server.tokensFor('ada') }),
    channel,
    onMessage: (message) => messages.push(message),
    onState: (connected) => states.push(connected),
    onStatus: (status) => statuses.push(status),
    onError: (problem) => problems.push(problem),
    ...options,
  })
  onTestFinished(() => subscription.close())
  const until = (state: Status['state']) =>
    expect.poll(() => statuses.at(-1)?.state, { timeout: 5000, interval: 5 }).toBe(state)
  return { messages, states, statuses, problems, subscription, until }
}

afterEach(() => void vi.useRealTimers())

describe('a subscription', () => {
  it('delivers messages in order with what is known of them, until it is closed', async () => {
    const server = await openServer()
    const metas: unknown[] = []
    const { messages, subscription, until } = listen(server, 'chat:room:7', {
      onMessage: (message, meta) => {
        messages.push(message)
        metas.push(meta)
      },
    })
    await until('live')
    await server.realtime.publish('chat:room:7', 'one', { tags: { a: 'b' } })
    await server.publish('chat:room:7', 'two')
    await expect.poll(() => messages).toEqual(['one', 'two'])
    expect(metas).toEqual([{ offset: 1, tags: { a: 'b' } }, { offset: 2 }])
    subscription.close()
    subscription.close()
    await server.publish('chat:room:7', 'three')
    await server.until(() => server.connections().length === 0)
    expect(messages).toEqual(['one', 'two'])
  })

  it('says live and offline in one word too', async () => {
    const server = await openServer()
    const { states, until } = listen(server, 'chat:room:7')
    await until('live')
    server.goOffline()
    await until('offline')
    server.goOnline()
    await until('live')
    expect(states).toEqual([true, false, true])
  })

  it('begins with the messages after a position', async () => {
    const server = await openServer()
    const first = await server.publish('chat:room:7', 'one')
    await server.publish('chat:room:7', 'two')
    const { messages, statuses } = listen(server, 'chat:room:7', { since: { offset: 1, epoch: first.epoch ?? '' } })
    await expect.poll(() => messages).toEqual(['two'])
    expect(statuses.at(-1)).toEqual({ state: 'live', continuity: 'recovered' })
  })

  it('goes on where a handler throws', async () => {
    const told = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => told.mockRestore())
    const server = await openServer()
    const broken = listen(server, 'chat:room:7', {
      onMessage: () => {
        throw new Error('a bug')
      },
    })
    const { messages, until } = listen(server, 'chat:room:7')
    await until('live')
    await server.publish('chat:room:7', 1)
    await server.publish('chat:room:7', 2)
    await expect.poll(() => messages).toEqual([1, 2])
    expect(broken.statuses.at(-1)).toMatchObject({ state: 'live' })
    expect(told.mock.calls).toEqual([[new Error('a bug')], [new Error('a bug')]])
  })

  it('publishes, pages through history and asks who is there', async () => {
    const server = await openServer({
      namespaces: { all: { open: 'users', presence: true, publish: true, history: { size: 9, ttlSeconds: 60 } } },
    })
    const { subscription } = listen(server, 'all:x')
    for (const text of ['one', 'two', 'three']) await subscription.publish(text)
    const page = await subscription.history({ limit: 2, reverse: true })
    expect(page).toMatchObject({ isFull: true, oldestOffset: 2, offset: 3 })
    expect(page.messages.map(({ data, sender }) => [data, sender?.userId])).toEqual([
      ['three', 'ada'],
      ['two', 'ada'],
    ])
    expect(await subscription.history()).toMatchObject({ isFull: false, oldestOffset: 1 })
    expect(await subscription.presence()).toMatchObject([{ userId: 'ada' }])
  })

  it('is told in our words what the server refuses', async () => {
    const server = await openServer()
    const { subscription } = listen(server, 'public:x')
    await expect(subscription.publish(1)).rejects.toMatchObject({
      name: 'RealtimeError',
      problem: { code: 'permission_denied', docs: 'http://realtime.test/docs/errors#103' },
    })
    await expect(subscription.history()).rejects.toMatchObject({ problem: { code: 'not_available' } })
  })

  it('ends as refused where there is no such channel', async () => {
    const server = await openServer()
    const { statuses, until } = listen(server, 'nowhere:x')
    await until('refused')
    expect(statuses.at(-1)).toMatchObject({ code: 102, docs: 'http://realtime.test/docs/errors#102' })
  })

  it('fits to a channel that the token has subscribed already', async () => {
    const server = await openServer()
    const token = await server.token('ada', { channels: ['chat:room:7'] })
    const { messages, until } = listen(server, 'chat:room:7', { token })
    await until('live')
    await server.publish('chat:room:7', 1)
    await expect.poll(() => messages).toEqual([1])
  })
})

describe('sharing', () => {
  it('makes one connection of what has the same url and identity', async () => {
    const server = await openServer()
    const subscriptions = ['chat:a', 'chat:b', 'chat:a'].map((channel) => listen(server, channel))
    for (const { until } of subscriptions) await until('live')
    expect(server.connections()).toHaveLength(1)
    expect(server.connections()[0]?.channels).toHaveLength(2)
    await server.publish('chat:a', 1)
    await expect.poll(() => subscriptions.map(({ messages }) => messages)).toEqual([[1], [], [1]])
  })

  it('keeps a channel as long as somebody listens, and the connection as long as there is one', async () => {
    const server = await openServer()
    const [first, second, third] = [listen(server, 'chat:a'), listen(server, 'chat:a'), listen(server, 'chat:b')]
    for (const { until } of [first, second, third]) await until('live')
    first.subscription.close()
    third.subscription.close()
    await server.until(() => server.subscribers('chat:b').length === 0)
    await server.publish('chat:a', 1)
    await expect.poll(() => second.messages).toEqual([1])
    expect(first.messages).toEqual([])
    second.subscription.close()
    await server.until(() => server.connections().length === 0)
  })

  it('does not mix users', async () => {
    const server = await openServer()
    const ada = listen(server, 'chat:a')
    const grace = listen(server, 'chat:a', { getToken: server.tokensFor('grace') })
    await ada.until('live')
    await grace.until('live')
    expect(server.subscribers('chat:a').toSorted()).toEqual(['ada', 'grace'])
  })

  it('goes by the identity that is named, whatever functions come with it', async () => {
    const server = await openServer()
    const one = listen(server, 'chat:a', { identity: 'ada', getToken: () => server.token('ada') })
    const other = listen(server, 'chat:b', { identity: 'ada', getToken: () => server.token('ada') })
    await one.until('live')
    await other.until('live')
    expect(server.connections()).toHaveLength(1)
  })

  it('finds a connection as it was where it is wanted again at once', async () => {
    const server = await openServer()
    const first = listen(server, 'chat:a')
    await first.until('live')
    const client = server.connections()[0]?.client
    first.subscription.close()
    const second = listen(server, 'chat:a')
    await second.until('live')
    expect(server.connections().map((connection) => connection.client)).toEqual([client])
  })

  it('does not hand on a connection that was refused', async () => {
    const server = await openServer()
    server.refuseConnections(4500)
    const refused = listen(server, 'chat:a')
    await refused.until('refused')
    server.restore()
    const admitted = listen(server, 'chat:a')
    await admitted.until('live')
  })
})

describe('a refusal', () => {
  it('stands while the connection comes and goes, and whoever subscribes next asks anew', async () => {
    const server = await openServer()
    server.lock('chat')
    const [refused, other] = [listen(server, 'chat:a'), listen(server, 'public:x')]
    await refused.until('refused')
    await other.until('live')
    server.goOffline()
    await other.until('offline')
    server.restore()
    await other.until('live')
    expect(refused.statuses.map(({ state }) => state)).toEqual(['connecting', 'refused'])
    const admitted = listen(server, 'chat:a')
    await admitted.until('live')
    expect(refused.statuses).toHaveLength(2)
  })

  it('by the server, of a channel it had let in, is told too', async () => {
    const server = await openServer()
    const { statuses, until } = listen(server, 'chat:a')
    await until('live')
    await server.realtime.unsubscribeUser('ada', 'chat:a')
    await until('refused')
    expect(statuses.at(-1)).toMatchObject({ code: 2000, reason: 'server unsubscribe' })
  })
})

describe('tokens', () => {
  it('that cannot be fetched now are fetched later', async () => {
    const server = await openServer()
    let tries = 0
    const { statuses, problems, until } = listen(server, 'chat:a', {
      getToken: async () => {
        tries++
        if (tries === 1) throw new Error('the backend is restarting')
        return server.token('ada')
      },
    })
    await until('live')
    expect(statuses.map(({ state }) => state)).toContain('offline')
    expect(problems).toMatchObject([{ code: 'token_unavailable', message: expect.stringContaining('is restarting') }])
  })

  it('that there will be none end it', async () => {
    const server = await openServer()
    const { statuses, until } = listen(server, 'chat:a', { getToken: () => null })
    await until('refused')
    expect(statuses.at(-1)).toMatchObject({ reason: 'unauthorized' })
  })

  it('are not needed where a project admits everybody', async () => {
    const server = await openServer({ allowAnonymous: true })
    const { until } = listen(server, 'public:x', { token: undefined, clientApiKey: server.clientApiKey })
    await until('live')
  })
})

describe('typed channels', () => {
  it('deliver what fits, and report what does not', async () => {
    const server = await openServer()
    const channels = defineChannels({ room: { channel: 'chat:{id}', message: z.object({ text: z.string() }) } })
    const { messages, problems, until } = listen(server, channels.room({ id: 7 }))
    await until('live')
    await server.publish('chat:7', { text: 5 })
    await server.publish('chat:7', { text: 'hi', more: true })
    await expect.poll(() => messages).toEqual([{ text: 'hi' }])
    expect(problems).toMatchObject([{ code: 'invalid_message', issues: [{ path: ['text'] }] }])
  })

  it('keep their order where a schema takes its time', async () => {
    const server = await openServer()
    const message: StandardSchema<number> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: async (value) => {
          // The earlier, the slower.
          for (let turns = 20 - Number(value) * 5; turns > 0; turns--) await Promise.resolve()
          return { value: Number(value) }
        },
      },
    }
    const { messages, until } = listen(server, { name: 'chat:7', message })
    await until('live')
    await Promise.all([1, 2, 3].map((n) => server.publish('chat:7', n)))
    await expect.poll(() => messages).toEqual([1, 2, 3])
  })

  it('do not publish what does not fit', async () => {
    const server = await openServer()
    const channels = defineChannels({ wave: { channel: 'proto:wave', message: z.object({ to: z.string() }) } })
    const { subscription } = listen(server, channels.wave())
    // @ts-expect-error a number is no text
    await expect(subscription.publish({ to: 5 })).rejects.toMatchObject({ problem: { code: 'invalid_message' } })
    await subscription.publish({ to: 'grace' })
    expect(server.published('proto:wave')).toMatchObject([{ data: { to: 'grace' } }])
  })
})

describe('presence', () => {
  it('is told when it is known, and whenever it changes', async () => {
    const server = await openServer()
    const seen: string[] = []
    listen(server, 'chat:a', {
      onPresence: (members: readonly Member[]) =>
        seen.push(
          members
            .map(({ userId }) => userId)
            .toSorted()
            .join(),
        ),
    })
    await expect.poll(() => seen.at(-1)).toBe('ada')
    const token = await server.token('grace', { info: { name: 'Grace' } })
    const grace = listen(server, 'chat:a', { token })
    await expect.poll(() => seen.at(-1)).toBe('ada,grace')
    expect(await grace.subscription.presence()).toContainEqual(
      expect.objectContaining({ userId: 'grace', connInfo: { name: 'Grace' } }),
    )
    grace.subscription.close()
    await expect.poll(() => seen.at(-1)).toBe('ada')
  })

  it('is asked for again after a lost connection', async () => {
    const server = await openServer()
    const seen: string[] = []
    const { until } = listen(server, 'chat:a', { onPresence: (members) => seen.push(`${members.length}`) })
    await expect.poll(() => seen).toEqual(['1'])
    server.goOffline()
    await until('offline')
    server.goOnline()
    await expect.poll(() => seen, { timeout: 5000 }).toEqual(['1', '1'])
  })

  it('that a namespace does not keep is reported', async () => {
    const server = await openServer()
    const { problems } = listen(server, 'public:x', { onPresence: () => {} })
    await expect.poll(() => problems).toMatchObject([{ code: 'not_available' }])
  })
})

describe('a connection that died unnoticed', () => {
  it('is begun anew when the server gives no sign of life', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] })
    const server = await openServer()
    const getToken = server.tokensFor('ada')
    const { statuses } = listen(server, 'chat:a', { getToken })
    await vi.advanceTimersByTimeAsync(10)
    expect(statuses.at(-1)).toMatchObject({ state: 'live' })
    const [before] = server.connections()
    server.goSilent()
    const connection = shareConnection({ url: server.url, websocket: server.WebSocket, getToken })
    const probed = connection.probe()
    await vi.advanceTimersByTimeAsync(5_100)
    await probed
    expect(statuses.at(-1)).toEqual({ state: 'offline', reason: 'no answer' })
    server.restore()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(statuses.at(-1)).toMatchObject({ state: 'live', continuity: 'recovered' })
    expect(server.connections().some(({ client }) => client !== before?.client)).toBe(true)
  })

  it('is left alone where it lives', async () => {
    const server = await openServer()
    const getToken = server.tokensFor('ada')
    const { statuses, until } = listen(server, 'chat:a', { getToken })
    await until('live')
    await shareConnection({ url: server.url, websocket: server.WebSocket, getToken }).probe()
    expect(statuses.map(({ state }) => state)).toEqual(['connecting', 'live'])
  })
})

describe('wrong options', () => {
  it.each([
    ['channel', { channel: '' }],
    ['channel', { channel: 5 }],
    ['url', { url: 'ftp://a.example' }],
    ['url', {}],
    ['token', { url: 'ws://a.example', token: '' }],
    ['getToken', { url: 'ws://a.example', getToken: 'x' }],
    ['websocket', { url: 'ws://a.example', websocket: {} }],
    ['onMessage', { url: 'ws://a.example', onMessage: 'x' }],
  ])('are TypeErrors that name %s', (field, options) => {
    const wrong = () => subscribe({ channel: 'chat:a', ...options } as unknown as SubscribeOptions)
    expect(wrong).toThrow(TypeError)
    expect(wrong).toThrow(new RegExp(`^${field} must`))
  })
})
