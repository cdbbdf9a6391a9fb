import { describe, expect, it } from 'vitest'
import { anEpoch, closed } from './expectations.ts'
import { startServer } from './servers.ts'
import { token } from './tokens.ts'
import { connectWebSocket } from './web-socket-client.ts'

const history = { history_size: 10, history_ttl: '60s' }
const server = await startServer({
  client: { insecure: true, channel_position_check_delay: '1s', presence_update_interval: '1s' },
  channel: {
    namespaces: [
      { name: 'positioned', ...history, force_positioning: true },
      { name: 'brief', history_size: 10, history_ttl: '1s', history_meta_ttl: '1s', force_positioning: true },
    ],
  },
})

describe('live publications of a positioned channel', () => {
  it('carry offsets, and the first one of a stream its epoch', async () => {
    const client = await connectWebSocket(server)
    const [reply] = await client.exchange({ id: 2, subscribe: { channel: 'positioned:a' } })
    const { epoch } = reply!.subscribe as { epoch: string }
    await server.publish('positioned:a', 'one')
    await server.publish('positioned:a', 'two')
    expect(await client.received()).toEqual([
      { push: { channel: 'positioned:a', pub: { data: 'one', offset: 1, epoch } } },
      { push: { channel: 'positioned:a', pub: { data: 'two', offset: 2 } } },
    ])
  })

  it('that are not kept have no offset and leave the position alone', async () => {
    const client = await connectWebSocket(server)
    await client.exchange({ id: 2, subscribe: { channel: 'positioned:skip' } })
    await server.publish('positioned:skip', 'kept')
    expect(await server.publish('positioned:skip', 'not kept', { skip_history: true })).toEqual({})
    await server.publish('positioned:skip', 'kept')
    const pushes = await client.received()
    expect(pushes.map(({ push }) => (push as { pub: object }).pub)).toEqual([
      { data: 'kept', offset: 1, epoch: anEpoch },
      { data: 'not kept' },
      { data: 'kept', offset: 2 },
    ])
  })

  it('go on with their numbers after history is removed', async () => {
    const client = await connectWebSocket(server)
    await client.exchange({ id: 2, subscribe: { channel: 'positioned:removed' } })
    await server.publish('positioned:removed', 'one')
    await server.api('history_remove', { channel: 'positioned:removed' })
    await server.publish('positioned:removed', 'two')
    expect((await client.received()).at(-1)).toEqual({
      push: { channel: 'positioned:removed', pub: { data: 'two', offset: 2 } },
    })
  })
})

describe.concurrent('a stream that is replaced by a new one', () => {
  it('ends the subscription with push 2500, and the connection stays', async ({ expect }) => {
    const client = await connectWebSocket(server)
    await server.publish('brief:a', 'one')
    await client.exchange({ id: 2, subscribe: { channel: 'brief:a' } })
    const items = await client.inbox.takeUntil(({ push }) => 'unsubscribe' in (push as object), 15_000)
    expect(items).toEqual([{ push: { channel: 'brief:a', unsubscribe: { code: 2500, reason: 'insufficient state' } } }])
    expect(await client.exchange({ id: 3, subscribe: { channel: 'brief:a' } })).toEqual([
      { id: 3, subscribe: { positioned: true, epoch: anEpoch } },
    ])
  })

  it('ends the connection with 3010 where the subscription is server-side', async ({ expect }) => {
    await server.publish('brief:b', 'one')
    const client = await connectWebSocket(server, { token: token({ sub: 'ann', channels: ['brief:b'] }) })
    expect(await client.untilClosed(15_000)).toEqual([closed(3010, 'insufficient state')])
  })
})
