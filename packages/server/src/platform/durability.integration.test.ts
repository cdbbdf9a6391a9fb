import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Centrifuge } from 'centrifuge'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ProjectKeys, ServerProcess } from './testing/server-process.ts'

let folder: string
let dataDir: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'xshathra-durability-'))
  dataDir = join(folder, 'data')
})
afterEach(async () => {
  for (const leave of leftovers.splice(0)) await leave()
  rmSync(folder, { recursive: true, force: true })
})

/** How to end what a test has begun, in case it fails. */
const leftovers: (() => unknown)[] = []

const start = async (port?: number): Promise<ServerProcess> => {
  const server = await ServerProcess.start(dataDir, { port })
  leftovers.push(() => server.end('SIGKILL'))
  return server
}

interface Acknowledged {
  readonly channel: string
  readonly offset: number
  readonly epoch: string
  readonly data: string
}

const channels = ['chat:storm0', 'chat:storm1', 'chat:storm2', 'chat:storm3']

/** Publishers on connections that stay open, who go on whatever happens, and note what was answered 200. */
class Storm {
  readonly acknowledged: Acknowledged[] = []
  readonly #port: number
  readonly #keys: ProjectKeys
  readonly #publishers: readonly Promise<void>[]
  #isOver = false
  #onAcknowledged = () => {}

  constructor({ port }: ServerProcess, keys: ProjectKeys, publishers: number) {
    this.#port = port
    this.#keys = keys
    this.#publishers = Array.from({ length: publishers }, (_, publisher) => this.#publish(publisher))
  }

  /** Waits until so many more were acknowledged. */
  async rage(count: number): Promise<void> {
    const enough = this.acknowledged.length + count
    while (this.acknowledged.length < enough) {
      await new Promise<void>((resolve) => {
        this.#onAcknowledged = resolve
      })
    }
  }

  async end(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#publishers)
  }

  async #publish(publisher: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let count = 0; !this.#isOver; count += 1) {
      const channel = channels[(publisher + count) % channels.length] ?? ''
      const data = `${publisher}-${count}`
      const answer = await this.#post(agent, JSON.stringify({ channel, data }))
      if (answer === undefined) {
        // The server is away; nobody is served by asking again at once.
        await new Promise((resolve) => setTimeout(resolve, 20))
        continue
      }
      const { offset, epoch } = JSON.parse(answer)
      this.acknowledged.push({ channel, offset, epoch, data })
      this.#onAcknowledged()
    }
    agent.destroy()
  }

  /** The body of a 200; undefined: anything else came of it. */
  #post(agent: Agent, body: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      const headers = { authorization: `apikey ${this.#keys.serverApiKey}`, 'content-type': 'application/json' }
      const options = {
        agent,
        port: this.#port,
        host: '127.0.0.1',
        path: '/api/realtime/publish',
        method: 'POST',
        headers,
      }
      const asked = request(options, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        response.on('end', () => resolve(response.statusCode === 200 ? text : undefined))
        response.on('error', () => resolve(undefined))
      })
      asked.on('error', () => resolve(undefined))
      asked.end(body)
    })
  }
}

/** An unmodified SDK client that notes what it sees of each channel, and why it had to connect again. */
class Listener {
  readonly seen = new Map<string, { readonly offset: number; readonly data: string }[]>()
  readonly reconnectCodes: number[] = []
  readonly unrecovered: string[] = []
  readonly #client: Centrifuge
  #onSeen = () => {}

  constructor(url: string, getToken: () => Promise<string>) {
    const delays = { minReconnectDelay: 50, maxReconnectDelay: 200 }
    this.#client = new Centrifuge(url, { getToken, websocket: WebSocket, ...delays })
    this.#client.on('connecting', ({ code }) => this.reconnectCodes.push(code))
    for (const channel of channels) this.#follow(channel)
  }

  async connect(): Promise<void> {
    this.#client.connect()
    await Promise.all(channels.map((channel) => this.#client.getSubscription(channel)?.ready(10_000)))
  }

  /** Waits until it has seen every channel up to these offsets. */
  async caughtUp(tops: ReadonlyMap<string, number>): Promise<void> {
    const isBehind = () =>
      channels.some((channel) => (this.seen.get(channel)?.at(-1)?.offset ?? 0) < (tops.get(channel) ?? 0))
    while (isBehind()) {
      await new Promise<void>((resolve) => {
        this.#onSeen = resolve
      })
    }
  }

  close(): void {
    this.#client.disconnect()
  }

  #follow(channel: string): void {
    const seen: { offset: number; data: string }[] = []
    this.seen.set(channel, seen)
    const subscription = this.#client.newSubscription(channel)
    subscription.on('publication', ({ offset = 0, data }) => {
      seen.push({ offset, data })
      this.#onSeen()
    })
    subscription.on('subscribed', ({ wasRecovering, recovered }) => {
      if (wasRecovering && !recovered) this.unrecovered.push(channel)
    })
    subscription.subscribe()
  }
}

/** Everything in history, by `channel offset epoch`. Expects offsets without gap or repeat from 1. */
const readAll = async (server: ServerProcess, keys: ProjectKeys) => {
  const found = new Map<string, string>()
  const tops = new Map<string, number>()
  for (const channel of channels) {
    let next = 1
    let since: { offset: number; epoch: string } | undefined
    for (;;) {
      const { body } = await server.post(keys, 'history', { channel, limit: 1000, since })
      for (const { offset, data } of body.publications) {
        expect(offset).toBe(next)
        next += 1
        found.set(`${channel} ${offset} ${body.epoch}`, data)
      }
      if (body.publications.length === 0) break
      since = { offset: next - 1, epoch: body.epoch }
    }
    tops.set(channel, next - 1)
  }
  return { found, tops }
}

const expectWhole = async (server: ServerProcess, keys: ProjectKeys, storm: Storm, listener: Listener) => {
  const { found, tops } = await readAll(server, keys)
  for (const { channel, offset, epoch, data } of storm.acknowledged) {
    expect(found.get(`${channel} ${offset} ${epoch}`)).toBe(data)
  }
  await listener.caughtUp(tops)
  expect(listener.unrecovered).toEqual([])
  for (const channel of channels) {
    const seen = listener.seen.get(channel) ?? []
    expect(seen.map(({ offset }) => offset)).toEqual(Array.from({ length: tops.get(channel) ?? 0 }, (_, at) => at + 1))
  }
}

/** A server with a project whose history is large enough for a storm, somebody who listens, and a storm. */
const begin = async () => {
  const server = await start()
  const keys = await server.createProject('Storm')
  await server.ask('namespace.set', {
    projectId: keys.projectId,
    namespace: 'chat',
    changes: { historySize: 10_000 },
  })
  const token = await server.mint(keys, { userId: 'listener', ttlSeconds: 3600 })
  const listener = new Listener(server.socketUrl, async () => token)
  leftovers.push(() => listener.close())
  await listener.connect()
  const storm = new Storm(server, keys, 32)
  leftovers.push(() => storm.end())
  return { server, port: server.port, keys, listener, storm }
}

describe('in a storm of publications', () => {
  it('kill -9 loses nothing that was answered 200, and clients recover without gap or repeat', async () => {
    const { server, port, keys, listener, storm } = await begin()
    let running = server
    for (let time = 0; time < 3; time += 1) {
      await storm.rage(700)
      await running.end('SIGKILL')
      running = await start(port)
    }
    await storm.rage(100)
    await storm.end()
    await expectWhole(running, keys, storm, listener)
  })

  it('SIGTERM ends it with 0 within ten seconds, tells clients 3001 and loses nothing', async () => {
    const { server, port, keys, listener, storm } = await begin()
    await storm.rage(1000)
    const askedAt = performance.now()
    expect(await server.end('SIGTERM')).toBe(0)
    expect(performance.now() - askedAt).toBeLessThan(10_000)
    const again = await start(port)
    await storm.rage(100)
    await storm.end()
    await expectWhole(again, keys, storm, listener)
    expect(listener.reconnectCodes).toContain(3001)
  })
})

describe('a data directory', () => {
  const refusal = async (directory: string) => {
    await using server = new ServerProcess(directory)
    return { code: await server.ended(), output: server.output }
  }

  it('that another process has is refused in one line', async () => {
    await using _first = await ServerProcess.start(dataDir)
    expect(await refusal(dataDir)).toEqual({
      code: 1,
      output: expect.stringMatching(/^xshathra: The data directory \S+ is in use[^\n]+\n$/),
    })
  })

  it.each(['xshathra.db', 'history.db'])('whose %s was cut short is refused in one line', async (name) => {
    const first = await ServerProcess.start(dataDir)
    await first.createProject('One')
    await first.end('SIGTERM')
    for (const bytes of [100, 4096]) {
      const cut = join(folder, `cut-${bytes}`)
      cpSync(dataDir, cut, { recursive: true })
      truncateSync(join(cut, name), bytes)
      const { code, output } = await refusal(cut)
      expect([code, output]).toEqual([1, expect.stringMatching(new RegExp(`^xshathra: [^\n]+${name}[^\n]+\n$`))])
    }
  })

  const canMount = process.getuid?.() === 0 && process.platform === 'linux'
  it.skipIf(!canMount)('on a full disk answers 503 and works again when there is room', async () => {
    mkdirSync(dataDir)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', dataDir])
    try {
      await using server = await ServerProcess.start(dataDir)
      const keys = await server.createProject('Full')
      const publish = () => server.post(keys, 'publish', { channel: 'chat:x', data: 'x'.repeat(30_000) })
      let accepted = 0
      let last = await publish()
      for (; last.status === 200 && accepted < 200; last = await publish()) accepted += 1
      expect([last.status, last.body.error.code]).toEqual([503, 'store_unavailable'])
      const filler = join(dataDir, 'filler')
      try {
        writeFileSync(filler, Buffer.alloc(4 * 1024 * 1024))
      } catch (error) {
        expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC')
      }
      await expect(server.createProject('No room')).rejects.toThrow('store_unavailable')
      expect((await fetch(`${server.url}/api/health`)).status).toBe(503)
      expect((await server.post(keys, 'publish', { channel: 'public:x', data: 1 })).status).toBe(200)
      rmSync(filler)
      const after = await server.post(keys, 'publish', { channel: 'chat:x', data: 'after' })
      expect(after.body).toMatchObject({ ok: true, offset: accepted + 1 })
      expect((await fetch(`${server.url}/api/health`)).status).toBe(200)
    } finally {
      execFileSync('umount', ['-l', dataDir])
    }
  })
})
