import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Centrifuge } from 'centrifuge'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadEngineConfig } from '../config/load-engine-config.ts'
import { type Environment, loadServerConfig } from '../config/load-server-config.ts'
import { callControl } from '../control/control-client.ts'
import { type ControlAddress, readControlFile } from '../control/control-file.ts'
import { socketUrl } from './open-http.ts'
import { openPlatform, type Platform } from './open-platform.ts'

const engineConfigFile = join(import.meta.dirname, '../../../../centrifugo/config.json')

interface Running {
  readonly platform: Platform
  readonly url: string
  readonly control: ControlAddress
  readonly log: string[]
}

let dataDir: string
let running: Running | undefined
beforeEach(() => {
  dataDir = join(mkdtempSync(join(tmpdir(), 'xshathra-platform-')), 'data')
})
afterEach(async () => {
  await stop()
  rmSync(join(dataDir, '..'), { recursive: true, force: true })
})

const stop = async () => {
  running?.platform.server.close()
  await running?.platform.close()
  running?.platform.server.closeAllConnections()
  running = undefined
}

const start = async (env: Environment = {}): Promise<Running> => {
  const variables = { ...env, XSHATHRA_DATA_DIR: dataDir, CENTRIFUGO_CONFIG: engineConfigFile }
  const server = loadServerConfig({ env: variables })
  const engineConfig = loadEngineConfig(engineConfigFile, { ...env, CENTRIFUGO_LOG_LEVEL: 'trace' })
  if (!server.ok || !engineConfig.ok) throw new Error('the configuration has problems')
  const log: string[] = []
  const platform = await openPlatform({
    config: server.value.config,
    engineConfig: engineConfig.value,
    env,
    log: { write: (line) => void log.push(line) },
  })
  platform.server.listen(0, '127.0.0.1')
  await once(platform.server, 'listening')
  const url = `http://127.0.0.1:${(platform.server.address() as AddressInfo).port}`
  platform.announce(url)
  const control = readControlFile(dataDir)
  if (control === undefined) throw new Error('no control file was written')
  running = { platform, url, control, log }
  return running
}

interface Keys {
  readonly projectId: string
  readonly serverApiKey: string
  readonly clientApiKey: string
}

const ask = async <Answer>({ control }: Running, action: string, input: object): Promise<Answer> => {
  const outcome = await callControl(control, action, input)
  if (!outcome.ok) throw new Error(outcome.problem.message)
  return outcome.value as Answer
}

const createProject = (open: Running, more: object = {}) =>
  ask<Keys>(open, 'project.create', { name: 'Test', environment: 'development', locked: [], ...more })

const post = async (url: string, key: string, endpoint: string, body: object) => {
  const response = await fetch(`${url}/api/realtime/${endpoint}`, {
    method: 'POST',
    headers: { Authorization: `apikey ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const mint = async (url: string, { serverApiKey }: Keys, body: object) =>
  String((await post(url, serverApiKey, 'token', body)).body.token)

/** An SDK client that is connected, and closed by whoever made it. */
const connect = async (url: string, token: string): Promise<Centrifuge> => {
  const client = new Centrifuge(socketUrl(url), { token, websocket: WebSocket })
  client.connect()
  await client.ready(5_000)
  return client
}

describe('the platform', () => {
  it('leads a message from a backend to a browser', async () => {
    const open = await start()
    const keys = await createProject(open)
    const client = await connect(open.url, await mint(open.url, keys, { userId: 'user_1' }))
    const subscription = client.newSubscription('chat:room')
    subscription.subscribe()
    await subscription.ready(5_000)
    const arrived = new Promise((resolve) => subscription.once('publication', ({ data }) => resolve(data)))
    const { status } = await post(open.url, keys.serverApiKey, 'publish', { channel: 'chat:room', data: { n: 1 } })
    expect(status).toBe(200)
    expect(await arrived).toEqual({ n: 1 })
    client.disconnect()
  })

  it('tells a game binary where its socket is', async () => {
    const open = await start()
    const { projectId, clientApiKey } = await createProject(open)
    const response = await fetch(`${open.url}/api/realtime/project`, {
      headers: { Authorization: `apikey ${clientApiKey}` },
    })
    expect(await response.json()).toMatchObject({ projectId, realtimeUrl: socketUrl(open.url) })
  })

  it.each([
    ['http_stream', 'POST'],
    ['sse', 'GET'],
    ['uni_sse', 'GET'],
    ['uni_http_stream', 'POST'],
  ])('opens %s beside the socket', async (transport, method) => {
    const open = await start()
    const keys = await createProject(open)
    const connectFrame = { token: await mint(open.url, keys, { userId: 'user_1' }) }
    const isUni = transport.startsWith('uni_')
    const frame = JSON.stringify(isUni ? connectFrame : { id: 1, connect: connectFrame })
    const path = `${open.url}/realtime/connection/${transport}`
    const response =
      method === 'GET'
        ? await fetch(`${path}?cf_connect=${encodeURIComponent(frame)}`)
        : await fetch(path, { method, body: frame, headers: { 'Content-Type': 'application/json' } })
    expect(response.status).toBe(200)
    const reader = response.body?.getReader()
    const first = new TextDecoder().decode((await reader?.read())?.value)
    await reader?.cancel()
    expect(first).toContain('"client":')
  })

  it('serves the operator API to its key alone, with full names', async () => {
    const open = await start({ CENTRIFUGO_API_KEY: 'operator' })
    const { projectId } = await createProject(open)
    const call = async (key: string, channel: string) => {
      const response = await fetch(`${open.url}/realtime/api/publish`, {
        method: 'POST',
        headers: { 'X-API-Key': key },
        body: JSON.stringify({ channel, data: {} }),
      })
      return { status: response.status, text: await response.text() }
    }
    expect((await call('wrong', `chat:${projectId}:room`)).status).toBe(401)
    expect((await call('operator', `chat:${projectId}:room`)).text).toContain('"offset":1')
    expect((await call('operator', 'chat:room')).text).toContain('"error"')
  })

  it('counts for Prometheus what passes through it', async () => {
    const open = await start()
    const text = await (await fetch(`${open.url}/metrics`)).text()
    expect(text).toContain('process_resident_memory_bytes')
    expect(text).toContain('centrifugo_node_num_clients 0')
  })

  it('signs people in over the web platform, cookie included', async () => {
    const open = await start({ XSHATHRA_OWNER_EMAIL: 'ada@example.com', XSHATHRA_OWNER_PASSWORD: 'correct horse' })
    expect(await open.platform.prepareFirstOwner()).toEqual({ kind: 'created', email: 'ada@example.com' })
    const signIn = (password: string) =>
      fetch(`${open.url}/api/auth/sign-in/email`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Origin: open.url },
        body: JSON.stringify({ email: 'ada@example.com', password }),
      })
    expect((await signIn('wrong horse')).status).toBe(401)
    const response = await signIn('correct horse')
    expect(response.status).toBe(200)
    const [cookie = ''] = response.headers.getSetCookie()
    expect(cookie).toMatch(/HttpOnly/)
    const session = await fetch(`${open.url}/api/auth/get-session`, {
      headers: { Cookie: cookie.split(';')[0] ?? '' },
    })
    expect(await session.json()).toMatchObject({ user: { email: 'ada@example.com' } })
  })
})

describe('the data directory', () => {
  it('is for this user alone, secrets and control file too', async () => {
    await start()
    const modeOf = (name: string) => (statSync(join(dataDir, name)).mode & 0o777).toString(8)
    expect(modeOf('.')).toBe('700')
    for (const name of ['xshathra.db', 'history.db', 'control.json', 'master.secret']) expect(modeOf(name)).toBe('600')
  })

  it('keeps projects, keys and history over a restart', async () => {
    const first = await start()
    const keys = await createProject(first)
    await post(first.url, keys.serverApiKey, 'publish', { channel: 'chat:room', data: { n: 1 } })
    await stop()
    const second = await start()
    const history = await post(second.url, keys.serverApiKey, 'history', { channel: 'chat:room' })
    expect(history.body).toMatchObject({ offset: 1, publications: [{ offset: 1, data: { n: 1 } }] })
  })

  it('has no control file once the server has stopped', async () => {
    await start()
    expect(existsSync(join(dataDir, 'control.json'))).toBe(true)
    await stop()
    expect(existsSync(join(dataDir, 'control.json'))).toBe(false)
  })

  it('refuses a master secret that its keys were not encrypted with, and leaves nothing open', async () => {
    await start()
    await stop()
    await expect(start({ XSHATHRA_MASTER_SECRET: 'x'.repeat(32) })).rejects.toThrow(
      /XSHATHRA_MASTER_SECRET is not the one/,
    )
    await start()
  })
})

describe('the control API', () => {
  const call = ({ url, control }: Running, headers: Record<string, string> = {}) =>
    fetch(`${url}/api/control/project.list`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${control.token}`, 'Content-Type': 'application/json', ...headers },
      body: '{}',
    })

  it('exists for whoever can read the control file', async () => {
    expect((await call(await start())).status).toBe(200)
  })

  it.each<[string, Record<string, string>]>([
    ['a wrong token', { Authorization: 'Bearer wrong' }],
    ['the token through a proxy', { 'X-Forwarded-For': '127.0.0.1' }],
  ])('does not exist for %s', async (_, headers) => {
    const response = await call(await start(), headers)
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ error: { code: 'not_found' } })
  })

  it('writes what it changed into the audit log, and no key', async () => {
    const open = await start()
    const { projectId } = await createProject(open)
    await ask(open, 'key.rotate', { projectId, rotation: { kind: 'server', overlapSeconds: 60 } })
    const entries = await open.platform.stores.audit.list({ limit: 10 })
    expect(entries.map(({ actor, action, target }) => [actor, action, target])).toEqual([
      ['cli', 'key.rotate', projectId],
      ['cli', 'project.create', projectId],
    ])
    expect(JSON.stringify(entries)).not.toMatch(/xsk_/)
  })

  it('changes the rules of open sockets at once: a revoked key ends what it admitted', async () => {
    const open = await start()
    const { projectId, clientApiKey } = await createProject(open)
    await ask(open, 'project.change', {
      projectId,
      changes: { allowAnonymous: true, allowedOrigins: ['https://app.example'] },
    })
    const client = new Centrifuge(socketUrl(open.url), { data: { client_api_key: clientApiKey }, websocket: WebSocket })
    client.connect()
    await client.ready(5_000)
    const ended = new Promise((resolve) => client.once('disconnected', ({ code }) => resolve(code)))
    await ask(open, 'project.archive', { projectId, archived: true })
    expect(await ended).toBe(3507)
  })

  it.each([
    ['project.create', { name: '', environment: 'development', locked: [] }, 'invalid_body'],
    ['project.create', { name: 'A', environment: 'development', locked: ['chta'] }, 'unknown_namespace'],
    ['project.show', { projectId: 'proj_x' }, 'invalid_body'],
    ['project.show', { projectId: 'proj_01ARZ3NDEKTSV4RRFFQ69G5FAV' }, 'not_found'],
    ['namespace.get', { projectId: 'proj_01ARZ3NDEKTSV4RRFFQ69G5FAV', namespace: 'chat' }, 'not_found'],
    ['no.such', {}, 'not_found'],
    ['__proto__', {}, 'not_found'],
  ])('answers %s of %j with the problem %s', async (action, input, code) => {
    const { control } = await start()
    expect(await callControl(control, action, input)).toMatchObject({ ok: false, problem: { code } })
  })
})

describe('a stop', () => {
  it('answers what is being asked before it closes the stores', async () => {
    const open = await start()
    const keys = await createProject(open)
    const publishes = Array.from({ length: 50 }, (_, n) =>
      post(open.url, keys.serverApiKey, 'publish', { channel: 'chat:room', data: { n } }),
    )
    await Promise.race(publishes)
    await stop()
    const outcomes = await Promise.allSettled(publishes)
    const accepted = outcomes.filter((each) => each.status === 'fulfilled' && each.value.status === 200).length
    const second = await start()
    const { body } = await post(second.url, keys.serverApiKey, 'history', { channel: 'chat:room', limit: 1 })
    expect(body.offset).toBe(accepted)
  })
})

describe('secrets', () => {
  it('are in no log line, whatever was asked', async () => {
    const open = await start({ CENTRIFUGO_API_KEY: 'operator-secret' })
    const keys = await createProject(open)
    const token = await mint(open.url, keys, { userId: 'user_1' })
    await fetch(`${open.url}/realtime/connection/websocket?token=${token}`)
    await fetch(`${open.url}/realtime/api/info?api_key=operator-secret`, { method: 'POST', body: '{}' })
    await post(open.url, `${keys.serverApiKey}x`, 'token', { userId: 'user_1' })
    const client = await connect(open.url, token)
    client.disconnect()
    await stop()
    const secrets = [keys.serverApiKey, token, open.control.token, 'operator-secret']
    const files = ['master.secret', 'token-hmac.secret'].map((name) => readFileSync(join(dataDir, name), 'utf8').trim())
    const log = open.log.join('')
    expect(log).toContain('/realtime/connection/websocket')
    for (const secret of [...secrets, ...files]) expect(log).not.toContain(secret)
  })
})
