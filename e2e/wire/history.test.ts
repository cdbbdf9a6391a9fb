import { describe, expect, it } from 'vitest'
import type { Command } from './connection.ts'
import { anEpoch, errors } from './expectations.ts'
import { startServer } from './servers.ts'
import { token } from './tokens.ts'
import { connectWebSocket } from './web-socket-client.ts'

const history = { history_size: 10, history_ttl: '60s' }
const server = await startServer({
  client: { history_max_publication_limit: 4, allow_anonymous_connect_without_token: true },
  channel: {
    namespaces: [
      { name: 'off', allow_history_for_client: true },
      { name: 'closed', ...history, allow_subscribe_for_client: true },
      { name: 'clients', ...history, allow_history_for_client: true },
      { name: 'readers', ...history, allow_subscribe_for_client: true, allow_history_for_subscriber: true },
      { name: 'all', ...history, allow_history_for_client: true, allow_history_for_anonymous: true },
    ],
  },
})

const historyOf = async (request: Command, user = 'ann', before: Command[] = []): Promise<unknown> => {
  const client = await connectWebSocket(server, user === '' ? {} : { token: token({ sub: user }) })
  const items = await client.exchange(...before, { id: 9, history: request })
  const { id, ...answer } = items.find((item) => item.id === 9)!
  return answer
}

const { epoch } = (await server.publish('clients:a', 1)) as { epoch: string }
for (let n = 2; n <= 6; n++) await server.publish('clients:a', n)
const item = (n: number): object => ({ data: n, offset: n, ...(n === 1 ? { epoch } : {}) })

describe('who may read history', () => {
  it.each([
    { channel: 'off:a', user: 'ann', error: errors.notAvailable },
    { channel: 'none', user: 'ann', error: errors.notAvailable },
    { channel: 'closed:a', user: 'ann', error: errors.permissionDenied },
    { channel: 'clients:a', user: '', error: errors.permissionDenied },
    { channel: 'readers:a', user: 'ann', error: errors.permissionDenied },
    { channel: 'nowhere:a', user: 'ann', error: errors.unknownChannel },
    { channel: 'clients:ü', user: 'ann', error: errors.badRequest },
  ])('not user "$user" of $channel', async ({ channel, user, error }) => {
    expect(await historyOf({ channel }, user)).toEqual({ error })
  })

  it('clients, subscribers and anonymous users where the namespace says so', async () => {
    const empty = { history: { publications: [], epoch: anEpoch, offset: 0 } }
    expect(await historyOf({ channel: 'clients:new' })).toEqual(empty)
    expect(await historyOf({ channel: 'all:new' }, '')).toEqual(empty)
    const subscribe = { id: 2, subscribe: { channel: 'readers:new' } }
    expect(await historyOf({ channel: 'readers:new' }, 'ann', [subscribe])).toEqual(empty)
  })
})

describe('a history command', () => {
  it.each([
    { what: 'without a limit tells the top', request: {}, numbers: [] },
    { what: 'with a limit gives the oldest', request: { limit: 2 }, numbers: [1, 2] },
    {
      what: 'with a limit beyond the allowed gives as many as are allowed',
      request: { limit: 100 },
      numbers: [1, 2, 3, 4],
    },
    { what: 'with a negative limit gives as many as are allowed', request: { limit: -1 }, numbers: [1, 2, 3, 4] },
    { what: 'in reverse gives the newest', request: { limit: 2, reverse: true }, numbers: [6, 5] },
    { what: 'since a position goes on behind it', request: { limit: 2, since: { offset: 3, epoch } }, numbers: [4, 5] },
    { what: 'since a position without epoch too', request: { limit: 2, since: { offset: 3 } }, numbers: [4, 5] },
    { what: 'since the top gives nothing', request: { limit: 2, since: { offset: 6, epoch } }, numbers: [] },
    { what: 'since beyond the top gives nothing', request: { limit: 2, since: { offset: 9, epoch } }, numbers: [] },
    { what: 'since 0 begins at the beginning', request: { limit: 2, since: { offset: 0, epoch } }, numbers: [1, 2] },
    {
      what: 'in reverse since a position goes down from it',
      request: { limit: 2, since: { offset: 3, epoch }, reverse: true },
      numbers: [2, 1],
    },
    {
      what: 'in reverse since the first gives nothing',
      request: { limit: 2, since: { offset: 1, epoch }, reverse: true },
      numbers: [],
    },
    {
      what: 'in reverse since one beyond the top begins at the top',
      request: { limit: 2, since: { offset: 7, epoch }, reverse: true },
      numbers: [6, 5],
    },
    {
      what: 'in reverse since far beyond the top gives nothing',
      request: { limit: 2, since: { offset: 9, epoch }, reverse: true },
      numbers: [],
    },
  ])('$what', async ({ request, numbers }) => {
    expect(await historyOf({ channel: 'clients:a', ...request })).toEqual({
      history: { publications: numbers.map(item), epoch, offset: 6 },
    })
  })

  it('since a position of another epoch is error 112', async () => {
    expect(await historyOf({ channel: 'clients:a', limit: 1, since: { offset: 1, epoch: 'other' } })).toEqual({
      error: errors.unrecoverablePosition,
    })
  })

  it('in reverse since 0 is error 107', async () => {
    expect(await historyOf({ channel: 'clients:a', limit: 1, since: { offset: 0, epoch }, reverse: true })).toEqual({
      error: errors.badRequest,
    })
  })

  it('since what is gone begins at the oldest that is kept', async () => {
    for (let n = 1; n <= 12; n++) await server.publish('clients:evicted', n)
    const reply = await historyOf({ channel: 'clients:evicted', limit: 2, since: { offset: 1 } })
    expect(reply).toEqual({
      history: {
        publications: [
          { data: 3, offset: 3 },
          { data: 4, offset: 4 },
        ],
        epoch: anEpoch,
        offset: 12,
      },
    })
  })

  it('in reverse since what is gone gives nothing', async () => {
    for (let n = 1; n <= 12; n++) await server.publish('clients:evicted2', n)
    const reply = await historyOf({ channel: 'clients:evicted2', limit: 2, since: { offset: 2 }, reverse: true })
    expect(reply).toEqual({ history: { publications: [], epoch: anEpoch, offset: 12 } })
  })
})
