import { describe, expect, it } from 'vitest'
import { differs, errors } from './expectations.ts'
import { startServer } from './servers.ts'
import { token } from './tokens.ts'
import { connectWebSocket, type WebSocketClient } from './web-socket-client.ts'

const open = { presence: true, allow_subscribe_for_client: true, allow_presence_for_client: true }
const server = await startServer({
  client: { allow_anonymous_connect_without_token: true },
  channel: {
    namespaces: [
      { name: 'off', allow_presence_for_client: true },
      { name: 'closed', presence: true, allow_subscribe_for_client: true },
      { name: 'clients', ...open },
      { name: 'readers', presence: true, allow_subscribe_for_client: true, allow_presence_for_subscriber: true },
      { name: 'all', ...open, allow_subscribe_for_anonymous: true, allow_presence_for_anonymous: true },
      { name: 'joins', ...open, join_leave: true },
      { name: 'pushed', ...open, join_leave: true, force_push_join_leave: true },
      { name: 'quiet', ...open, allow_presence_for_client: false, join_leave: true },
    ],
  },
})

const as = (user: string, claims: object = {}): Promise<WebSocketClient> =>
  connectWebSocket(server, user === '' ? {} : { token: token({ sub: user, ...claims }) })

const subscribed = async (user: string, channel: string, request: object = {}): Promise<WebSocketClient> => {
  const client = await as(user, { info: { name: user } })
  await client.exchange({ id: 2, subscribe: { channel, ...request } })
  return client
}

/** Subscribes with join and leave pushes, and waits for the own join. */
const listening = async (user: string, channel: string): Promise<WebSocketClient> => {
  const client = await as(user, { info: { name: user } })
  client.send({ id: 2, subscribe: { channel, join_leave: true } })
  expect(await client.inbox.take(2)).toEqual([
    { id: 2, subscribe: {} },
    { push: { channel, join: { info: infoOf(client, user) } } },
  ])
  return client
}

const infoOf = (client: WebSocketClient, user: string): object => ({
  user,
  client: client.client,
  conn_info: { name: user },
})

describe('who may ask who is there', () => {
  it.each([
    { channel: 'off:a', user: 'ann', error: errors.notAvailable },
    { channel: 'none', user: 'ann', error: errors.notAvailable },
    { channel: 'closed:a', user: 'ann', error: errors.permissionDenied },
    { channel: 'clients:a', user: '', error: errors.permissionDenied },
    { channel: 'readers:a', user: 'ann', error: errors.permissionDenied },
    { channel: 'nowhere:a', user: 'ann', error: errors.unknownChannel },
    { channel: 'clients:ü', user: 'ann', error: errors.badRequest },
  ])('not user "$user" of $channel', async ({ channel, user, error }) => {
    const client = await as(user)
    expect(await client.exchange({ id: 2, presence: { channel } }, { id: 3, presence_stats: { channel } })).toEqual([
      { id: 2, error },
      { id: 3, error },
    ])
  })

  it('subscribers, and only of their channel, where the namespace says so', async () => {
    const client = await subscribed('ann', 'readers:a')
    expect(
      await client.exchange(
        { id: 3, presence_stats: { channel: 'readers:a' } },
        { id: 4, presence_stats: { channel: 'readers:b' } },
      ),
    ).toEqual([
      { id: 3, presence_stats: { num_clients: 1, num_users: 1 } },
      { id: 4, error: errors.permissionDenied },
    ])
  })
})

describe('presence', () => {
  it('of an empty channel is empty, and counts zero', async () => {
    const client = await as('ann')
    expect(
      await client.exchange(
        { id: 2, presence: { channel: 'clients:empty' } },
        { id: 3, presence_stats: { channel: 'clients:empty' } },
      ),
    ).toEqual([
      { id: 2, presence: { presence: {} } },
      { id: 3, presence_stats: { num_clients: 0, num_users: 0 } },
    ])
  })

  it('lists connections with their infos', async () => {
    const ann = await subscribed('ann', 'clients:who')
    const bob = await as('bob')
    const claims = { sub: 'bob', channel: 'clients:who', info: { role: 'host' } }
    await bob.exchange({ id: 2, subscribe: { channel: 'clients:who', token: token(claims) } })
    expect(await ann.exchange({ id: 3, presence: { channel: 'clients:who' } })).toEqual([
      {
        id: 3,
        presence: {
          presence: {
            [ann.client]: infoOf(ann, 'ann'),
            [bob.client]: { user: 'bob', client: bob.client, chan_info: { role: 'host' } },
          },
        },
      },
    ])
  })

  it('counts connections and users, all anonymous ones as one', async () => {
    const clients = [await subscribed('ann', 'all:count'), await subscribed('ann', 'all:count')]
    for (let n = 0; n < 3; n++) clients.push(await subscribed('', 'all:count'))
    expect(await clients[0]!.exchange({ id: 3, presence_stats: { channel: 'all:count' } })).toEqual([
      { id: 3, presence_stats: { num_clients: 5, num_users: 2 } },
    ])
  })

  it('has the subscriber in it when the subscribe reply comes, and not when the unsubscribe reply comes', async () => {
    const client = await as('ann')
    expect(
      await client.exchange(
        { id: 2, subscribe: { channel: 'clients:now' } },
        { id: 3, presence_stats: { channel: 'clients:now' } },
        { id: 4, unsubscribe: { channel: 'clients:now' } },
        { id: 5, presence_stats: { channel: 'clients:now' } },
      ),
    ).toEqual([
      { id: 2, subscribe: {} },
      { id: 3, presence_stats: { num_clients: 1, num_users: 1 } },
      { id: 4, unsubscribe: {} },
      { id: 5, presence_stats: { num_clients: 0, num_users: 0 } },
    ])
  })

  it('forgets a connection that is closed, and one that is cut', async () => {
    const [closing, cut] = [await subscribed('ann', 'clients:gone'), await subscribed('bob', 'clients:gone')]
    closing.close()
    cut.socket.terminate()
    await expect
      .poll(() => server.api('presence_stats', { channel: 'clients:gone' }), { timeout: 3_000 })
      .toEqual({ result: { num_clients: 0, num_users: 0 } })
  })
})

describe('join and leave', () => {
  it('are pushed to those who ask for them, the own join after the reply', async () => {
    const ann = await listening('ann', 'joins:a')
    const bob = await subscribed('bob', 'joins:a')
    expect(await ann.inbox.take(1)).toEqual([{ push: { channel: 'joins:a', join: { info: infoOf(bob, 'bob') } } }])
    await bob.exchange({ id: 3, unsubscribe: { channel: 'joins:a' } })
    expect(await ann.inbox.take(1)).toEqual([{ push: { channel: 'joins:a', leave: { info: infoOf(bob, 'bob') } } }])
    expect(await bob.received()).toEqual([])
  })

  it('are not pushed to those who do not ask', async () => {
    const ann = await subscribed('ann', 'joins:silent')
    const listener = await listening('cleo', 'joins:silent')
    const bob = await subscribed('bob', 'joins:silent')
    await bob.exchange({ id: 3, unsubscribe: { channel: 'joins:silent' } })
    await listener.inbox.takeUntil(({ push }) => 'leave' in (push as object))
    expect(await ann.received()).toEqual([])
  })

  it('are pushed to everybody where the namespace says so', async () => {
    const ann = await as('ann')
    ann.send({ id: 2, subscribe: { channel: 'pushed:a' } })
    expect(await ann.inbox.take(2)).toEqual([
      { id: 2, subscribe: {} },
      { push: { channel: 'pushed:a', join: { info: { user: 'ann', client: ann.client } } } },
    ])
  })

  it('asked for without the right to presence are not pushed', async () => {
    const ann = await subscribed('ann', 'quiet:a', { join_leave: true })
    const stats = (): Promise<unknown> => server.api('presence_stats', { channel: 'quiet:a' })
    await subscribed('bob', 'quiet:a')
    await expect.poll(stats).toEqual({ result: { num_clients: 2, num_users: 2 } })
    await server.publish('quiet:a', 1)
    expect(await ann.received()).toEqual([{ push: { channel: 'quiet:a', pub: { data: 1 } } }])
  })

  it('a cut connection leaves', async () => {
    const ann = await listening('ann', 'joins:cut')
    const bob = await subscribed('bob', 'joins:cut')
    bob.socket.terminate()
    expect(await ann.inbox.take(2)).toEqual([
      { push: { channel: 'joins:cut', join: { info: infoOf(bob, 'bob') } } },
      { push: { channel: 'joins:cut', leave: { info: infoOf(bob, 'bob') } } },
    ])
  })

  it('a subscription that the API renews joins again with Centrifugo, and not with ours', async () => {
    const ann = await listening('renewed', 'joins:renewed')
    await server.api('subscribe', {
      user: 'renewed',
      channel: 'joins:renewed',
      override: { force_push_join_leave: { value: true } },
    })
    const bob = await subscribed('bob', 'joins:renewed')
    const items = await ann.inbox.takeUntil(({ push }) => JSON.stringify(push).includes(bob.client))
    const again = { push: { channel: 'joins:renewed', join: { info: infoOf(ann, 'renewed') } } }
    expect(items).toEqual([
      { push: { channel: 'joins:renewed', subscribe: {} } },
      ...differs({ xshathra: [], centrifugo: [again], because: 'it never left' }),
      { push: { channel: 'joins:renewed', join: { info: infoOf(bob, 'bob') } } },
    ])
  })

  it('of server-side subscriptions are pushed likewise', async () => {
    const ann = await listening('ann', 'joins:server')
    const bob = await as('bob', { channels: ['joins:server'] })
    expect(await ann.inbox.take(1)).toEqual([
      { push: { channel: 'joins:server', join: { info: { user: 'bob', client: bob.client } } } },
    ])
  })
})
