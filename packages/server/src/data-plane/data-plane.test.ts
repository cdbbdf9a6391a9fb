import { Readable } from 'node:stream'
import type { Broker } from '@xshathra/engine'
import { failed } from '@xshathra/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ProblemCode, problems } from '../problems.ts'
import { keyOf } from '../tenancy/testing/memory-directory.ts'
import { TestClient } from '../tenancy/testing/test-client.ts'
import { type Answered, projectA, projectB, startTestPlatform, type TestPlatform } from './testing/test-platform.ts'

let platform: TestPlatform

beforeEach(async () => {
  platform = await startTestPlatform()
})

afterEach(() => platform.close())

const refused = (code: ProblemCode, field?: string) => ({
  status: problems[code].status,
  body: {
    error: {
      code,
      message: expect.any(String),
      ...(field === undefined ? {} : { field }),
      docs: `/docs/errors#${code}`,
    },
  },
})

describe('who may call', () => {
  const publish = { channel: 'public:x', data: 1 }
  const as = (authorization: string) => platform.call('/publish', publish, projectA, { headers: { authorization } })

  it('is whoever sends a server key, in either scheme and any case', async () => {
    const key = keyOf('server', projectA)
    for (const scheme of ['apikey', 'ApiKey', 'Bearer', 'bearer ']) {
      expect(await as(`${scheme} ${key}`)).toMatchObject({ status: 200 })
    }
    expect(platform.directory.used).toContain(`key_${key}`)
  })

  it('is nobody else, and is told why without the key', async () => {
    for (const authorization of [
      '',
      'apikey',
      'apikey ',
      'Basic eDp5',
      'apikey a b',
      'typo',
      'apikey typo',
      'apikey xsk_no',
    ]) {
      expect(await as(authorization)).toMatchObject(refused('invalid_api_key'))
    }
    const clientKey = await as(`apikey ${keyOf('client', projectA)}`)
    expect(clientKey).toMatchObject(refused('invalid_api_key'))
    expect(clientKey.body.error.message).toMatch(/client_api_key/)
    expect(clientKey.text).not.toContain(keyOf('client', projectA))
    expect(clientKey.headers['www-authenticate']).toBe('apikey')
    for (const state of ['revoked', 'expired'] as const) {
      platform.directory.end(keyOf('server', projectA), state)
      expect(await as(`apikey ${keyOf('server', projectA)}`)).toMatchObject(refused('invalid_api_key'))
    }
  })

  it('is asked before anything else is read', async () => {
    expect(await platform.call('/publish', '{', projectA, { headers: { authorization: 'apikey no' } })).toMatchObject(
      refused('invalid_api_key'),
    )
  })

  it('is limited only by failures, per address, for a minute', async () => {
    const failing = () => as('apikey xsk_no')
    const answers: Answered[] = []
    while (answers.length < 300 && answers.at(-1)?.status !== 429) answers.push(await failing())
    expect(answers.length).toBeGreaterThan(60)
    expect(answers.at(-1)).toMatchObject(refused('rate_limited'))
    expect(answers.at(-1)?.headers['retry-after']).toBe('60')
    expect(await as(`apikey ${keyOf('server', projectA)}`)).toMatchObject({ status: 200 })
    expect(
      await platform.call('/publish', publish, projectA, {
        remoteAddress: '10.0.0.9',
        headers: { authorization: 'apikey xsk_no' },
      }),
    ).toMatchObject(refused('invalid_api_key'))
    platform.clock.nowMs += 60_000
    expect(await failing()).toMatchObject(refused('invalid_api_key'))
  })

  it('is no archived project', async () => {
    platform.directory.put(projectA, { archivedAtMs: 1 })
    expect(await platform.call('/publish', publish)).toMatchObject(refused('project_archived'))
    expect(await platform.call('/project', undefined, projectA, { method: 'GET' })).toMatchObject(
      refused('project_archived'),
    )
  })

  it('is no browser, which may read why', async () => {
    const headers = { origin: 'https://app.example' }
    const preflight = await platform.call('/publish', undefined, projectA, { method: 'OPTIONS', headers })
    expect(preflight).toMatchObject({
      status: 204,
      headers: { 'access-control-allow-origin': '*', 'access-control-allow-methods': 'POST' },
    })
    const answered = await platform.call('/publish', publish, projectA, { headers })
    expect(answered).toMatchObject(refused('browser_origin'))
    expect(answered.headers['access-control-allow-origin']).toBe('*')
  })
})

describe('a request that is not one', () => {
  it('is answered 404, 405 with Allow, 413 with limit and size, 415 or 400', async () => {
    expect(await platform.call('/nothing', {})).toMatchObject(refused('not_found'))
    expect(await platform.call('', {})).toMatchObject(refused('not_found'))
    const wrongMethod = await platform.call('/publish?x=1', undefined, projectA, { method: 'GET' })
    expect(wrongMethod).toMatchObject(refused('method_not_allowed'))
    expect(wrongMethod.headers.allow).toBe('POST, OPTIONS')
    expect(await platform.call('/project', {})).toMatchObject({ ...refused('method_not_allowed') })
    const long = JSON.stringify({ channel: 'public:x', data: 'x'.repeat(1_048_576) })
    const tooLarge = await platform.call('/publish', long)
    expect(tooLarge).toMatchObject(refused('too_large'))
    expect(tooLarge.body.error.message).toContain('1048576')
    expect(tooLarge.body.error.message).toContain(String(long.length))
    expect(
      await platform.call('/publish', '{}', projectA, { headers: { 'content-type': 'text/plain' } }),
    ).toMatchObject(refused('unsupported_media_type'))
    for (const body of ['', '{', '[1', 'null x', '"\ud800', `{"data":${'['.repeat(1001)}${']'.repeat(1001)}}`]) {
      const answered = await platform.call('/publish', body)
      expect(answered).toMatchObject(refused('invalid_body'))
      expect(answered.body.error.field).toBeUndefined()
    }
  })

  it('counts a body whose length nobody announced', async () => {
    const answered = await platform.app.inject({
      method: 'POST',
      url: '/api/realtime/publish',
      headers: { 'content-type': 'application/json', authorization: `apikey ${keyOf('server', projectA)}` },
      payload: Readable.from([Buffer.alloc(1_000_000), Buffer.alloc(1_000_000)]),
    })
    expect(answered.statusCode).toBe(413)
    expect(answered.payload).toContain('2000000')
  })

  it.each([
    ['/publish', [], undefined],
    ['/publish', null, undefined],
    ['/publish', { data: 1 }, 'channel'],
    ['/publish', { channel: 7, data: 1 }, 'channel'],
    ['/publish', { channel: 'public:x' }, 'data'],
    ['/publish', { channel: 'public:x', data: 1, tags: { a: 1 } }, 'tags'],
    [
      '/publish',
      { channel: 'public:x', data: 1, tags: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [n, ''])) },
      'tags',
    ],
    ['/publish', { channel: 'public:x', data: 1, idempotencyKey: '' }, 'idempotencyKey'],
    ['/publish', { channel: 'public:x', data: 1, skipHistory: 1 }, 'skipHistory'],
    ['/publish', { channel: 'public:x', data: 1, delta: 'fossil' }, 'delta'],
    ['/publish', { channel: 'public:x', data: 1, chanel: 'x' }, 'chanel'],
    ['/broadcast', { channels: [], data: 1 }, 'channels'],
    ['/broadcast', { channels: Array(1001).fill('public:x'), data: 1 }, 'channels'],
    ['/broadcast', { channels: ['public:x', 7], data: 1 }, 'channels[1]'],
    ['/token', {}, 'userId'],
    ['/token', { userId: '' }, 'userId'],
    ['/token', { userId: 'é'.repeat(128) }, 'userId'],
    ['/token', { userId: '\ud800' }, 'userId'],
    ['/token', { userId: 'u', ttlSeconds: 29 }, 'ttlSeconds'],
    ['/token', { userId: 'u', ttlSeconds: 3601 }, 'ttlSeconds'],
    ['/token', { userId: 'u', ttlSeconds: 60.5 }, 'ttlSeconds'],
    ['/token', { userId: 'u', channels: Array(129).fill('public:x') }, 'channels'],
    ['/token', { userId: 'u', info: [] }, 'info'],
    ['/token', { userId: 'u', info: { a: 'x'.repeat(4096) } }, 'info'],
    ['/subscription-token', { userId: 'u' }, 'channel'],
    ['/subscription-token', { userId: 'u', channel: 'match:x', info: { a: 'x'.repeat(4096) } }, 'info'],
    ['/history', { channel: 'chat:x', limit: 1001 }, 'limit'],
    ['/history', { channel: 'chat:x', limit: -1 }, 'limit'],
    ['/history', { channel: 'chat:x', since: { offset: 1 } }, 'since.epoch'],
    ['/history', { channel: 'chat:x', since: { offset: 0, epoch: '' }, reverse: true }, 'since.offset'],
    ['/subscribe', { channel: 'chat:x' }, 'userId'],
    ['/disconnect', {}, 'userId'],
    ['/disconnect', { userId: 'u', all: true }, 'userId'],
    ['/disconnect', { all: true, client: 'x' }, 'client'],
    ['/disconnect', { userId: 'u', code: 1000 }, 'code'],
    ['/disconnect', { userId: 'u', reason: 'x'.repeat(124) }, 'reason'],
    ['/disconnect', { userId: 'u', blockSeconds: 0 }, 'blockSeconds'],
    ['/refresh', { userId: 'u', expireInSeconds: 0 }, 'expireInSeconds'],
    ['/channels', { pattern: '[' }, 'pattern'],
    ['/batch', { commands: [{ publish: { channel: 'public:x' } }] }, 'commands[0].publish.data'],
    ['/batch', { commands: [{}] }, 'commands[0]'],
    ['/batch', { commands: [{ token: { userId: 'u' } }] }, 'commands[0].token'],
    ['/batch', { commands: Array(1001).fill({ channels: {} }) }, 'commands'],
  ])('names the field that is wrong: %s %j', async (path, body, field) => {
    const answered = await platform.call(path, body)
    expect(answered).toMatchObject(refused('invalid_body'))
    expect(answered.body.error.field).toBe(field)
  })

  it.each([
    ['unknown_namespace', 'nope:x'],
    ['unknown_namespace', 'chat'],
    ['unknown_namespace', ''],
    ['invalid_channel', 'chat:'],
    ['invalid_channel', 'user:#a,b'],
    ['channel_of_another_project', `chat:${projectB}:x`],
    ['namespace_not_allowed', 'xshathra:x'],
  ] as const)('is answered %s for the channel %j, everywhere', async (code, channel) => {
    const bodies = {
      '/publish': { data: 1 },
      '/subscription-token': { userId: 'u' },
      '/presence': {},
      '/presence-stats': {},
      '/history': {},
      '/history-remove': {},
      '/subscribe': { userId: 'u' },
      '/unsubscribe': { userId: 'u' },
    }
    for (const [path, more] of Object.entries(bodies)) {
      const answered = await platform.call(path, { channel, ...more })
      // The engine itself takes no empty name; what it says of one is the same.
      expect(answered).toMatchObject(refused(code, 'channel'))
    }
    expect(await platform.call('/token', { userId: 'u', channels: ['chat:x', channel] })).toMatchObject(
      refused(code, 'channels[1]'),
    )
    expect(
      (await platform.call('/broadcast', { channels: ['public:x', channel], data: 1 })).body.results,
    ).toMatchObject([{ channel: `public:${projectA}:x` }, { channel, error: { code } }])
    expect((await platform.call('/batch', { commands: [{ presence: { channel } }] })).body.replies).toMatchObject([
      { error: { code } },
    ])
  })
})

describe('publishing', () => {
  it('answers the position, and none where nothing is kept', async () => {
    const kept = await platform.call('/publish', { channel: 'chat:x', data: null })
    expect(kept).toMatchObject({ status: 200, body: { ok: true, offset: 1, epoch: expect.any(String) } })
    expect(kept.headers['content-type']).toMatch(/^application\/json/)
    expect((await platform.call('/publish', { channel: 'public:x', data: 1 })).body).toEqual({ ok: true })
    expect((await platform.call('/publish', { channel: 'chat:x', data: 1, skipHistory: true })).body).toEqual({
      ok: true,
    })
  })

  it('keeps the bytes of the data, to sockets and in history', async () => {
    const client = await platform.connect('u1')
    await client.subscribe('chat:x')
    const data = '{ "n":9007199254740993,"one":1.0,"e":1E2,"s":"\\u00e9\\/é" }'
    for (const body of [
      `{"channel":"chat:x","data":${data},"tags":{"a":"b"}}`,
      `{"commands":[{"publish":{"data":${data},"channel":"chat:x"}}]}`,
      `{"channels":["chat:x"],"data":${data}}`,
    ]) {
      const path = body.includes('commands') ? '/batch' : body.includes('channels') ? '/broadcast' : '/publish'
      expect(await platform.call(path, body)).toMatchObject({ status: 200 })
    }
    const history = await platform.call('/history', { channel: 'chat:x' })
    expect(history.text.split(`"data":${data}`)).toHaveLength(4)
    expect(history.body.publications[0].tags).toEqual({ a: 'b' })
    expect((await client.pushes()).filter(({ push }) => push.pub)).toHaveLength(3)
  })

  it('happens once per idempotency key and channel', async () => {
    const once = { channel: 'chat:x', data: 1, idempotencyKey: 'k' }
    const first = await platform.call('/publish', once)
    expect(await platform.call('/publish', once)).toMatchObject({ body: first.body })
    expect((await platform.call('/batch', { commands: [{ publish: once }] })).body.replies).toEqual([
      { publish: first.body },
    ])
    expect((await platform.call('/history', { channel: 'chat:x' })).body.publications).toHaveLength(1)
    expect((await platform.call('/publish', { ...once, channel: 'chat:y' })).body.offset).toBe(1)
  })

  it('is bounded by the size and rate that the project has', async () => {
    platform.directory.put(projectA, { quotas: { messageBytes: 10, publishesPerSecond: 2 } })
    expect(await platform.call('/publish', { channel: 'chat:x', data: 'x'.repeat(9) })).toMatchObject(
      refused('too_large', 'data'),
    )
    expect(await platform.call('/broadcast', { channels: ['chat:x', 'chat:y', 'chat:z'], data: 1 })).toMatchObject({
      status: 200,
    })
    const waiting = await platform.call('/publish', { channel: 'chat:x', data: 1 })
    expect(waiting).toMatchObject(refused('rate_limited'))
    expect(waiting.headers['retry-after']).toBe('1')
    expect(await platform.call('/publish', { channel: 'chat:x', data: 1 }, projectB)).toMatchObject({ status: 200 })
    platform.clock.nowMs += 1000
    expect(await platform.call('/publish', { channel: 'chat:x', data: 1 })).toMatchObject({ status: 200 })
  })
})

describe('a batch', () => {
  it('answers each command in its place, in order', async () => {
    const commands = [
      { publish: { channel: 'chat:x', data: 1 } },
      { publish: { channel: 'chat:x', data: 2 } },
      { history: { channel: 'chat:x' } },
      { presenceStats: { channel: 'public:x' } },
      { broadcast: { channels: ['chat:x'], data: 3 } },
      { historyRemove: { channel: 'chat:x' } },
      { history: { channel: 'chat:x' } },
      { channels: {} },
    ]
    const { body } = await platform.call('/batch', { commands })
    expect(body.replies).toMatchObject([
      { publish: { ok: true, offset: 1 } },
      { publish: { ok: true, offset: 2 } },
      { history: { publications: [{ data: 1 }, { data: 2 }], offset: 2 } },
      { error: { code: 'not_available' } },
      { broadcast: { ok: true, results: [{ offset: 3 }] } },
      { historyRemove: { ok: true } },
      { history: { publications: [], offset: 3 } },
      { channels: { channels: {} } },
    ])
    expect((await platform.call('/batch', { commands: [] })).body).toEqual({ replies: [] })
  })

  it('is answered in bounds: nothing is read any more beyond them, and what it does is done', async () => {
    const data = 'x'.repeat(1_000_000)
    for (let count = 0; count < 20; count += 1) await platform.call('/publish', { channel: 'chat:x', data })
    const history = { history: { channel: 'chat:x' } }
    const { body } = await platform.call('/batch', {
      commands: [history, history, { publish: { channel: 'chat:x', data: 1 } }, { presence: { channel: 'chat:x' } }],
    })
    expect(body.replies).toMatchObject([
      { history: { offset: 20 } },
      { error: { code: 'too_large' } },
      { publish: { offset: 21 } },
      { error: { code: 'too_large' } },
    ])
  })

  it('that does not fit does nothing at all', async () => {
    const commands = [{ publish: { channel: 'chat:x', data: 1 } }, { publish: { channel: 'chat:x' } }]
    expect(await platform.call('/batch', { commands })).toMatchObject(refused('invalid_body'))
    expect((await platform.call('/history', { channel: 'chat:x' })).body.publications).toEqual([])
  })
})

describe('tokens', () => {
  it('open a socket of that user, subscribed from the start', async () => {
    const { body, status } = await platform.call('/token', { userId: 'u1', channels: ['chat:x'], info: { n: 1 } })
    expect({ status, expires: body.expiresInSeconds }).toEqual({ status: 200, expires: 900 })
    const client = new TestClient(platform.core)
    const reply = await client.connect(body.token)
    expect(Object.keys(reply.connect.subs)).toEqual([`chat:${projectA}:x`])
    expect((await platform.call('/presence', { channel: 'chat:x' })).body.clients).toEqual({
      [reply.connect.client]: { userId: 'u1', connInfo: { n: 1 } },
    })
    expect((await platform.call('/presence-stats', { channel: `chat:${projectA}:x` })).body).toEqual({
      clients: 1,
      users: 1,
    })
  })

  it('open a locked channel', async () => {
    const client = await platform.connect('u1')
    expect((await client.subscribe('match:m')).error).toMatchObject({ code: 103 })
    const { body } = await platform.call('/subscription-token', { userId: 'u1', channel: 'match:m', ttlSeconds: 30 })
    expect(body.expiresInSeconds).toBe(30)
    expect((await client.subscribe('match:m', { token: body.token })).subscribe).toBeDefined()
  })
})

describe('connections of a user', () => {
  it('are subscribed, unsubscribed, refreshed and disconnected', async () => {
    const client = await platform.connect('u1')
    expect(await platform.call('/subscribe', { userId: 'u1', channel: 'chat:x' })).toMatchObject({ body: { ok: true } })
    expect(await client.pushes()).toMatchObject([{ push: { channel: `chat:${projectA}:x`, subscribe: {} } }, {}])
    expect((await platform.call('/channels', {})).body).toEqual({
      channels: { [`chat:${projectA}:x`]: { clients: 1 } },
    })
    await platform.call('/unsubscribe', { userId: 'u1', channel: `chat:${projectA}:x` })
    expect((await platform.call('/channels', {})).body).toEqual({ channels: {} })
    await client.pushes()
    await platform.call('/refresh', { userId: 'u1', expireInSeconds: 60 })
    expect(await client.pushes()).toMatchObject([{ push: { refresh: { expires: true, ttl: 60 } } }])
    await platform.call('/disconnect', { userId: 'u1', client: 'another' })
    expect(client.closedWith).toBeUndefined()
    await platform.call('/disconnect', { userId: 'u1', code: 4321, reason: 'go' })
    expect(client.closedWith).toEqual({ code: 4321, reason: 'go' })
  })

  it('end as expired, or with the usual code', async () => {
    const [one, two] = [await platform.connect('u1'), await platform.connect('u2')]
    await platform.call('/refresh', { userId: 'u1', expired: true })
    expect(one.closedWith?.code).toBe(3005)
    await platform.call('/disconnect', { userId: 'u2' })
    expect(two.closedWith?.code).toBe(3503)
  })

  it('are kept away for as long as they are blocked', async () => {
    await platform.call('/disconnect', { userId: 'u1', blockSeconds: 60 })
    expect((await platform.connect('u1')).closedWith?.code).toBe(3503)
    expect((await platform.connect('u2')).closedWith).toBeUndefined()
    platform.clock.nowMs += 60_000
    expect((await platform.connect('u1')).closedWith).toBeUndefined()
  })

  it('end all at once, of this project alone', async () => {
    const [mine, theirs] = [await platform.connect('u1'), await platform.connect('u1', projectB)]
    await platform.call('/disconnect', { all: true })
    expect(mine.closedWith?.code).toBe(3503)
    expect(theirs.closedWith).toBeUndefined()
  })
})

describe('history', () => {
  it('comes in pages, exclusive both ways', async () => {
    for (const data of [1, 2, 3]) await platform.call('/publish', { channel: 'chat:x', data })
    const offsets = async (more: object) =>
      (await platform.call('/history', { channel: 'chat:x', ...more })).body.publications.map(
        ({ offset }: { offset: number }) => offset,
      )
    const { epoch } = (await platform.call('/history', { channel: 'chat:x', limit: 0 })).body
    expect(await offsets({ since: { offset: 1, epoch } })).toEqual([2, 3])
    expect(await offsets({ since: { offset: 3, epoch }, reverse: true })).toEqual([2, 1])
    expect(await offsets({ limit: 1 })).toEqual([1])
    expect(await platform.call('/history', { channel: 'chat:x', since: { offset: 1, epoch: 'other' } })).toMatchObject(
      refused('unrecoverable_position', 'since'),
    )
    expect(await platform.call('/history-remove', { channel: 'chat:x' })).toMatchObject({ body: { ok: true } })
    expect(await offsets({})).toEqual([])
  })

  it('is refused where a page is too long to answer, and not cut without a word', async () => {
    const data = 'x'.repeat(1_000_000)
    for (let count = 0; count < 40; count += 1) await platform.call('/publish', { channel: 'chat:x', data })
    const tooLong = await platform.call('/history', { channel: 'chat:x' })
    expect(tooLong).toMatchObject(refused('too_large', 'limit'))
    expect(tooLong.body.error.message).toContain('ask for fewer')
    const page = await platform.call('/history', { channel: 'chat:x', limit: 20 })
    expect(page.body.publications).toHaveLength(20)
  })

  it('is not available where nothing is kept', async () => {
    for (const path of ['/history', '/history-remove', '/presence', '/presence-stats']) {
      expect(await platform.call(path, { channel: 'public:x' })).toMatchObject(refused('not_available', 'channel'))
    }
  })

  it('tells who published, where a client did', async () => {
    platform.directory.put(projectA, { namespaces: { chat: { clientPublish: true } } })
    const client = await platform.connect('u1')
    await client.subscribe('chat:x')
    expect((await client.request({ publish: { channel: 'chat:x', data: 1.0 } })).error).toBeUndefined()
    expect((await platform.call('/history', { channel: 'chat:x' })).body.publications).toMatchObject([
      { data: 1, info: { userId: 'u1', client: expect.any(String) } },
    ])
  })
})

describe('channels', () => {
  it('are found by full and short patterns', async () => {
    const client = await platform.connect('u1')
    for (const channel of ['chat:room:1', 'public:lobby', 'user:#u1']) await client.subscribe(channel)
    const found = async (pattern: string) => Object.keys((await platform.call('/channels', { pattern })).body.channels)
    expect(await found('chat:*')).toEqual([`chat:${projectA}:room:1`])
    expect(await found('chat:room:?')).toEqual([`chat:${projectA}:room:1`])
    expect(await found(`public:${projectA}:*`)).toEqual([`public:${projectA}:lobby`])
    expect(await found('user:#u1')).toEqual([`user:#${projectA}:u1`])
    expect(await found('**')).toHaveLength(3)
    expect(await platform.call('/channels', { pattern: `chat:${projectB}:*` })).toMatchObject(
      refused('channel_of_another_project', 'pattern'),
    )
  })
})

describe('the project of a key', () => {
  const get = (url: string, headers: Record<string, string>) =>
    platform.app.inject({ method: 'GET', url: `/api/realtime${url}`, headers })

  it('is told to browsers and game binaries with the client key, and to backends with the server key', async () => {
    const clientKey = keyOf('client', projectA)
    const expected = {
      projectId: projectA,
      name: 'AAAA',
      environment: 'development',
      realtimeUrl: 'ws://localhost:3001/realtime/connection/websocket',
    }
    for (const response of [
      await get('/project', { authorization: `apikey ${clientKey}`, origin: 'https://app.example' }),
      await get(`/project?client_api_key=${clientKey}`, {}),
      await get('/project', { authorization: `Bearer ${keyOf('server', projectA)}` }),
    ]) {
      expect(response.statusCode).toBe(200)
      expect(response.json()).toEqual(expected)
      expect(response.headers['access-control-allow-origin']).toBe('*')
    }
  })

  it('is told to nobody else, and a server key has no place in a browser or an address', async () => {
    const serverKey = keyOf('server', projectA)
    const statuses = [
      await get('/project', {}),
      await get('/project', { authorization: 'apikey xck_no' }),
      await get(`/project?client_api_key=${serverKey}`, {}),
      await get('/project', { authorization: `apikey ${serverKey}`, origin: 'https://app.example' }),
    ].map(({ statusCode }) => statusCode)
    expect(statuses).toEqual([401, 401, 401, 403])
  })
})

describe('when the engine or its store fails', () => {
  const failing = async (answer: () => ReturnType<Broker['publish']>) => {
    const broken = await startTestPlatform((broker) => ({
      publish: answer,
      history: (...args) => broker.history(...args),
      removeHistory: (...args) => broker.removeHistory(...args),
      close: () => broker.close(),
    }))
    const answered = await broken.call('/publish', { channel: 'chat:x', data: 1 })
    broken.ready = false
    const closing = await broken.call('/publish', { channel: 'chat:x', data: 1 })
    await broken.close()
    return { answered, closing }
  }

  it('answers 503 with the time to wait', async () => {
    for (const answer of [() => failed('store' as const), () => Promise.resolve(failed('store' as const))]) {
      const { answered, closing } = await failing(answer)
      expect(answered).toMatchObject(refused('store_unavailable'))
      expect(answered.headers['retry-after']).toBe('1')
      expect(closing).toMatchObject(refused('engine_unavailable'))
    }
  })

  it('answers 500 and tells nothing of the cause', async () => {
    const surprise = () => {
      throw new Error('a secret of the inside')
    }
    for (const answer of [surprise, () => Promise.reject(new Error('a secret of the inside'))]) {
      const { answered } = await failing(answer)
      expect(answered).toMatchObject(refused('internal'))
      expect(answered.text).not.toContain('secret')
    }
  })
})

it('calls are counted with what they came to', async () => {
  await platform.call('/publish', { channel: 'chat:x', data: 1 })
  await platform.call('/publish', { channel: 'nope:x', data: 1 })
  expect(platform.events.filter(({ kind }) => kind === 'api')).toMatchObject([
    { method: 'publish', failure: undefined },
    { method: 'publish', failure: 404 },
  ])
})
