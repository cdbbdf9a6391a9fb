import { describe, expect, it } from 'vitest'
import { anEpoch, BAD_REQUEST, closed, connectResult, errors, INVALID_TOKEN, secondsOf } from './expectations.ts'
import { startServer, type WireServer } from './servers.ts'
import { inSeconds, token } from './tokens.ts'
import { connectWebSocket, openWebSocket, type WebSocketSettings } from './web-socket-client.ts'

const server = await startServer({
  client: { user_connection_limit: 2, channel_limit: 3 },
  channel: {
    without_namespace: { presence: true, allow_presence_for_subscriber: true, allow_user_limited_channels: true },
    namespaces: [
      { name: 'open', allow_subscribe_for_client: true },
      { name: 'kept', history_size: 10, history_ttl: '60s', force_recovery: true, allow_subscribe_for_client: true },
      { name: 'proxied', allow_subscribe_for_client: true, subscribe_proxy_enabled: true },
    ],
    proxy: { subscribe: { endpoint: 'http://127.0.0.1:9/', timeout: '1s' } },
  },
})
const anonymous = await startServer({ client: { allow_anonymous_connect_without_token: true } })
const insecure = await startServer({ client: { insecure: true, connect_include_server_time: true } })

const connectTo = async (on: WireServer, request: object, settings?: WebSocketSettings): Promise<unknown> =>
  (await openWebSocket(on, settings)).connect({ ...request })

describe('who may connect', () => {
  it('a token of the deployment admits its user', async () => {
    expect(await connectTo(server, { token: token({ sub: 'ann' }) })).toEqual({ id: 1, connect: connectResult })
  })

  it('no token and no rule for it ends the connection with 3501', async () => {
    expect(await connectTo(server, {})).toEqual(BAD_REQUEST)
    expect(await connectTo(server, { token: '' })).toEqual(BAD_REQUEST)
  })

  it('no token is enough where anonymous connections are allowed', async () => {
    expect(await connectTo(anonymous, {})).toEqual({ id: 1, connect: connectResult })
  })

  it('a wrong token is not excused by anonymous connections being allowed', async () => {
    expect(await connectTo(anonymous, { token: 'nonsense' })).toEqual(INVALID_TOKEN)
  })

  it('a token without sub admits an anonymous user', async () => {
    expect(await connectTo(server, { token: token({}) })).toEqual({ id: 1, connect: connectResult })
    expect(await connectTo(server, { token: token({ sub: '' }) })).toEqual({ id: 1, connect: connectResult })
  })

  it('a token without sub is refused with 3507 where anonymous tokens are disallowed', async () => {
    const strict = await startServer({ client: { disallow_anonymous_connection_tokens: true } })
    expect(await connectTo(strict, { token: token({}) })).toEqual(closed(3507, 'permission denied'))
    expect(await connectTo(strict, { token: token({ sub: 'ann' }) })).toEqual({ id: 1, connect: connectResult })
  })

  it('a header that a front server sets names the user, and only where nothing else does', async () => {
    const behind = await startServer({ client: { user_id_http_header: 'X-User' } })
    const settings = { headers: { 'X-User': 'hanna' } }
    const client = await openWebSocket(behind, settings)
    expect(await client.connect()).toEqual({ id: 1, connect: connectResult })
    await behind.api('disconnect', { user: 'hanna' })
    expect(await client.untilClosed()).toEqual([closed(3503, 'force disconnect')])
    expect(await connectTo(behind, {})).toEqual(BAD_REQUEST)
    expect(await connectTo(behind, { token: 'nonsense' }, settings)).toEqual(INVALID_TOKEN)
  })

  it('the third connection of a user is refused with 3504 where two are allowed', async () => {
    const request = { token: token({ sub: 'limited' }) }
    await connectWebSocket(server, request)
    const second = await connectWebSocket(server, request)
    expect(await connectTo(server, request)).toEqual(closed(3504, 'connection limit'))
    second.close()
    await second.untilClosed()
    await expect.poll(() => connectTo(server, request)).toEqual({ id: 1, connect: connectResult })
  })

  it('the limit per user does not count anonymous connections', async () => {
    for (let n = 0; n < 3; n++)
      expect(await connectTo(server, { token: token({}) })).toEqual({ id: 1, connect: connectResult })
  })
})

describe('the connect reply', () => {
  it('says when the credentials end', async () => {
    expect(await connectTo(server, { token: token({ sub: 'ann1', exp: inSeconds(60) }) })).toEqual({
      id: 1,
      connect: { ...connectResult, expires: true, ttl: secondsOf(60) },
    })
  })

  it('prefers expire_at to exp', async () => {
    const claims = { sub: 'ann2', exp: inSeconds(60), expire_at: inSeconds(120) }
    expect(await connectTo(server, { token: token(claims) })).toEqual({
      id: 1,
      connect: { ...connectResult, expires: true, ttl: secondsOf(120) },
    })
  })

  it('says nothing of an end where expire_at is 0', async () => {
    const claims = { sub: 'ann3', exp: inSeconds(60), expire_at: 0 }
    expect(await connectTo(server, { token: token(claims) })).toEqual({ id: 1, connect: connectResult })
  })

  it('counts no further ahead than 365 days', async () => {
    expect(await connectTo(server, { token: token({ sub: 'ann4', exp: inSeconds(400 * 86_400) }) })).toEqual({
      id: 1,
      connect: { ...connectResult, expires: true, ttl: secondsOf(365 * 86_400) },
    })
  })

  it('says nothing of an end under client.insecure', async () => {
    const reply = await connectTo(insecure, { token: token({ sub: 'ann', exp: inSeconds(60) }) })
    expect(reply).toEqual({ id: 1, connect: { ...connectResult, time: expect.any(Number) } })
  })

  it('tells the time of the server in milliseconds where it is asked to', async () => {
    const before = Date.now()
    const reply = (await connectTo(insecure, {})) as { connect: { time: number } }
    expect(reply.connect.time).toBeGreaterThanOrEqual(before - 1)
    expect(reply.connect.time).toBeLessThanOrEqual(Date.now() + 1)
  })
})

describe('a refused connect', () => {
  it('with an expired token is error 109', async () => {
    expect(await connectTo(server, { token: token({ sub: 'ann', exp: inSeconds(-1) }) })).toEqual({
      id: 1,
      error: errors.tokenExpired,
    })
  })

  it('with an expired token is error 109 under client.insecure too', async () => {
    expect(await connectTo(insecure, { token: token({ sub: 'ann', exp: inSeconds(-1) }) })).toEqual({
      id: 1,
      error: errors.tokenExpired,
    })
  })

  it('with expire_at in the past is error 110', async () => {
    expect(await connectTo(server, { token: token({ sub: 'ann', expire_at: inSeconds(-1) }) })).toEqual({
      id: 1,
      error: errors.expired,
    })
  })

  it('leaves the rest of the frame without an answer', async () => {
    const client = await openWebSocket(server)
    client.send(
      { id: 1, connect: { token: token({ sub: 'ann', exp: inSeconds(-1) }) } },
      { id: 2, subscribe: { channel: 'open:a' } },
    )
    client.send({ id: 3, subscribe: { channel: 'open:a' } })
    expect(await client.untilClosed()).toEqual([{ id: 1, error: errors.tokenExpired }, closed(1006, '')])
  })
})

describe('server-side subscriptions of a token', () => {
  it('are listed in the reply and receive publications', async () => {
    const client = await openWebSocket(server)
    expect(await client.connect({ token: token({ sub: 'bob', channels: ['open:a', 'kept:a'] }) })).toEqual({
      id: 1,
      connect: {
        ...connectResult,
        subs: { 'open:a': {}, 'kept:a': { recoverable: true, epoch: anEpoch, positioned: true } },
      },
    })
    await server.publish('open:a', { n: 1 })
    expect(await client.received()).toEqual([{ push: { channel: 'open:a', pub: { data: { n: 1 } } } }])
  })

  it('of the claim subs win over those of the claim channels', async () => {
    const claims = { sub: 'bob1', channels: ['open:a'], subs: { 'open:b': { data: { hello: 1 } } } }
    expect(await connectTo(server, { token: token(claims) })).toEqual({
      id: 1,
      connect: { ...connectResult, subs: { 'open:b': { data: { hello: 1 } } } },
    })
  })

  it('may carry info, which presence shows, and options of their own', async () => {
    const subs = {
      own: { info: { role: 'host' }, override: { presence: { value: true } } },
      'kept:plain': { override: { force_recovery: { value: false }, force_positioning: { value: false } } },
    }
    const client = await openWebSocket(server)
    expect(await client.connect({ token: token({ sub: 'bob2', info: { name: 'Bob' }, subs }) })).toEqual({
      id: 1,
      connect: { ...connectResult, subs: { own: {}, 'kept:plain': {} } },
    })
    expect(await server.api('presence', { channel: 'own' })).toEqual({
      result: {
        presence: {
          [client.client]: {
            user: 'bob2',
            client: client.client,
            conn_info: { name: 'Bob' },
            chan_info: { role: 'host' },
          },
        },
      },
    })
  })

  it('in a namespace that does not exist fail the connect with error 102', async () => {
    const claims = { sub: 'bob3', channels: ['open:a', 'nowhere:a'] }
    expect(await connectTo(server, { token: token(claims) })).toEqual({ id: 1, error: errors.unknownChannel })
  })

  it('beyond the channel limit end the connection with 3505', async () => {
    const claims = { sub: 'bob4', channels: ['open:1', 'open:2', 'open:3', 'open:4'] }
    expect(await connectTo(server, { token: token(claims) })).toEqual(closed(3505, 'channel limit'))
  })

  it('are not subscribed a second time by the client: error 105', async () => {
    const client = await connectWebSocket(server, { token: token({ sub: 'bob5', channels: ['open:a'] }) })
    expect(await client.exchange({ id: 2, subscribe: { channel: 'open:a' } })).toEqual([
      { id: 2, error: errors.alreadySubscribed },
    ])
  })

  it('end when the client unsubscribes', async () => {
    const client = await connectWebSocket(server, { token: token({ sub: 'bob6', channels: ['open:gone'] }) })
    expect(await client.exchange({ id: 2, unsubscribe: { channel: 'open:gone' } })).toEqual([
      { id: 2, unsubscribe: {} },
    ])
    await server.publish('open:gone', 1)
    expect(await client.received()).toEqual([])
  })

  it('recover what was missed when the client says where it stopped', async () => {
    const { epoch } = await server.publish('kept:missed', 'one')
    await server.publish('kept:missed', 'two')
    const request = {
      token: token({ sub: 'bob7', channels: ['kept:missed'] }),
      subs: { 'kept:missed': { recover: true, epoch, offset: 1 } },
    }
    expect(await connectTo(server, request)).toEqual({
      id: 1,
      connect: {
        ...connectResult,
        subs: {
          'kept:missed': {
            recoverable: true,
            epoch,
            publications: [{ data: 'two', offset: 2 }],
            recovered: true,
            offset: 1,
            positioned: true,
            was_recovering: true,
          },
        },
      },
    })
  })
})

describe('channels that the connect command asks for', () => {
  const asked = async (channel: string, user = 'carol'): Promise<unknown> =>
    connectTo(server, { token: token({ sub: user }), subs: { [channel]: {} } })

  it('are subscribed where the namespace allows clients to', async () => {
    expect(await asked('open:asked', 'carol1')).toEqual({
      id: 1,
      connect: { ...connectResult, subs: { 'open:asked': {} } },
    })
  })

  it('are subscribed where they name the user', async () => {
    expect(await asked('room#carol2,dave', 'carol2')).toEqual({
      id: 1,
      connect: { ...connectResult, subs: { 'room#carol2,dave': {} } },
    })
  })

  it.each([
    { why: 'no rule allows them', channel: 'closed' },
    { why: 'they name somebody else', channel: 'room#dave' },
    { why: 'they are private', channel: '$open:private' },
    { why: 'a proxy would have to be asked', channel: 'proxied:a' },
    { why: 'their names are not ASCII', channel: 'open:ü' },
  ])('are left out in silence where $why', async ({ channel }) => {
    expect(await asked(channel, `carol-${channel}`)).toEqual({ id: 1, connect: connectResult })
  })

  it('end the connection with 3501 where the namespace does not exist', async () => {
    expect(await asked('nowhere:a', 'carol3')).toEqual(BAD_REQUEST)
  })

  it('are not for anonymous users where they would have to be named', async () => {
    expect(await connectTo(server, { token: token({}), subs: { 'room#': {} } })).toEqual({
      id: 1,
      connect: connectResult,
    })
  })

  it('are all open under client.insecure but the private ones', async () => {
    const reply = await connectTo(insecure, { subs: { anything: {}, $private: {} } })
    expect(reply).toEqual({ id: 1, connect: { ...connectResult, time: expect.any(Number), subs: { anything: {} } } })
  })
})

describe('the personal channel', async () => {
  const personal = await startServer({
    client: { subscribe_to_user_personal_channel: { enabled: true, personal_channel_namespace: 'me' } },
    channel: { namespaces: [{ name: 'me', presence: true }] },
  })

  it('is subscribed for every user with a name', async () => {
    expect(await connectTo(personal, { token: token({ sub: 'erin' }) })).toEqual({
      id: 1,
      connect: { ...connectResult, subs: { 'me:#erin': {} } },
    })
  })

  it('is not subscribed for anonymous users', async () => {
    expect(await connectTo(personal, { token: token({}) })).toEqual({ id: 1, connect: connectResult })
  })

  it('comes beside the channels of the token', async () => {
    expect(await connectTo(personal, { token: token({ sub: 'erin', channels: ['x'] }) })).toEqual({
      id: 1,
      connect: { ...connectResult, subs: { 'me:#erin': {}, x: {} } },
    })
  })

  it('disconnects the older connection with 3504 where a user may have only one', async () => {
    const single = await startServer({
      client: {
        subscribe_to_user_personal_channel: {
          enabled: true,
          personal_channel_namespace: 'me',
          single_connection: true,
        },
      },
      channel: { namespaces: [{ name: 'me', presence: true }] },
    })
    const older = await connectWebSocket(single, { token: token({ sub: 'frank' }) })
    const newer = await connectWebSocket(single, { token: token({ sub: 'frank' }) })
    expect(await older.untilClosed()).toEqual([closed(3504, 'connection limit')])
    expect(await newer.received()).toEqual([])
  })
})

describe('origins', async () => {
  const listed = await startServer({
    client: { insecure: true, allowed_origins: ['https://app.example', 'https://*.example.org'] },
  })
  const none = await startServer({ client: { insecure: true, allowed_origins: [] } })

  it.each([
    { origin: 'https://app.example', accepted: true },
    { origin: 'HTTPS://APP.EXAMPLE', accepted: true },
    { origin: 'https://a.example.org', accepted: true },
    { origin: 'https://app.example.evil', accepted: false },
    { origin: 'http://app.example', accepted: false },
    { origin: 'null', accepted: false },
  ])('$origin against a list: $accepted', async ({ origin, accepted }) => {
    const opened = openWebSocket(listed, { headers: { Origin: origin } })
    if (accepted) await expect(opened).resolves.toBeDefined()
    else await expect(opened).rejects.toThrow('403')
  })

  it('a request without Origin passes a list', async () => {
    await expect(openWebSocket(listed)).resolves.toBeDefined()
  })

  it('an empty list lets only requests without Origin pass', async () => {
    await expect(openWebSocket(none)).resolves.toBeDefined()
    await expect(openWebSocket(none, { headers: { Origin: `http://127.0.0.1:${none.port}` } })).rejects.toThrow('403')
  })

  it('* lets everything pass', async () => {
    await expect(openWebSocket(insecure, { headers: { Origin: 'https://anywhere' } })).resolves.toBeDefined()
  })
})

describe('limits of connections', () => {
  it('answer 503 with an empty body', async () => {
    const limited = await startServer({ client: { insecure: true, connection_limit: 1 } })
    const first = await connectWebSocket(limited)
    await expect(openWebSocket(limited)).rejects.toThrow('503')
    first.close()
    await first.untilClosed()
    await expect.poll(() => openWebSocket(limited).then(() => 'open', String)).toBe('open')
  })

  it('on the rate of new connections answer 503', async () => {
    const limited = await startServer({ client: { insecure: true, connection_rate_limit: 2 } })
    const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => openWebSocket(limited)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
    const refused = outcomes.find((outcome) => outcome.status === 'rejected')
    expect(String(refused?.reason)).toContain('503')
  })
})
