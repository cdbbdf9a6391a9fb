import { createHmac } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { RawSocket } from './testing/raw-socket.ts'
import { type ProjectKeys, ServerProcess } from './testing/server-process.ts'

const password = 'correct horse battery'

let folder: string
let server: ServerProcess
/** Who attacks, and who is attacked. */
let a: ProjectKeys
let b: ProjectKeys
let victim: RawSocket
let victimId: string
const sockets: RawSocket[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'xshathra-tenants-'))
  const env = {
    CENTRIFUGO_LOG_LEVEL: 'trace',
    XSHATHRA_OWNER_EMAIL: 'ada@example.com',
    XSHATHRA_OWNER_PASSWORD: password,
  }
  server = await ServerProcess.start(join(folder, 'data'), { env })
  a = await server.createProject('A')
  b = await server.createProject('B')
})
afterAll(async () => {
  await server.end('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

const connect = async (connect: object) => {
  const opened = await RawSocket.open(server.socketUrl, connect)
  sockets.push(opened.socket)
  return opened
}

const connectAs = async (keys: ProjectKeys, userId: string) => connect({ token: await server.mint(keys, { userId }) })

beforeEach(async () => {
  const { socket, answer } = await connectAs(b, 'u1')
  victim = socket
  victimId = answer.connect.client
  await victim.command({ subscribe: { channel: 'chat:room' } })
  await victim.command({ subscribe: { channel: 'user:#u1' } })
  await server.post(b, 'publish', { channel: 'chat:room', data: 'secret of B' })
  await victim.command({ presence: { channel: 'chat:room' } })
  victim.pushes.length = 0
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) {
    socket.close()
    await socket.closed
  }
  await server.post(b, 'history-remove', { channel: 'chat:room' })
})

/** What B has and sees; a command behind all that was pushed to the victim makes sure that it has arrived. */
const stateOfB = async () => ({
  history: (await server.post(b, 'history', { channel: 'chat:room' })).text,
  presence: (await server.post(b, 'presence', { channel: 'chat:room' })).text,
  channels: (await server.post(b, 'channels', {})).body,
  isOpen: victim.isOpen,
  answer: await victim.command({ presence: { channel: 'chat:room' } }).then(({ presence }) => presence),
  pushes: [...victim.pushes],
})

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const sign = (claims: object, key: string, alg = 'HS256') => {
  const signed = `${base64({ alg, typ: 'JWT' })}.${base64(claims)}`
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`
}
const inTen = () => Math.floor(Date.now() / 1000) + 600

/** Names by which A could try to reach `room` and `u1` of B. */
const foreignNames = () => [
  `chat:${b.projectId}:room`,
  `chat:proj_${b.projectId.slice(5).toLowerCase()}:room`,
  `$chat:${b.projectId}:room`,
  `user:#${b.projectId}:u1`,
  `lobby:${b.projectId}:room`,
  `chat:${b.projectId}`,
]
const trickNames = () => [
  `chat:${b.projectId.toUpperCase()}:room`,
  `chat::${b.projectId}:room`,
  `chat:${a.projectId}:${b.projectId}:room`,
  `chat:${a.projectId}:../${b.projectId}:room`,
  `chat:${encodeURIComponent(`${b.projectId}:room`)}`,
  `chat%3A${b.projectId}%3Aroom`,
  `chat:${b.projectId.replaceAll('0', 'O')}:room`,
  `chat:\0${b.projectId}:room`,
  `chat:\u200b${b.projectId}:room`,
  `user:#u1,${b.projectId}:u1`,
  `user:##${b.projectId}:u1`,
  `user:#u2`,
  `${':'.repeat(200)}${b.projectId}:room`,
  `chat:${':'.repeat(200)}`,
  `chat:${b.projectId}:${'x'.repeat(300)}`,
  '__proto__:room',
  'constructor:room',
  '7:7',
  'xshathra:room',
]

const clientCommands = (channel: string, token: string) => [
  { subscribe: { channel } },
  { subscribe: { channel, token } },
  { publish: { channel, data: 'from A' } },
  { presence: { channel } },
  { presence_stats: { channel } },
  { history: { channel, limit: 10 } },
  { sub_refresh: { channel, token } },
  { unsubscribe: { channel } },
]

const endpointCalls = (channel: string): [string, object][] => [
  ['token', { userId: 'u1', channels: [channel] }],
  ['subscription-token', { userId: 'u1', channel }],
  ['publish', { channel, data: 'from A' }],
  ['broadcast', { channels: [channel], data: 'from A' }],
  ['batch', { commands: [{ publish: { channel, data: 'from A' } }, { history: { channel } }] }],
  ['presence', { channel }],
  ['presence-stats', { channel }],
  ['history', { channel }],
  ['history-remove', { channel }],
  ['subscribe', { userId: 'u1', channel, client: victimId }],
  ['unsubscribe', { userId: 'u1', channel, client: victimId }],
  ['channels', { pattern: channel }],
]

describe('a project that tries to reach another', () => {
  it('gets nowhere with any client command and any name', async () => {
    const before = await stateOfB()
    const token = await server.mint(b, { userId: 'u1', channel: 'chat:room' })
    const mine = await server.mint(a, { userId: 'u1' })
    let { socket } = await connect({ token: mine })
    const answers: string[] = []
    for (const name of [...foreignNames(), ...trickNames()]) {
      for (const command of clientCommands(name, token)) {
        const answer = await socket.command(command)
        // A token of another project's ends the connection.
        if (answer.closed !== undefined) {
          expect(answer.closed).toBe(3500)
          socket = (await connect({ token: mine })).socket
        } else if (foreignNames().includes(name) && !('unsubscribe' in command)) {
          expect(answer.error?.code, `${name} ${JSON.stringify(command)}`).toBe(103)
        }
        answers.push(JSON.stringify(answer))
      }
    }
    expect(answers.join()).not.toContain('secret of B')
    expect(answers.join()).not.toContain(victimId)
    expect(await stateOfB()).toEqual(before)
  })

  it('gets nowhere with any endpoint and any name', async () => {
    const before = await stateOfB()
    for (const name of foreignNames()) {
      for (const [endpoint, body] of endpointCalls(name)) {
        const { status, text } = await server.post(a, endpoint, body)
        expect([endpoint, name, text]).toEqual([endpoint, name, expect.stringContaining('channel_of_another_project')])
        expect(status).toBe(['broadcast', 'batch'].includes(endpoint) ? 200 : 403)
      }
    }
    for (const name of trickNames()) {
      for (const [endpoint, body] of endpointCalls(name)) {
        const { status, text } = await server.post(a, endpoint, body)
        expect(status).toBeLessThan(500)
        expect(text).not.toContain('secret of B')
        expect(text).not.toContain(victimId)
      }
    }
    expect(await stateOfB()).toEqual(before)
  })

  it('answers the same for a project that does not exist', async () => {
    const unborn = `chat:proj_${'0'.repeat(26)}:room`
    const [there, nowhere] = await Promise.all(
      [`chat:${b.projectId}:room`, unborn].map((channel) => server.post(a, 'history', { channel })),
    )
    expect(nowhere).toEqual(there)
  })

  it('cannot touch its users and connections', async () => {
    const before = await stateOfB()
    const fullUser = `${b.projectId}:u1`
    const calls: [string, object][] = [
      ['disconnect', { userId: 'u1', client: victimId }],
      ['disconnect', { userId: 'u1' }],
      ['disconnect', { userId: fullUser }],
      ['disconnect', { userId: 'u7', blockSeconds: 60 }],
      ['disconnect', { userId: `${b.projectId}:u7`, blockSeconds: 60 }],
      ['disconnect', { all: true }],
      ['refresh', { userId: 'u1', client: victimId, expired: true }],
      ['refresh', { userId: fullUser, expired: true }],
      ['subscribe', { userId: 'u1', client: victimId, channel: 'chat:trap' }],
      ['subscribe', { userId: fullUser, channel: 'chat:trap' }],
      ['unsubscribe', { userId: 'u1', client: victimId, channel: 'chat:room' }],
    ]
    for (const [endpoint, body] of calls) expect((await server.post(a, endpoint, body)).status).toBe(200)
    for (const pattern of ['*', '**', `*${b.projectId}*`, `{chat,${b.projectId}}:*`, '[a-z]*:*']) {
      expect((await server.post(a, 'channels', { pattern })).text).not.toContain(b.projectId)
    }
    expect(await stateOfB()).toEqual(before)
    expect((await connectAs(b, 'u7')).answer.connect.client).toBeTypeOf('string')
  })

  it('is admitted to it by no token of its own', async () => {
    const forged = (claims: object, key = a.serverApiKey) => sign({ sub: 'u1', exp: inTen(), ...claims }, key)
    const lies: object[] = [
      { token: forged({ projectId: b.projectId }) },
      { token: forged({ projectId: b.projectId.toLowerCase() }) },
      { token: forged({}) },
      { token: forged({}), data: { client_api_key: b.clientApiKey } },
      { token: forged({ projectId: a.projectId }), data: { client_api_key: b.clientApiKey } },
      { token: forged({ projectId: b.projectId }, b.clientApiKey) },
      { token: forged({ sub: `${b.projectId}:u1` }) },
      { token: forged({ projectId: b.projectId }, '') },
      { token: `${base64({ alg: 'none' })}.${base64({ sub: `${b.projectId}:u1`, exp: inTen() })}.` },
      { token: await server.mint(a, { userId: 'u1' }), data: { client_api_key: b.clientApiKey } },
      { token: a.serverApiKey },
      { token: '', data: { client_api_key: a.serverApiKey } },
    ]
    for (const lie of lies) expect((await connect(lie)).answer).toEqual({ closed: 3500 })

    const own = await connect({ token: forged({ projectId: a.projectId, sub: `${b.projectId}:u1` }) })
    const { subscribe, error } = await own.socket.command({ subscribe: { channel: 'user:#u1' } })
    expect([subscribe, error?.code]).toEqual([undefined, 103])
    const channels = [`chat:${b.projectId}:room`]
    expect((await connect({ token: forged({ projectId: a.projectId, channels }) })).answer.error.code).toBe(103)
  })

  it('can use no token of it on a connection of its own', async () => {
    const token = await server.mint(a, { userId: 'u1' })
    const signedByB = sign({ sub: 'u1', exp: inTen(), projectId: a.projectId, channel: '$chat:x' }, b.serverApiKey)
    for (const command of [
      { refresh: { token: await server.mint(b, { userId: 'u1' }) } },
      { refresh: { token: sign({ sub: 'u1', exp: inTen(), projectId: b.projectId }, b.serverApiKey) } },
      { subscribe: { channel: '$chat:room', token: await server.mint(b, { userId: 'u1', channel: '$chat:room' }) } },
      {
        subscribe: {
          channel: '$chat:x',
          token: sign({ sub: 'u1', exp: inTen(), projectId: b.projectId, channel: '$chat:x' }, b.serverApiKey),
        },
      },
    ]) {
      const { socket } = await connect({ token })
      expect(await socket.command(command)).toEqual({ closed: 3500 })
    }
    const { socket } = await connect({ token })
    expect((await socket.command({ subscribe: { channel: '$chat:x', token: signedByB } })).error.code).toBe(103)
  })

  it('cannot speak for a stream of it', async () => {
    const response = await fetch(`${server.url}/realtime/connection/http_stream`, {
      method: 'POST',
      body: `${JSON.stringify({ id: 1, connect: { token: await server.mint(b, { userId: 'u2' }) } })}\n`,
    })
    const reader = response.body!.getReader()
    const { client, node, session } = JSON.parse(new TextDecoder().decode((await reader.read()).value)).connect
    await server.post(b, 'subscribe', { userId: 'u2', channel: 'chat:room' })
    const told = (await server.post(b, 'presence', { channel: 'chat:room' })).text
    expect(told).toContain(client)
    expect(told).not.toContain(session)
    const command = JSON.stringify({ id: 2, subscribe: { channel: 'chat:other' } })
    for (const guess of [client, '__proto__', '', victimId]) {
      await fetch(`${server.url}/realtime/emulation`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ session: guess, node, data: command }),
      })
    }
    expect(Object.keys((await server.post(b, 'channels', { pattern: 'chat:other' })).body.channels)).toEqual([])
    await reader.cancel()
  })

  it('finds the doors of the operator shut', async () => {
    for (const [path, headers] of [
      ['/realtime/api/info', {}],
      ['/realtime/api/info', { 'X-API-Key': a.serverApiKey }],
      ['/realtime/api/info', { Authorization: `apikey ${a.serverApiKey}` }],
      [`/realtime/api/info?api_key=${a.serverApiKey}`, {}],
    ] as const) {
      expect((await fetch(server.url + path, { method: 'POST', headers, body: '{}' })).status).toBe(401)
    }
    const control = await fetch(`${server.url}/api/control/project.list`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${a.serverApiKey}`, 'Content-Type': 'application/json' },
      body: '{}',
    })
    expect(control.status).toBe(404)
  })
})

describe('secrets', () => {
  it('are in no log, no answer to others and no readable file, whatever is sent', async () => {
    const tokens = [await server.mint(a, { userId: 'u1' }), await server.mint(a, { userId: 'u1', channel: '$chat:x' })]
    const [token = '', subscriptionToken = ''] = tokens
    const answers: string[] = []
    const ask = async (path: string, init: RequestInit = {}) => {
      answers.push(await (await fetch(server.url + path, init)).text())
    }
    const signIn = (given: string) =>
      ask('/api/auth/sign-in/email', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Origin: server.url },
        body: JSON.stringify({ email: 'ada@example.com', password: given }),
      })
    await signIn(password)
    await signIn(`${password} not`)
    await ask(`/api/realtime/project?client_api_key=${a.serverApiKey}`)
    await ask(`/realtime/connection/websocket?token=${token}`)
    await ask(`/realtime/connection/uni_sse?token=${token}`)
    await ask(`/api/realtime/publish?api_key=${a.serverApiKey}`, { method: 'POST' })
    for (const key of [a.serverApiKey, `${a.serverApiKey.slice(0, -1)}!`, `${a.serverApiKey} ${a.serverApiKey}`]) {
      const headers = { Authorization: `apikey ${key}`, 'Content-Type': 'application/json' }
      await ask('/api/realtime/publish', { method: 'POST', headers, body: `{"channel":"${token}"` })
    }
    for (const wish of [{ token: `${token}x` }, { token, data: { client_api_key: a.serverApiKey } }, { token }]) {
      const { socket } = await connect({ ...wish, headers: { Authorization: `Bearer ${a.serverApiKey}` } })
      if (socket.isOpen) {
        await socket.command({ subscribe: { channel: '$chat:x', token: `${subscriptionToken}x` } })
        await socket.command({ refresh: { token: subscriptionToken } })
      }
    }
    await ask('/metrics')

    const secretFiles = ['master.secret', 'token-hmac.secret', 'api-key.secret']
    const generated = secretFiles.map((name) => readFileSync(join(server.dataDir, name), 'utf8').trim())
    const signatures = tokens.map((text) => text.split('.')[2] ?? '')
    const everything = [a.serverApiKey, b.serverApiKey, password, ...generated, ...tokens, ...signatures]
    for (const secret of everything) {
      expect(secret.length).toBeGreaterThan(20)
      expect(server.output.includes(secret), 'in the log').toBe(false)
      expect(
        answers.some((answer) => answer.includes(secret)),
        'in an answer',
      ).toBe(false)
    }
    expect(server.output).toContain('"path":"/api/realtime/project"')
    expect(statSync(server.dataDir).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(server.dataDir)) {
      const file = join(server.dataDir, name)
      expect([name, statSync(file).mode & 0o777]).toEqual([name, 0o600])
      const isKnownTo = (secret: string) => readFileSync(file).includes(secret)
      if (!secretFiles.includes(name)) expect([name, everything.filter(isKnownTo)]).toEqual([name, []])
    }
  })
})
