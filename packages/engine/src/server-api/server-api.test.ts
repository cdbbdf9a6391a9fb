import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { errors, failed, ok } from '@xshathra/protocol'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { EngineApi } from '../engine.ts'
import { type EngineEvent, EventStream } from '../events.ts'
import { createServerApi, type ServerApiOptions } from './server-api.ts'

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const utf8 = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString()

/** An engine that remembers what it was asked and answers what the test says. */
const recordingApi = (answers: Partial<EngineApi> = {}) => {
  const calls: unknown[][] = []
  const done = ok(undefined)
  const defaults: EngineApi = {
    publish: () => ok({ offset: 0, epoch: '' }),
    presence: () => ok(new Map()),
    presenceStats: () => ok({ numClients: 0, numUsers: 0 }),
    history: () => ok({ publications: [], offset: 0, epoch: 'e' }),
    historyRemove: () => done,
    subscribe: () => done,
    unsubscribe: () => done,
    disconnect: () => done,
    refresh: () => done,
    channels: () => ok(new Map()),
    info: () => ok({ nodes: [] }),
  }
  const merged = { ...defaults, ...answers }
  const api = Object.fromEntries(
    Object.entries(merged).map(([name, answer]) => [
      name,
      (...args: unknown[]) => {
        calls.push([name, ...args])
        return (answer as (...args: unknown[]) => unknown)(...args)
      },
    ]),
  ) as unknown as EngineApi
  return { api, calls }
}

const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

const open = async (options: Partial<ServerApiOptions> & Pick<ServerApiOptions, 'api'>) => {
  const handle = createServerApi({ scope: 'tenant', key: 'api-key', ...options })
  const server = createServer((request, response) => {
    if (!handle(request, response)) response.writeHead(418).end()
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const post = (path: string, body: unknown, headers: Record<string, string> = { 'X-API-Key': 'api-key' }) =>
    new Promise<Answer>((resolve, reject) => {
      const outgoing = httpRequest({ host: '127.0.0.1', port, method: 'POST', path, headers }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        )
      })
      outgoing.on('error', reject)
      outgoing.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body))
    })
  return { port, post }
}

describe('the way in', () => {
  it('[SA1] leaves paths of others alone', async () => {
    const { api } = recordingApi()
    const { post } = await open({ api })
    expect((await post('/apix', {})).status).toBe(418)
    expect((await post('/', {})).status).toBe(418)
  })

  it('[SA1] stands at the path it is given', async () => {
    const { api, calls } = recordingApi()
    const { post } = await open({ api, path: '/realtime/api' })
    expect((await post('/realtime/api/info', {})).body).toBe('{"result":{"nodes":[]}}')
    expect((await post('/api/info', {})).status).toBe(418)
    expect(calls).toEqual([['info']])
  })

  it('[SA2] lets nobody in while no key is configured', async () => {
    const { api, calls } = recordingApi()
    for (const key of ['', undefined]) {
      const { post } = await open({ api, key })
      expect((await post('/api/info', {}, { 'X-API-Key': '' })).status).toBe(401)
      expect((await post('/api/info?api_key=', {}, {})).status).toBe(401)
      expect((await post('/api/info', {}, { 'X-API-Key': 'undefined' })).status).toBe(401)
    }
    expect(calls).toEqual([])
  })

  it('[SA2] lets everybody in when it is insecure', async () => {
    const { api } = recordingApi()
    const { post } = await open({ api, key: undefined, insecure: true })
    expect((await post('/api/info', {}, {})).status).toBe(200)
  })

  it('[SA3] refuses a body that is too large, announced or not', async () => {
    const { api, calls } = recordingApi()
    const { post } = await open({ api, maxBodyBytes: 100 })
    const body = (length: number) => `{"channel":"a","data":"${'x'.repeat(length - 25)}"}`
    const chunked = { 'X-API-Key': 'api-key', 'Transfer-Encoding': 'chunked' }
    expect((await post('/api/publish', body(100))).status).toBe(200)
    expect((await post('/api/publish', body(100), chunked)).status).toBe(200)
    expect((await post('/api/publish', body(101))).status).toBe(413)
    expect((await post('/api/publish', body(101), chunked)).status).toBe(413)
    expect(calls).toHaveLength(2)
  })

  it('[SA3] tells the sender of a body far too large, who only listens when all is sent', async () => {
    const { api } = recordingApi()
    const { post } = await open({ api, maxBodyBytes: 100 })
    expect((await post('/api/publish', Buffer.alloc(20_000_000))).status).toBe(413)
  })

  it('[SA3] takes a body in any number of pieces', async () => {
    const { api, calls } = recordingApi()
    const { port } = await open({ api })
    const socket = connect(port, '127.0.0.1').setNoDelay(true)
    const answered = new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(chunk.toString())))
    socket.write('POST /api/publish HTTP/1.1\r\nHost: a\r\nX-API-Key: api-key\r\nTransfer-Encoding: chunked\r\n\r\n')
    for (const piece of ['{"chan', 'nel":"a",', '"data":1}']) {
      socket.write(`${piece.length.toString(16)}\r\n${piece}\r\n`)
    }
    socket.write('0\r\n\r\n')
    expect(await answered).toContain('{"result":{}}')
    expect(calls).toHaveLength(1)
    socket.destroy()
  })

  it('does nothing for a client that went away before its body was there', async () => {
    const { api, calls } = recordingApi()
    const { port, post } = await open({ api })
    const socket = connect(port, '127.0.0.1')
    socket.write('POST /api/publish HTTP/1.1\r\nHost: a\r\nX-API-Key: api-key\r\nContent-Length: 99\r\n\r\n{"channel":')
    await new Promise<void>((resolve) => socket.end(resolve))
    expect((await post('/api/info', {})).status).toBe(200)
    expect(calls).toEqual([['info']])
  })

  it('[SA4] refuses bodies that are not UTF-8, too deep or too long in lists', async () => {
    const { api, calls } = recordingApi()
    const { post } = await open({ api })
    const notUtf8 = Buffer.concat([Buffer.from('{"channel":"a","data":"'), Buffer.from([0xff]), Buffer.from('"}')])
    const deep = `{"channel":"a","data":${'['.repeat(2000)}${']'.repeat(2000)}}`
    const long = `{"channels":[${'"",'.repeat(100_000)}""],"data":1}`
    const manyCommands = `{"commands":[${'{},'.repeat(100_000)}{}]}`
    expect((await post('/api/publish', notUtf8)).status).toBe(400)
    expect((await post('/api/publish', deep)).status).toBe(400)
    expect((await post('/api/broadcast', long)).status).toBe(400)
    expect((await post('/api/batch', manyCommands)).status).toBe(400)
    expect(calls).toEqual([])
  })
})

describe('what reaches the engine', () => {
  it('[SA5] is a payload byte for byte as it was written', async () => {
    const { api, calls } = recordingApi()
    const { post } = await open({ api })
    const data = '{ "n": 1.0, "big": 12345678901234567890,\n\t"e": 1E+2, "s": "\\u00e9é<&>", "n": 2 }'
    await post('/api/publish', `{"channel":"a", "data": ${data} , "tags":{}}`)
    const [, scope, params] = calls[0] as [string, string, Parameters<EngineApi['publish']>[1]]
    expect(scope).toBe('tenant')
    expect(utf8(params.data)).toBe(data)
    expect(params.isJson).toBe(true)
  })

  it('[SA5] is any JSON value byte for byte, whatever stands around it', async () => {
    const { api, calls } = recordingApi()
    const { post } = await open({ api })
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.string(), fc.constantFrom('', ' ', '\n'), async (data, channel, space) => {
        calls.length = 0
        await post(
          '/api/publish',
          `{${space}"data":${space}${data}${space},"channel":${JSON.stringify(`c${channel}`)}}`,
        )
        const [, , params] = calls[0] as [string, string, Parameters<EngineApi['publish']>[1]]
        expect(utf8(params.data)).toBe(data)
        expect(params.channel).toBe(`c${channel}`.toWellFormed())
      }),
      { numRuns: 200 },
    )
  })

  it('is every parameter of a publication', async () => {
    const { api, calls } = recordingApi()
    const { post } = await open({ api })
    await post('/api/publish', {
      channel: 'a',
      b64data: 'AAE=',
      tags: { __proto__: 'x', k: 'v' },
      idempotency_key: 'i',
      skip_history: true,
      delta: true,
      version: Number.MAX_SAFE_INTEGER,
      version_epoch: 've',
    })
    expect(calls).toEqual([
      [
        'publish',
        'tenant',
        {
          channel: 'a',
          data: Buffer.from([0, 1]),
          isJson: undefined,
          tags: { k: 'v' },
          idempotencyKey: 'i',
          skipHistory: true,
          delta: true,
          version: Number.MAX_SAFE_INTEGER,
          versionEpoch: 've',
        },
      ],
    ])
  })

  it('keeps a tag by any name', async () => {
    const { api, calls } = recordingApi()
    const { post } = await open({ api })
    await post('/api/publish', '{"channel":"a","data":1,"tags":{"__proto__":"x","constructor":"y"}}')
    const params = calls[0]?.[2] as { tags: Record<string, string> }
    expect(Object.entries(params.tags)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ])
  })

  it('is every parameter of a subscribe, with payloads in memory of their own', async () => {
    const { api, calls } = recordingApi()
    const { post } = await open({ api })
    await post('/api/subscribe', {
      user: 'u',
      client: 'c',
      session: 's',
      channel: 'a',
      info: { i: 1 },
      b64data: 'AAE=',
      expire_at: 2_000_000_000,
      recover_since: { offset: 3, epoch: 'e' },
      override: { presence: { value: true }, join_leave: {}, force_recovery: null },
    })
    const [, , params] = calls[0] as [string, string, Parameters<EngineApi['subscribe']>[1]]
    expect(params).toMatchObject({
      user: 'u',
      client: 'c',
      session: 's',
      channel: 'a',
      expireAt: 2_000_000_000,
      recoverSince: { offset: 3, epoch: 'e' },
      override: { presence: true, joinLeave: false, forceRecovery: undefined },
    })
    expect(utf8(params.chanInfo)).toBe('{"i":1}')
    expect(params.chanInfo?.buffer.byteLength).toBe(params.chanInfo?.byteLength)
    expect([...(params.data ?? [])]).toEqual([0, 1])
  })

  it('is every parameter of unsubscribe, disconnect and refresh', async () => {
    const { api, calls } = recordingApi()
    const { post } = await open({ api })
    const target = { user: 'u', client: 'c', session: 's' }
    await post('/api/unsubscribe', { ...target, channel: 'a' })
    await post('/api/disconnect', { ...target, whitelist: ['x'], disconnect: { code: 4000, reason: 'bye' } })
    await post('/api/disconnect', { user: 'u' })
    await post('/api/refresh', { ...target, expired: true, expire_at: 5 })
    await post('/api/refresh', { user: 'u', expire_at: -5 })
    expect(calls).toEqual([
      ['unsubscribe', 'tenant', { ...target, channel: 'a' }],
      ['disconnect', 'tenant', { ...target, whitelist: ['x'], code: 4000, reason: 'bye' }],
      ['disconnect', 'tenant', { user: 'u' }],
      ['refresh', 'tenant', { ...target, expired: true, expireAt: 5 }],
      ['refresh', 'tenant', { user: 'u', expired: false }],
    ])
  })

  it('[SA6] is no disconnect with a code that clients would not get as it is', async () => {
    const { api, calls } = recordingApi()
    const { post } = await open({ api })
    for (const code of [1, 1000, 2999, 5000, 65_535]) {
      expect((await post('/api/disconnect', { user: 'u', disconnect: { code } })).body).toContain('107')
    }
    expect(calls).toEqual([])
  })

  it('is a history filter', async () => {
    const { api, calls } = recordingApi()
    const { post } = await open({ api })
    await post('/api/history', { channel: 'a', limit: -7, since: { offset: 2, epoch: 'e' }, reverse: true })
    await post('/api/history', { channel: 'a' })
    expect(calls).toEqual([
      ['history', 'tenant', 'a', { limit: -1, since: { offset: 2, epoch: 'e' }, reverse: true }],
      ['history', 'tenant', 'a', { limit: 0, since: undefined, reverse: false }],
    ])
  })

  it('is a glob, or none', async () => {
    const { api, calls } = recordingApi()
    const { post } = await open({ api })
    await post('/api/channels', { pattern: 'a*' })
    await post('/api/channels', {})
    expect(calls).toEqual([
      ['channels', 'tenant', 'a*'],
      ['channels', 'tenant', undefined],
    ])
  })
})

describe('what comes back', () => {
  it('has its length and type in the head', async () => {
    const { api } = recordingApi()
    const { post } = await open({ api })
    const { headers, body } = await post('/api/publish', { channel: 'a', data: 1 })
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'content-length': String(body.length) })
  })

  it('[SA5] shows publications byte for byte', async () => {
    const data = Buffer.from('{ "n": 1.0,\n "s": "é" }')
    const connInfo = Buffer.from('[1.00]')
    const publications = [
      { data, isJson: true, offset: 7, tags: { k: 'v' }, info: { user: 'u"', client: 'c', connInfo } },
      { data: Buffer.from('2'), offset: 8 },
    ]
    const { api } = recordingApi({ history: () => ok({ publications, offset: 8, epoch: 'e' }) })
    const { post } = await open({ api })
    expect((await post('/api/history', { channel: 'a' })).body).toBe(
      '{"result":{"publications":[{"data":{ "n": 1.0,\n "s": "é" },"info":{"user":"u\\"","client":"c","conn_info":[1.00]},' +
        '"offset":7,"tags":{"k":"v"}},{"data":2,"offset":8}],"epoch":"e","offset":8}}',
    )
    const { body } = await post('/api', '{"method":"history","params":{"channel":"a"}}\n{"method":"info"}')
    expect(body.split('\n')).toHaveLength(2)
    expect(body).toContain('{ "n": 1.0, "s": "é" }')
  })

  it('shows who is present, by connection', async () => {
    const presence = new Map([
      ['c1', { user: 'u', client: 'c1', chanInfo: Buffer.from('{}') }],
      ['c2', { user: '', client: 'c2', connInfo: Buffer.alloc(0) }],
    ])
    const { api } = recordingApi({ presence: () => ok(presence) })
    const { post } = await open({ api })
    expect((await post('/api/presence', { channel: 'a' })).body).toBe(
      '{"result":{"presence":{"c1":{"user":"u","client":"c1","chan_info":{}},"c2":{"user":"","client":"c2"}}}}',
    )
  })

  it('shows channels and nodes', async () => {
    const node = { uid: 'n', name: 'x', version: '1', numClients: 1, numUsers: 2, numChannels: 3, numSubs: 4 }
    const { api } = recordingApi({
      channels: () => ok(new Map([['a"b', { numClients: 2 }]])),
      info: () => ok({ nodes: [{ ...node, uptimeSeconds: 5.9 }] }),
    })
    const { post } = await open({ api })
    expect((await post('/api/channels', {})).body).toBe('{"result":{"channels":{"a\\"b":{"num_clients":2}}}}')
    expect(JSON.parse((await post('/api/info', {})).body).result.nodes).toEqual([
      { uid: 'n', name: 'x', version: '1', num_clients: 1, num_users: 2, num_channels: 3, num_subs: 4, uptime: 5 },
    ])
  })

  it('[SA7] tells an error of the engine, in the status too where that is configured', async () => {
    const custom = { code: 1234, message: 'say "no"', temporary: false }
    const { api } = recordingApi({ publish: () => failed(errors.unknownChannel), presence: () => failed(custom) })
    const { post } = await open({ api, errorMode: 'transport' })
    expect(await post('/api/publish', { channel: 'a', data: 1 })).toMatchObject({
      status: 404,
      body: '{"code":102,"message":"unknown channel"}',
    })
    expect(await post('/api/presence', { channel: 'a' })).toMatchObject({
      status: 500,
      body: '{"code":1234,"message":"say \\"no\\""}',
    })
  })

  it('[SA8] is error 100 for what goes wrong inside, and the cause stays inside', async () => {
    const events = new EventStream()
    const seen: EngineEvent[] = []
    events.on((event) => seen.push(event), ['internal'])
    const cause = new Error('disk on fire')
    const { api } = recordingApi({
      publish() {
        throw cause
      },
      presence: () => Promise.reject(cause),
      history: () => ok({ publications: [{ data: Buffer.from('no json'), offset: 1 }], offset: 1, epoch: 'e' }),
    })
    const { post } = await open({ api, events })
    const internal = '{"error":{"code":100,"message":"internal server error"}}'
    expect((await post('/api/publish', { channel: 'a', data: 1 })).body).toBe(internal)
    expect((await post('/api/presence', { channel: 'a' })).body).toBe(internal)
    expect((await post('/api/history', { channel: 'a' })).body).toBe(internal)
    expect((await post('/api/batch', { commands: [{ publish: { channel: 'a', data: 1 } }, { info: {} }] })).body).toBe(
      `{"replies":[${internal},{"info":{"nodes":[]}}]}`,
    )
    expect(seen.map((event) => event.kind === 'internal' && event.where)).toEqual([
      'server API publish',
      'server API presence',
      'server API history',
      'server API publish',
    ])
  })
})

describe('several at once', () => {
  /** An engine whose publications wait until they are let go by the name of their channel. */
  const waitingApi = () => {
    const waiting = new Map<string, () => void>()
    const recording = recordingApi({
      publish: (_scope, { channel }) =>
        new Promise((resolve) => waiting.set(channel, () => resolve(ok({ offset: channel.length, epoch: 'e' })))),
    })
    const started = () => [...waiting.keys()]
    return { ...recording, started, letGo: (channel: string) => waiting.get(channel)?.() }
  }
  const publishing = (...channels: string[]) => channels.map((channel) => ({ publish: { channel, data: 1 } }))
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  const untilStarted = async (started: () => string[], count: number) => {
    while (started().length < count) await turn()
  }

  it('[SA9] carries out a batch one command after the other', async () => {
    const { api, started, letGo } = waitingApi()
    const { post } = await open({ api })
    const answer = post('/api/batch', { commands: publishing('a', 'bb') })
    await untilStarted(started, 1)
    for (let turns = 0; turns < 20; turns++) await turn()
    expect(started()).toEqual(['a'])
    letGo('a')
    await untilStarted(started, 2)
    letGo('bb')
    expect((await answer).body).toBe(
      '{"replies":[{"publish":{"offset":1,"epoch":"e"}},{"publish":{"offset":2,"epoch":"e"}}]}',
    )
  })

  it('[SA9] carries out a parallel batch side by side and answers in order', async () => {
    const { api, started, letGo } = waitingApi()
    const { post } = await open({ api })
    const answer = post('/api/batch', { commands: publishing('a', 'bb'), parallel: true })
    await untilStarted(started, 2)
    letGo('bb')
    letGo('a')
    expect((await answer).body).toBe(
      '{"replies":[{"publish":{"offset":1,"epoch":"e"}},{"publish":{"offset":2,"epoch":"e"}}]}',
    )
  })

  it('[SA10] broadcasts without waiting for one channel before the next', async () => {
    const { api, started, letGo } = waitingApi()
    const { post } = await open({ api })
    const answer = post('/api/broadcast', { channels: ['a', '', 'bb'], data: 1 })
    await untilStarted(started, 2)
    letGo('bb')
    letGo('a')
    expect((await answer).body).toBe(
      '{"result":{"responses":[{"result":{"offset":1,"epoch":"e"}},{"error":{"code":107,"message":"bad request"}},' +
        '{"result":{"offset":2,"epoch":"e"}}]}}',
    )
  })

  it('[SA10] broadcasts to thousands of channels in order, and others get their turn', async () => {
    const { api, calls } = recordingApi({
      publish: (_scope, { channel }) => ok({ offset: Number(channel), epoch: '' }),
    })
    const { post } = await open({ api })
    const channels = Array.from({ length: 3000 }, (_, index) => String(index + 1))
    let turns = 0
    const counting = setInterval(() => turns++, 0)
    const { responses } = JSON.parse((await post('/api/broadcast', { channels, data: 1 })).body).result
    clearInterval(counting)
    expect(responses).toEqual(channels.map((channel) => ({ result: { offset: Number(channel) } })))
    expect(calls).toHaveLength(3000)
    expect(turns).toBeGreaterThan(0)
  })

  it('[SA4] does nothing of a batch or of lines that cannot be read to the end', async () => {
    const { api, calls } = recordingApi()
    const { post } = await open({ api })
    expect((await post('/api/batch', { commands: [...publishing('a'), { publish: 5 }] })).status).toBe(400)
    expect((await post('/api', '{"method":"publish","params":{"channel":"a","data":1}}\nno')).status).toBe(400)
    expect(calls).toEqual([])
  })
})

describe('events', () => {
  it('[SA11] tells of each call how it went, to those who listen', async () => {
    const events = new EventStream()
    const seen: unknown[] = []
    const { api } = recordingApi({ presence: () => failed(errors.notAvailable) })
    const { post } = await open({ api, events })
    await post('/api/info', {})
    events.on((event) => {
      if (event.kind === 'api') seen.push([event.method, event.failure, event.seconds >= 0])
    })
    await post('/api/publish', { channel: 'a', data: 1 })
    await post('/api/presence', { channel: 'a' })
    await post('/api/history', 'nonsense')
    await post('/api/batch', { commands: [{ info: {} }, { presence: { channel: 'a' } }] })
    await post('/api', '{"method":"channels","params":{}}')
    expect(seen).toEqual([
      ['publish', undefined, true],
      ['presence', 108, true],
      ['history', 'unmarshal', true],
      ['info', undefined, true],
      ['presence', 108, true],
      ['batch', undefined, true],
      ['channels', undefined, true],
      ['legacy', undefined, true],
    ])
  })
})
