import { describe, it } from 'vitest'
import { connectSdk, openSdk, type SdkTransport } from './sdk-journal.ts'
import { prepareServer, startServer } from './servers.ts'
import { inSeconds, token } from './tokens.ts'

const history = { history_size: 10, history_ttl: '300s' }
const config = {
  client: {
    insecure: true,
    expired_close_delay: '1s',
    expired_sub_close_delay: '1s',
    presence_update_interval: '1s',
  },
  http_stream: { enabled: true },
  sse: { enabled: true },
  channel: {
    without_namespace: { presence: true },
    namespaces: [
      { name: 'kept', ...history, force_recovery: true },
      { name: 'small', history_size: 2, history_ttl: '300s', force_recovery: true },
      { name: 'delta', ...history, force_recovery: true, allowed_delta_types: ['fossil'], delta_publish: true },
      { name: 'joins', presence: true, join_leave: true, force_push_join_leave: true },
      { name: 'tagged', allow_tags_filter: true },
    ],
  },
}
const server = await startServer(config)
const secured = await startServer({
  ...config,
  client: { ...config.client, insecure: false },
  channel: { namespaces: [{ name: 'open', allow_subscribe_for_client: true }, { name: 'locked' }] },
})

const transports: SdkTransport[] = ['websocket', 'protobuf', 'http_stream', 'sse']
const writeData = (transport: SdkTransport, data: unknown): unknown =>
  transport === 'protobuf' ? new TextEncoder().encode(JSON.stringify(data)) : data
const readData = (transport: SdkTransport, data: unknown): unknown =>
  transport === 'protobuf' ? JSON.parse(Buffer.from(data as Uint8Array).toString()) : data

describe.for(transports)('the JS SDK over %s', { concurrent: true }, (transport) => {
  it('connects, subscribes, publishes, reads presence and history, and leaves', async ({ expect }) => {
    const own = await connectSdk(server, {}, transport)
    const channel = `kept:tour-${transport}`
    const subscription = own.subscribe(channel)
    await own.until('subscribed', channel)
    const received = new Promise((resolve) => subscription.once('publication', ({ data }) => resolve(data)))
    await subscription.publish(writeData(transport, { hello: 'wörld' }))
    expect(readData(transport, await received)).toEqual({ hello: 'wörld' })
    expect((await subscription.history({ limit: 10 })).publications).toHaveLength(1)
    const plain = own.subscribe(`tour-${transport}`)
    await own.until('subscribed', `tour-${transport}`)
    expect(Object.keys((await plain.presence()).clients)).toHaveLength(1)
    expect(await plain.presenceStats()).toEqual({ numClients: 1, numUsers: 1 })
    await expect(own.client.rpc('test', writeData(transport, {}))).rejects.toMatchObject({ code: 108 })
    own.client.disconnect()
    expect(await own.until('disconnected')).toEqual([
      ['subscribing', channel, 1],
      ['subscribing', `tour-${transport}`, 1],
      ['disconnected', 0, 'disconnect called'],
    ])
    await expect
      .poll(() => server.api('presence_stats', { channel: `tour-${transport}` }), { timeout: 2_000 })
      .toEqual({ result: { num_clients: 0, num_users: 0 } })
  })

  it('recovers what it missed while it was away', async ({ expect }) => {
    const channel = `kept:away-${transport}`
    const journal = await connectSdk(server, {}, transport)
    journal.subscribe(channel)
    await journal.until('subscribed', channel)
    journal.client.disconnect()
    await journal.until('disconnected')
    for (const n of [1, 2, 3]) await server.publish(channel, n)
    journal.client.connect()
    await journal.until('subscribed', channel, { recovered: true })
    await expect.poll(() => journal.entries).toHaveLength(3)
    expect(journal.entries.map(([, , data]) => readData(transport, data))).toEqual([1, 2, 3])
  })

  it('unsubscribes and subscribes again at once, ten times, without an error', async ({ expect }) => {
    const channel = `loop-${transport}`
    const journal = await connectSdk(server, {}, transport)
    const subscription = journal.subscribe(channel)
    for (let n = 0; n < 10; n++) {
      subscription.unsubscribe()
      subscription.subscribe()
    }
    await subscription.ready(5_000)
    await expect.poll(() => subscription.presenceStats(), { timeout: 2_000 }).toEqual({ numClients: 1, numUsers: 1 })
    expect(journal.entries.filter(([event]) => event.includes('error'))).toEqual([])
  })

  it('comes back when the server is restarted, and asks for what it missed', async ({ expect }) => {
    const restarted = await prepareServer({ config })
    await restarted.start()
    const journal = await connectSdk(restarted, {}, transport)
    journal.subscribe('kept:restart')
    await journal.until('subscribed')
    await restarted.publish('kept:restart', 1)
    await journal.until('publication')
    await restarted.restart()
    await journal.until('connecting')
    await journal.until('connected')
    // What becomes of history is the server's own promise; that the SDK asks and is answered is the protocol's.
    const entries = await journal.until('subscribed', 'kept:restart')
    expect(entries.at(-1)).toEqual(['subscribed', 'kept:restart', { recovered: expect.any(Boolean) }])
    expect(await restarted.stop()).toBe(0)
  })
})

describe.concurrent('the JS SDK and its tokens', () => {
  it('refreshes the connection token before it ends', async ({ expect }) => {
    let asked = 0
    const getToken = async (): Promise<string> => {
      asked++
      return token({ sub: 'ann', exp: inSeconds(asked > 1 ? 60 : 2) })
    }
    const journal = await connectSdk(secured, { getToken })
    await expect.poll(() => asked, { timeout: 5_000 }).toBe(2)
    await expect.poll(() => journal.client.rpc('test', {}).catch((error: { code: number }) => error.code)).toBe(108)
    expect(journal.entries).toEqual([])
  })

  it('asks for a new token when its own has expired', async ({ expect }) => {
    const journal = openSdk(secured, {
      token: token({ sub: 'ann', exp: inSeconds(-1) }),
      getToken: async () => token({ sub: 'ann', exp: inSeconds(60) }),
    })
    journal.client.connect()
    expect(await journal.until('connected')).toEqual([['connecting', 0], ['error', 109], ['connected']])
  })

  it('gives up with 3500 when the token is forged', async ({ expect }) => {
    const journal = openSdk(secured, { token: token({ sub: 'ann' }, 'guess') })
    journal.client.connect()
    expect(await journal.until('disconnected')).toEqual([
      ['connecting', 0],
      ['disconnected', 3500, 'invalid token'],
    ])
  })

  it('gives up with 3501 when it has no token', async ({ expect }) => {
    const journal = openSdk(secured)
    journal.client.connect()
    expect(await journal.until('disconnected')).toEqual([
      ['connecting', 0],
      ['disconnected', 3501, 'bad request'],
    ])
  })

  it('refreshes a subscription token, and subscribes to private channels', async ({ expect }) => {
    const journal = await connectSdk(secured, { token: token({ sub: 'ann' }) })
    let asked = 0
    journal.subscribe('$locked:a', {
      getToken: async ({ channel }) => {
        asked++
        return token({ sub: 'ann', channel, exp: inSeconds(asked > 1 ? 60 : 2) })
      },
    })
    await journal.until('subscribed')
    await expect.poll(() => asked, { timeout: 5_000 }).toBe(2)
    await secured.publish('$locked:a', 1)
    expect(await journal.until('publication')).toEqual([['publication', '$locked:a', 1]])
  })

  it.for([
    { channel: 'locked:a', code: 103, reason: 'permission denied' },
    { channel: 'nowhere:a', code: 102, reason: 'unknown channel' },
    { channel: 'open:ü', code: 107, reason: 'bad request' },
  ])('ends a subscription to $channel with $code', async ({ channel, code, reason }, { expect }) => {
    const journal = await connectSdk(secured, { token: token({ sub: 'ann' }) })
    journal.subscribe(channel)
    expect(await journal.until('unsubscribed')).toEqual([
      ['subscribing', channel, 0],
      ['unsubscribed', channel, code, reason],
    ])
  })
})

describe.concurrent('the JS SDK and disconnects', () => {
  it.for([3001, 3004, 3005, 3008, 3010, 3011, 3012, 3013, 4000, 4499])(
    'reconnects after %d',
    async (code, { expect }) => {
      const user = `again-${code}`
      const journal = await connectSdk(secured, { token: token({ sub: user }) })
      await secured.api('disconnect', { user, disconnect: { code, reason: 'test' } })
      expect(await journal.until('connected')).toEqual([['connecting', code], ['connected']])
    },
  )

  it.for([3500, 3501, 3503, 3504, 3505, 3507, 3508, 4500, 4999])('gives up after %d', async (code, { expect }) => {
    const user = `never-${code}`
    const journal = await connectSdk(secured, { token: token({ sub: user }) })
    await secured.api('disconnect', { user, disconnect: { code, reason: 'test' } })
    expect(await journal.until('disconnected')).toEqual([['disconnected', code, 'test']])
  })

  it.for(['http_stream', 'sse'] as const)('understands them over %s', async (transport, { expect }) => {
    const user = `emulated-${transport}`
    const again = await connectSdk(secured, { token: token({ sub: user }) }, transport)
    await secured.api('disconnect', { user, disconnect: { code: 4000, reason: 'again' } })
    expect(await again.until('connected')).toEqual([['connecting', 4000], ['connected']])
    await secured.api('disconnect', { user })
    expect(await again.until('disconnected')).toEqual([['disconnected', 3503, 'force disconnect']])
  })

  it('reconnects when the connection breaks', async ({ expect }) => {
    const broken = await prepareServer({ config })
    await broken.start()
    const journal = await connectSdk(broken)
    await broken.kill()
    await journal.until('connecting', 1)
    await broken.start()
    expect((await journal.until('connected')).at(-1)).toEqual(['connected'])
  })

  it('gives up with its own code 3 when a message is too large', async ({ expect }) => {
    const journal = await connectSdk(server)
    journal.client.publish('big', 'x'.repeat(70_000)).catch(() => undefined)
    expect(await journal.until('disconnected')).toEqual([['disconnected', 3, 'message size limit exceeded']])
  })
})

describe.concurrent('the JS SDK and subscriptions', () => {
  it('ends them after 2000', async ({ expect }) => {
    const journal = await connectSdk(secured, { token: token({ sub: 'unsub' }) })
    journal.subscribe('open:u')
    await journal.until('subscribed')
    await secured.api('unsubscribe', { user: 'unsub', channel: 'open:u' })
    expect(await journal.until('unsubscribed')).toEqual([['unsubscribed', 'open:u', 2000, 'server unsubscribe']])
  })

  it('has server-side ones, of the token and of the API', async ({ expect }) => {
    const journal = openSdk(secured, { token: token({ sub: 'serverside', channels: ['open:s1'] }) })
    journal.client.connect()
    expect(await journal.until('server subscribed')).toEqual([
      ['connecting', 0],
      ['connected'],
      ['server subscribed', 'open:s1', false],
    ])
    await secured.api('subscribe', { user: 'serverside', channel: 'open:s2' })
    expect(await journal.until('server subscribed')).toEqual([['server subscribed', 'open:s2', false]])
    await secured.publish('open:s2', { n: 1 })
    expect(await journal.until('server publication')).toEqual([['server publication', 'open:s2', { n: 1 }]])
    await secured.api('unsubscribe', { user: 'serverside', channel: 'open:s2' })
    expect(await journal.until('server unsubscribed')).toEqual([['server unsubscribed', 'open:s2']])
  })

  it('learns that it missed too much', async ({ expect }) => {
    const journal = await connectSdk(server)
    journal.subscribe('small:a')
    await journal.until('subscribed')
    journal.client.disconnect()
    await journal.until('disconnected')
    for (const n of [1, 2, 3]) await server.publish('small:a', n)
    journal.client.connect()
    await journal.until('subscribed', 'small:a', { recovered: false })
    expect(journal.entries).toEqual([])
  })

  it('recovers from a position that the application has kept', async ({ expect }) => {
    const { offset, epoch } = await server.publish('kept:since', 1)
    await server.publish('kept:since', 2)
    const journal = await connectSdk(server)
    journal.subscribe('kept:since', { since: { offset: offset as number, epoch: epoch as string } })
    expect(await journal.until('publication')).toEqual([
      ['subscribing', 'kept:since', 0],
      ['subscribed', 'kept:since', { recovered: true }],
      ['publication', 'kept:since', 2],
    ])
  })

  it('reads patches, and says how much they saved', async ({ expect }) => {
    const filler = 'x'.repeat(500)
    const journal = await connectSdk(server)
    const subscription = journal.subscribe('delta:a', { delta: 'fossil' })
    await journal.until('subscribed')
    for (const n of [1, 2, 3, 4]) await server.publish('delta:a', { n, filler })
    for (const n of [1, 2, 3, 4]) {
      expect(await journal.until('publication')).toEqual([['publication', 'delta:a', { n, filler }]])
    }
    expect(subscription.deltaStats()).toMatchObject({ numPublications: 4, numFullPayloads: 1, numDeltaPayloads: 3 })
  })

  it('reads patches across a reconnect', async ({ expect }) => {
    const filler = 'y'.repeat(500)
    const journal = await connectSdk(server)
    const subscription = journal.subscribe('delta:b', { delta: 'fossil' })
    await journal.until('subscribed')
    await server.publish('delta:b', { n: 1, filler })
    await journal.until('publication')
    journal.client.disconnect()
    for (const n of [2, 3]) await server.publish('delta:b', { n, filler })
    journal.client.connect()
    await journal.until('subscribed', 'delta:b', { recovered: true })
    await server.publish('delta:b', { n: 4, filler })
    for (const n of [2, 3, 4]) {
      expect(await journal.until('publication')).toEqual([['publication', 'delta:b', { n, filler }]])
    }
    expect(subscription.state).toBe('subscribed')
  })

  it('sees who joins and leaves', async ({ expect }) => {
    const journal = await connectSdk(server, { token: token({ sub: 'ann' }) })
    journal.subscribe('joins:a')
    await journal.until('join', 'joins:a', 'ann')
    const other = await connectSdk(server, { token: token({ sub: 'bob' }) })
    other.subscribe('joins:a')
    expect(await journal.until('join')).toEqual([['join', 'joins:a', 'bob']])
    other.client.disconnect()
    expect(await journal.until('leave')).toEqual([['leave', 'joins:a', 'bob']])
  })

  it('lets pass what its filter lets pass', async ({ expect }) => {
    const journal = await connectSdk(server)
    journal.subscribe('tagged:a', { tagsFilter: { key: 'k', cmp: 'eq', val: 'yes' } })
    await journal.until('subscribed')
    for (const k of ['no', 'yes']) await server.publish('tagged:a', k, { tags: { k } })
    expect(await journal.until('publication')).toEqual([['publication', 'tagged:a', 'yes']])
  })

  it('starts from a state that the application loads, and loads it again when it is too old', async ({ expect }) => {
    const { epoch } = await server.publish('small:state', 1)
    for (const n of [2, 3, 4]) await server.publish('small:state', n)
    const journal = await connectSdk(server)
    const offsets = [0, 3]
    let loaded = 0
    journal.subscribe('small:state', {
      getState: async () => ({ offset: offsets[loaded++]!, epoch: epoch as string }),
    })
    await journal.until('publication', 'small:state', 4)
    expect(loaded).toBe(2)
  })
})
