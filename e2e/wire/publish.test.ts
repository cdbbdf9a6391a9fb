import { describe, expect, it } from 'vitest'
import type { Command } from './connection.ts'
import { errors } from './expectations.ts'
import { startServer } from './servers.ts'
import { token } from './tokens.ts'
import { connectWebSocket, type WebSocketClient } from './web-socket-client.ts'

const server = await startServer({
  client: { allow_anonymous_connect_without_token: true },
  channel: {
    namespaces: [
      { name: 'closed', allow_subscribe_for_client: true },
      { name: 'clients', allow_publish_for_client: true },
      { name: 'subscribers', allow_subscribe_for_client: true, allow_publish_for_subscriber: true },
      {
        name: 'all',
        allow_subscribe_for_client: true,
        allow_subscribe_for_anonymous: true,
        allow_publish_for_client: true,
        allow_publish_for_anonymous: true,
      },
      { name: 'anon', allow_publish_for_anonymous: true },
      { name: 'json', allow_publish_for_client: true, publication_data_format: 'json' },
      { name: 'object', allow_publish_for_client: true, publication_data_format: 'json_object' },
      { name: 'binary', allow_publish_for_client: true, publication_data_format: 'binary' },
    ],
  },
})

const as = (user: string): Promise<WebSocketClient> =>
  connectWebSocket(server, user === '' ? {} : { token: token({ sub: user, info: { name: user } }) })

const publish = async (request: Command, user = 'ann', before: Command[] = []): Promise<unknown> => {
  const client = await as(user)
  const items = await client.exchange(...before, { id: 9, publish: request })
  const { id, ...answer } = items.find((item) => item.id === 9)!
  return answer
}

const PUBLISHED = { publish: {} }
const DENIED = { error: errors.permissionDenied }
const NOT_VALID = { error: errors.badRequest }
const toSubscribers = [{ id: 2, subscribe: { channel: 'subscribers:a' } }]

describe('who may publish', () => {
  it.each([
    { channel: 'closed:a', user: 'ann', answer: DENIED },
    { channel: 'clients:a', user: 'ann', answer: PUBLISHED },
    { channel: 'clients:a', user: '', answer: DENIED },
    { channel: 'subscribers:a', user: 'ann', answer: DENIED },
    { channel: 'subscribers:a', user: 'ann', before: toSubscribers, answer: PUBLISHED },
    { channel: 'subscribers:b', user: 'ann', before: toSubscribers, answer: DENIED },
    { channel: 'all:a', user: '', answer: PUBLISHED },
    { channel: 'anon:a', user: '', answer: DENIED },
    { channel: '$clients:a', user: 'ann', answer: PUBLISHED },
    { channel: 'none', user: 'ann', answer: DENIED },
    { channel: 'nowhere:a', user: 'ann', answer: { error: errors.unknownChannel } },
    { channel: 'clients:ü', user: 'ann', answer: NOT_VALID },
  ])('user "$user" to $channel', async ({ channel, user, before, answer }) => {
    expect(await publish({ channel, data: 1 }, user, before)).toEqual(answer)
  })
})

describe('data of a publication', () => {
  it.each([
    { channel: 'clients:a', data: undefined, answer: NOT_VALID },
    { channel: 'clients:a', data: null, answer: PUBLISHED },
    { channel: 'clients:a', data: '', answer: PUBLISHED },
    { channel: 'json:a', data: undefined, answer: NOT_VALID },
    { channel: 'json:a', data: 5, answer: PUBLISHED },
    { channel: 'object:a', data: { a: 1 }, answer: PUBLISHED },
    { channel: 'object:a', data: [1], answer: NOT_VALID },
    { channel: 'object:a', data: null, answer: NOT_VALID },
    { channel: 'binary:a', data: undefined, answer: PUBLISHED },
  ])('$data to $channel', async ({ channel, data, answer }) => {
    expect(await publish({ channel, data })).toEqual(answer)
  })

  it('that is no JSON is accepted from Protobuf connections where nothing forbids it', async () => {
    const settings = { subprotocols: ['centrifuge-protobuf'], encoding: 'protobuf' as const }
    const client = await connectWebSocket(server, { token: token({ sub: 'ann' }) }, settings)
    const data = Buffer.from([1, 2, 255])
    expect(
      await client.exchange(
        { id: 2, publish: { channel: 'clients:a', data } },
        { id: 3, publish: { channel: 'json:a', data } },
        { id: 4, publish: { channel: 'object:a', data } },
      ),
    ).toEqual([
      { id: 2, publish: {} },
      { id: 3, error: errors.badRequest },
      { id: 4, error: errors.badRequest },
    ])
  })
})

describe('a publication of a client', () => {
  it('reaches the subscribers with who published, the publisher among them, before the reply', async () => {
    const client = await as('ann')
    const other = await as('')
    await client.exchange({ id: 2, subscribe: { channel: 'all:a' } })
    await other.exchange({ id: 2, subscribe: { channel: 'all:a' } })
    const push = {
      channel: 'all:a',
      pub: { data: { x: 1 }, info: { user: 'ann', client: client.client, conn_info: { name: 'ann' } } },
    }
    expect(await client.exchange({ id: 3, publish: { channel: 'all:a', data: { x: 1 } } })).toEqual([
      { push },
      { id: 3, publish: {} },
    ])
    expect(await other.received()).toEqual([{ push }])
  })

  it('carries the info of the subscription where the publisher is subscribed', async () => {
    const client = await as('ann')
    const claims = { sub: 'ann', channel: 'clients:info', info: { role: 'host' } }
    await client.exchange({ id: 2, subscribe: { channel: 'clients:info', token: token(claims) } })
    expect(await client.exchange({ id: 3, publish: { channel: 'clients:info', data: 1 } })).toEqual([
      {
        push: {
          channel: 'clients:info',
          pub: {
            data: 1,
            info: { user: 'ann', client: client.client, conn_info: { name: 'ann' }, chan_info: { role: 'host' } },
          },
        },
      },
      { id: 3, publish: {} },
    ])
  })

  it('of an anonymous connection has an empty user', async () => {
    const client = await as('')
    await client.exchange({ id: 2, subscribe: { channel: 'all:b' } })
    expect(await client.exchange({ id: 3, publish: { channel: 'all:b', data: 1 } })).toEqual([
      { push: { channel: 'all:b', pub: { data: 1, info: { user: '', client: client.client } } } },
      { id: 3, publish: {} },
    ])
  })

  it('keeps the order of its channel', async () => {
    const [one, two, listener] = [await as('ann'), await as('bob'), await as('')]
    await listener.exchange({ id: 2, subscribe: { channel: 'all:order' } })
    const numbers = Array.from({ length: 50 }, (_, n) => n)
    const commands = numbers.map((n) => ({ id: n + 10, publish: { channel: 'all:order', data: n } }))
    await Promise.all([one.exchange(...commands), two.exchange(...commands)])
    const pubs = (await listener.received()).map(
      ({ push }) => (push as { pub: { data: number; info: { user: string } } }).pub,
    )
    for (const user of ['ann', 'bob']) {
      expect(pubs.filter(({ info }) => info.user === user).map(({ data }) => data)).toEqual(numbers)
    }
  })
})
