import { describe, expect, it } from 'vitest'
import type { Command } from './connection.ts'
import { BAD_REQUEST, closed, errors, INVALID_TOKEN } from './expectations.ts'
import { startServer, type WireServer } from './servers.ts'
import { inSeconds, token } from './tokens.ts'
import { connectWebSocket, type WebSocketClient } from './web-socket-client.ts'

const server = await startServer({
  client: { channel_limit: 5, allow_anonymous_connect_without_token: true },
  channel: {
    namespaces: [
      { name: 'open', allow_subscribe_for_client: true },
      { name: 'all', allow_subscribe_for_client: true, allow_subscribe_for_anonymous: true },
      { name: 'anon', allow_subscribe_for_anonymous: true },
      { name: 'users', allow_user_limited_channels: true },
      { name: 'users-open', allow_user_limited_channels: true, allow_subscribe_for_client: true },
      { name: 'digits', allow_subscribe_for_client: true, channel_regex: '^[0-9]{1,3}$' },
      { name: 'loose', allow_subscribe_for_client: true, channel_regex: '[0-9]' },
      { name: 'map', allow_subscribe_for_client: true, subscription_type: 'map', map: { mode: 'persistent' } },
      { name: 'fossil', allow_subscribe_for_client: true, allowed_delta_types: ['fossil'] },
    ],
  },
})

const as = (user: string, on: WireServer = server): Promise<WebSocketClient> =>
  connectWebSocket(on, user === '' ? {} : { token: token({ sub: user }) })

/** The answer to one subscribe command of a fresh connection, without its id. */
const subscribe = async (request: Command, user = 'ann', on: WireServer = server): Promise<unknown> => {
  const client = await as(user, on)
  const [item] = await client.exchange({ id: 2, subscribe: request })
  const { id, ...answer } = item!
  return answer
}

const SUBSCRIBED = { subscribe: {} }
const DENIED = { error: errors.permissionDenied }
const NOT_VALID = { error: errors.badRequest }

describe('the name of a channel', () => {
  it('must not be empty: 3501', async () => {
    expect(await subscribe({ channel: '' })).toEqual(BAD_REQUEST)
  })

  it('may be 255 bytes long and no longer: error 107', async () => {
    expect(await subscribe({ channel: `open:${'x'.repeat(250)}` })).toEqual(SUBSCRIBED)
    expect(await subscribe({ channel: `open:${'x'.repeat(251)}` })).toEqual(NOT_VALID)
  })

  it('that is too long is noticed before its namespace', async () => {
    expect(await subscribe({ channel: `nowhere:${'x'.repeat(251)}` })).toEqual(NOT_VALID)
  })

  it('names a namespace that exists, or is error 102', async () => {
    expect(await subscribe({ channel: 'nowhere:a' })).toEqual({ error: errors.unknownChannel })
    expect(await subscribe({ channel: '$nowhere:a' })).toEqual({ error: errors.unknownChannel })
  })

  it('without a boundary, or with nothing before it, has the rules of without_namespace', async () => {
    expect(await subscribe({ channel: 'open' })).toEqual(DENIED)
    expect(await subscribe({ channel: ':open' })).toEqual(DENIED)
  })

  it('has its namespace before the first boundary', async () => {
    expect(await subscribe({ channel: 'open:nowhere:b' })).toEqual(SUBSCRIBED)
  })

  it.each(['open:ü', 'open:日本', 'open:😀'])('%s is not ASCII: error 107', async (channel) => {
    expect(await subscribe({ channel })).toEqual(NOT_VALID)
  })

  it.each(['open:', 'open: ', 'open:*', 'open:a/b?c=d', 'open:~', 'open:a b', 'open:\u0001'])(
    '%j is a name like any other',
    async (channel) => {
      expect(await subscribe({ channel })).toEqual(SUBSCRIBED)
    },
  )

  it.each([
    { channel: 'digits:1', answer: SUBSCRIBED },
    { channel: 'digits:1234', answer: NOT_VALID },
    { channel: 'digits:x', answer: NOT_VALID },
    { channel: 'digits:', answer: NOT_VALID },
    { channel: 'loose:a1b', answer: SUBSCRIBED },
    { channel: 'loose:ab', answer: NOT_VALID },
    { channel: 'loose:ü1', answer: SUBSCRIBED },
  ])('$channel against the regular expression of its namespace', async ({ channel, answer }) => {
    expect(await subscribe({ channel })).toEqual(answer)
  })
})

describe('who may subscribe without a token', () => {
  it.each([
    { channel: 'closed', user: 'ann', answer: DENIED },
    { channel: 'open:a', user: 'ann', answer: SUBSCRIBED },
    { channel: 'open:a', user: '', answer: DENIED },
    { channel: 'all:a', user: 'ann', answer: SUBSCRIBED },
    { channel: 'all:a', user: '', answer: SUBSCRIBED },
    { channel: 'anon:a', user: '', answer: DENIED },
    { channel: 'anon:a', user: 'ann', answer: DENIED },
    { channel: '$open:a', user: 'ann', answer: DENIED },
    { channel: '$all:a', user: '', answer: DENIED },
    { channel: 'users:a#ann', user: 'ann', answer: SUBSCRIBED },
    { channel: 'users:a#bob,ann', user: 'ann', answer: SUBSCRIBED },
    { channel: 'users:a#bob,ann', user: 'an', answer: DENIED },
    { channel: 'users:a#ann#bob', user: 'ann', answer: DENIED },
    { channel: 'users:a#bob, ann', user: 'ann', answer: DENIED },
    { channel: 'users:a#bob', user: 'ann', answer: DENIED },
    { channel: 'users:a#', user: 'ann', answer: DENIED },
    { channel: 'users:a#', user: '', answer: SUBSCRIBED },
    { channel: 'users:a', user: 'ann', answer: DENIED },
    { channel: 'users-open:a', user: 'ann', answer: SUBSCRIBED },
    { channel: 'users-open:a#bob', user: 'ann', answer: DENIED },
    { channel: 'open:a#bob', user: 'ann', answer: SUBSCRIBED },
  ])('user "$user" to $channel', async ({ channel, user, answer }) => {
    expect(await subscribe({ channel }, user)).toEqual(answer)
  })

  it('everybody under client.insecure, but to private channels, unknown namespaces and names that are not valid', async () => {
    const insecure = await startServer({
      client: { insecure: true },
      channel: { namespaces: [{ name: 'users', allow_user_limited_channels: true }] },
    })
    expect(await subscribe({ channel: 'closed' }, '', insecure)).toEqual(SUBSCRIBED)
    expect(await subscribe({ channel: 'users:a#bob' }, '', insecure)).toEqual(SUBSCRIBED)
    expect(await subscribe({ channel: '$closed' }, '', insecure)).toEqual(DENIED)
    expect(await subscribe({ channel: 'nowhere:a' }, '', insecure)).toEqual({ error: errors.unknownChannel })
    expect(await subscribe({ channel: 'ü' }, '', insecure)).toEqual(NOT_VALID)
  })
})

describe('a subscription token', () => {
  const withToken = (channel: string, claims: object, secret?: string): Promise<unknown> =>
    subscribe({ channel, token: token({ ...claims }, secret) })

  it('opens its channel to its user, private or not', async () => {
    expect(await withToken('closed', { sub: 'ann', channel: 'closed' })).toEqual(SUBSCRIBED)
    expect(await withToken('$closed', { sub: 'ann', channel: '$closed' })).toEqual(SUBSCRIBED)
  })

  it('alone decides: a wrong one closes a channel that is open', async () => {
    expect(await withToken('open:a', { sub: 'ann', channel: 'open:a' }, 'guess')).toEqual(DENIED)
    expect(await subscribe({ channel: 'open:a', token: 'nonsense' })).toEqual(DENIED)
  })

  it('without a channel is error 103', async () => {
    expect(await withToken('closed', { sub: 'ann' })).toEqual(DENIED)
  })

  it('that has expired is error 109', async () => {
    expect(await withToken('closed', { sub: 'ann', channel: 'closed', exp: inSeconds(-1) })).toEqual({
      error: errors.tokenExpired,
    })
  })

  it('that has not begun is error 109', async () => {
    expect(await withToken('closed', { sub: 'ann', channel: 'closed', nbf: inSeconds(60) })).toEqual({
      error: errors.tokenExpired,
    })
  })

  it('whose expire_at has passed is error 110', async () => {
    expect(await withToken('closed', { sub: 'ann', channel: 'closed', expire_at: inSeconds(-1) })).toEqual({
      error: errors.expired,
    })
  })

  it.each([
    { what: 'user', claims: { sub: 'bob', channel: 'closed' } },
    { what: 'channel', claims: { sub: 'ann', channel: 'other' } },
    { what: 'connection', claims: { sub: 'ann', channel: 'closed', client: 'someone' } },
  ])('of another $what ends the connection with 3500', async ({ claims }) => {
    expect(await withToken('closed', claims)).toEqual(INVALID_TOKEN)
  })

  it('may name the connection', async () => {
    const client = await as('ann')
    const claims = { sub: 'ann', channel: 'closed', client: client.client }
    expect(await client.exchange({ id: 2, subscribe: { channel: 'closed', token: token(claims) } })).toEqual([
      { id: 2, subscribe: {} },
    ])
  })

  it('without a user is for anonymous connections', async () => {
    expect(await subscribe({ channel: 'closed', token: token({ channel: 'closed' }) }, '')).toEqual(SUBSCRIBED)
  })

  it('in an unknown namespace is error 102', async () => {
    expect(await withToken('nowhere:a', { sub: 'ann', channel: 'nowhere:a' })).toEqual({ error: errors.unknownChannel })
  })

  it('does not excuse a name that is not valid', async () => {
    expect(await withToken('digits:x', { sub: 'ann', channel: 'digits:x' })).toEqual(NOT_VALID)
  })

  it('opens a user-limited channel to somebody it does not name', async () => {
    expect(await withToken('users:a#bob', { sub: 'ann', channel: 'users:a#bob' })).toEqual(SUBSCRIBED)
  })

  it('may carry data for the subscriber', async () => {
    expect(await withToken('closed', { sub: 'ann', channel: 'closed', data: { a: [1] } })).toEqual({
      subscribe: { data: { a: [1] } },
    })
    const b64data = Buffer.from('{"b":2}').toString('base64')
    expect(await withToken('closed', { sub: 'ann', channel: 'closed', data: 1, b64data })).toEqual({
      subscribe: { data: { b: 2 } },
    })
  })

  it('with broken base64 is error 103', async () => {
    expect(await withToken('closed', { sub: 'ann', channel: 'closed', b64info: '*' })).toEqual(DENIED)
  })
})

describe('a subscribe command', () => {
  it('for a channel that the connection has is error 105', async () => {
    const client = await as('ann')
    expect(
      await client.exchange(
        { id: 2, subscribe: { channel: 'open:a' } },
        { id: 3, subscribe: { channel: 'open:a' } },
        { id: 4, unsubscribe: { channel: 'open:a' } },
        { id: 5, subscribe: { channel: 'open:a' } },
      ),
    ).toEqual([
      { id: 2, subscribe: {} },
      { id: 3, error: errors.alreadySubscribed },
      { id: 4, unsubscribe: {} },
      { id: 5, subscribe: {} },
    ])
  })

  it('beyond the channel limit is error 106, and an unsubscribe makes room', async () => {
    const client = await as('ann')
    const channels = ['open:1', 'open:2', 'open:3', 'open:4', 'open:5']
    await client.exchange(...channels.map((channel, n) => ({ id: n + 2, subscribe: { channel } })))
    expect(
      await client.exchange(
        { id: 10, subscribe: { channel: 'open:6' } },
        { id: 11, subscribe: { channel: 'nowhere:6' } },
        { id: 12, unsubscribe: { channel: 'open:1' } },
        { id: 13, subscribe: { channel: 'open:6' } },
      ),
    ).toEqual([
      { id: 10, error: errors.limitExceeded },
      { id: 11, error: errors.limitExceeded },
      { id: 12, unsubscribe: {} },
      { id: 13, subscribe: {} },
    ])
  })

  it('is the 129th that is one too many by default', async () => {
    const roomy = await startServer({ client: { insecure: true } })
    const client = await connectWebSocket(roomy)
    const commands = Array.from({ length: 129 }, (_, n) => ({ id: n + 2, subscribe: { channel: `c${n}` } }))
    expect((await client.exchange(...commands)).slice(-2)).toEqual([
      { id: 129, subscribe: {} },
      { id: 130, error: errors.limitExceeded },
    ])
  })

  it('that is refused leaves no subscription behind', async () => {
    const client = await as('ann')
    await client.exchange({ id: 2, subscribe: { channel: 'closed' } })
    await server.publish('closed', 1)
    expect(await client.received()).toEqual([])
  })

  it.each([
    { what: 'type 1 in a stream namespace', request: { channel: 'open:a', type: 1 }, answer: DENIED },
    { what: 'type 2 in a stream namespace', request: { channel: 'open:a', type: 2 }, answer: DENIED },
    { what: 'type 3 in a stream namespace', request: { channel: 'open:a', type: 3 }, answer: DENIED },
    { what: 'type 4', request: { channel: 'open:a', type: 4 }, answer: { error: errors.notAvailable } },
    { what: 'type 5', request: { channel: 'open:a', type: 5 }, answer: closed(3004, 'internal server error') },
    { what: 'type -1', request: { channel: 'open:a', type: -1 }, answer: SUBSCRIBED },
    { what: 'type 0 in a map namespace', request: { channel: 'map:a' }, answer: DENIED },
    { what: 'an unknown delta', request: { channel: 'open:a', delta: 'diff' }, answer: BAD_REQUEST },
    { what: 'a delta that is not allowed', request: { channel: 'open:a', delta: 'fossil' }, answer: SUBSCRIBED },
    {
      what: 'a delta that is allowed',
      request: { channel: 'fossil:a', delta: 'fossil' },
      answer: { subscribe: { delta: true } },
    },
    {
      what: 'a filter that is not allowed',
      request: { channel: 'open:a', tf: { key: 'a', cmp: 'eq', val: 'b' } },
      answer: NOT_VALID,
    },
    { what: 'compaction asked for', request: { channel: 'open:a', flag: 1 }, answer: SUBSCRIBED },
    { what: 'data', request: { channel: 'open:a', data: { a: 1 } }, answer: SUBSCRIBED },
  ])('with $what', async ({ request, answer }) => {
    expect(await subscribe(request)).toEqual(answer)
  })
})

describe('the order of the checks', () => {
  it.each([
    {
      first: 'an unknown delta',
      second: 'the length of the name',
      request: { channel: 'x'.repeat(300), delta: 'diff' },
      answer: BAD_REQUEST,
    },
    {
      first: 'the namespace',
      second: 'the name',
      request: { channel: 'nowhere:ü' },
      answer: { error: errors.unknownChannel },
    },
    { first: 'the name', second: 'the type', request: { channel: 'open:ü', type: 1 }, answer: NOT_VALID },
    { first: 'the name', second: 'the private prefix', request: { channel: '$open:ü' }, answer: NOT_VALID },
    {
      first: 'permission',
      second: 'the filter',
      request: { channel: 'closed', tf: { key: 'a', cmp: 'eq', val: 'b' } },
      answer: DENIED,
    },
  ])('$first comes before $second', async ({ request, answer }) => {
    expect(await subscribe(request)).toEqual(answer)
  })

  it('already subscribed comes before the channel limit', async () => {
    const client = await as('ann')
    const channels = ['open:1', 'open:2', 'open:3', 'open:4', 'open:5']
    await client.exchange(...channels.map((channel, n) => ({ id: n + 2, subscribe: { channel } })))
    expect(await client.exchange({ id: 10, subscribe: { channel: 'open:5' } })).toEqual([
      { id: 10, error: errors.alreadySubscribed },
    ])
  })
})

describe('unsubscribe', () => {
  it('of a channel that was never subscribed succeeds', async () => {
    const client = await as('ann')
    expect(await client.exchange({ id: 2, unsubscribe: { channel: 'nowhere:a' } })).toEqual([
      { id: 2, unsubscribe: {} },
    ])
  })

  it('ends the publications', async () => {
    const client = await as('ann')
    await client.exchange({ id: 2, subscribe: { channel: 'open:end' } })
    await server.publish('open:end', 1)
    expect(await client.exchange({ id: 3, unsubscribe: { channel: 'open:end' } })).toEqual([
      { push: { channel: 'open:end', pub: { data: 1 } } },
      { id: 3, unsubscribe: {} },
    ])
    await server.publish('open:end', 2)
    expect(await client.received()).toEqual([])
  })
})

describe('names of another shape', () => {
  it('follow the boundaries and the prefix of the configuration', async () => {
    const custom = await startServer({
      channel: {
        private_prefix: '!',
        namespace_boundary: '/',
        user_boundary: '@',
        user_separator: '+',
        max_length: 20,
        namespaces: [
          { name: 'open', allow_subscribe_for_client: true },
          { name: 'users', allow_user_limited_channels: true },
        ],
      },
    })
    expect(await subscribe({ channel: 'open/a:b' }, 'ann', custom)).toEqual(SUBSCRIBED)
    expect(await subscribe({ channel: '$open/a' }, 'ann', custom)).toEqual({ error: errors.unknownChannel })
    expect(await subscribe({ channel: '!open/a' }, 'ann', custom)).toEqual(DENIED)
    expect(await subscribe({ channel: 'users/a@bob+ann' }, 'ann', custom)).toEqual(SUBSCRIBED)
    expect(await subscribe({ channel: 'users/a@bob,ann' }, 'ann', custom)).toEqual(DENIED)
    expect(await subscribe({ channel: 'open/aaaaaaaaaaaaaaaa' }, 'ann', custom)).toEqual(NOT_VALID)
  })
})
