import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { SocketClient } from '../testing/socket-client.ts'
import { signHs256 } from '../tokens/sign-token.ts'
import type { Holdings, SoakReport } from './soak-server.ts'

const secret = 'soak-secret'
const apiKey = 'soak-key'

/** Every delay as short as it may be, so that half a minute holds many lives of everything. */
const configuration = {
  client: {
    token: { hmac_secret_key: secret },
    allowed_origins: ['*'],
    ping_interval: '2s',
    pong_timeout: '1s',
    stale_close_delay: '1s',
    expired_close_delay: '1s',
    queue_max_size: 65_536,
  },
  channel: {
    namespaces: [
      {
        name: 'room',
        presence: true,
        join_leave: true,
        force_push_join_leave: true,
        history_size: 10,
        history_ttl: '1s',
        history_meta_ttl: '2s',
        force_recovery: true,
        allowed_delta_types: ['fossil'],
        allow_subscribe_for_client: true,
        allow_publish_for_client: true,
        allow_presence_for_client: true,
      },
      { name: 'flood', allow_subscribe_for_client: true },
    ],
  },
  http_api: { key: apiKey },
  http_stream: { enabled: true },
  uni_sse: { enabled: true },
  prometheus: { enabled: true },
  log: { level: 'none' },
}

const loadMs = 24_000
const newcomersEveryMs = 250
const megabyte = 1024 * 1024

describe('[SK1] a server under load for half a minute', () => {
  let child: ChildProcess
  let port: number

  const report = async (): Promise<SoakReport> => {
    const [message] = await once(child, 'message', { signal: AbortSignal.timeout(20_000) })
    return message as SoakReport
  }

  const holdings = (): Promise<Holdings> => {
    const answer = report()
    child.send('report')
    return answer as Promise<Holdings>
  }

  const fetchText = async (path: string, init?: RequestInit): Promise<string> =>
    (await fetch(`http://127.0.0.1:${port}${path}`, init)).text()

  const api = async <Result>(method: string, body: object): Promise<Result> => {
    const init = { method: 'POST', headers: { 'X-API-Key': apiKey }, body: JSON.stringify(body) }
    return JSON.parse(await fetchText(`/api/${method}`, init)).result
  }

  const token = (user: string, seconds: number): string =>
    signHs256({ sub: user, exp: Math.floor(Date.now() / 1000) + seconds }, secret)

  const connect = async (user: string, seconds = 3_600): Promise<SocketClient> => {
    const client = await SocketClient.open(port)
    await succeed(client.ask({ connect: { token: token(user, seconds) } }))
    return client
  }

  const succeed = async (reply: Promise<unknown>): Promise<void> => {
    expect(await reply).not.toHaveProperty('error')
  }

  // ── lives of clients; each ends by itself ─────────────────────────────────────────────────────────────────────

  const chat = async (round: number, seat: number): Promise<void> => {
    const client = await connect(`user-${seat}`)
    const channels = [`room:${round % 20}`, `room:only ${round}`]
    for (const channel of channels) {
      await succeed(client.ask({ subscribe: { channel, delta: 'fossil' } }))
      await succeed(client.ask({ publish: { channel, data: { round, seat, text: 'x'.repeat(200) } } }))
      await succeed(client.ask({ presence: { channel } }))
    }
    await succeed(client.ask({ unsubscribe: { channel: channels[0] } }))
    await delay(500)
    if (seat % 2 === 0) client.leave()
    else client.vanish()
  }

  /** Does not read what it asked for, until the server has enough of it. */
  const slowReader = async (round: number): Promise<void> => {
    const channel = `flood:${round}`
    const client = await connect('slow')
    await succeed(client.ask({ subscribe: { channel } }))
    client.stall()
    // More than the buffers of two kernels hold.
    for (let count = 0; count < 16; count++) await api('publish', { channel, data: 'x'.repeat(megabyte) })
    await delay(200)
    client.vanish()
  }

  const outstayer = async (): Promise<number> => (await connect('outstayer', 2)).closed

  const expired = async (): Promise<unknown> => {
    const client = await SocketClient.open(port)
    const reply = await client.ask({ connect: { token: token('late', -1) } })
    client.vanish()
    return reply
  }

  const silent = async (): Promise<number> => (await SocketClient.open(port)).closed

  const rude = async (): Promise<unknown> => {
    const client = await connect('rude')
    client.sendText('{"id":')
    return client.closed
  }

  /** Streams over HTTP that their clients walk away from. */
  const passerBy = async (path: string, init: RequestInit): Promise<void> => {
    const leaving = new AbortController()
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { ...init, signal: leaving.signal })
    await response.body?.getReader().read()
    leaving.abort()
  }

  const streams = (): Promise<unknown> => {
    const request = { token: token('stream', 3_600) }
    const query = new URLSearchParams({ cf_connect: JSON.stringify(request) })
    return Promise.all([
      passerBy(`/connection/uni_sse?${query}`, {}),
      passerBy('/connection/http_stream', { method: 'POST', body: JSON.stringify({ id: 1, connect: request }) }),
    ])
  }

  const newcomers = (round: number): Promise<unknown>[] => [
    ...Array.from({ length: 20 }, (_, seat) => chat(round, seat)),
    ...(round % 4 === 0 ? [slowReader(round)] : []),
    expect(outstayer()).resolves.toBe(3005),
    expect(expired()).resolves.toMatchObject({ error: { code: 109 } }),
    expect(silent()).resolves.toBe(3502),
    expect(rude()).resolves.toBe(3501),
    streams(),
  ]

  /** Lets newcomers in until the time is over, and waits until all of them have gone. */
  const load = async (ms: number, firstRound: number): Promise<number> => {
    const lives: Promise<unknown>[] = []
    const untilMs = performance.now() + ms
    let round = firstRound
    for (; performance.now() < untilMs; round++) {
      lives.push(...newcomers(round))
      await delay(newcomersEveryMs)
    }
    await Promise.all(lives)
    return round
  }

  /** Waits until nobody is there any more; what is left over keeps this from coming true. */
  const untilEmpty = (): Promise<void> =>
    vi.waitFor(
      async () => {
        const { nodes } = await api<{ nodes: Record<string, number>[] }>('info', {})
        expect(nodes[0]).toMatchObject({ num_clients: 0, num_users: 0, num_channels: 0, num_subs: 0 })
      },
      { timeout: 10_000, interval: 100 },
    )

  beforeAll(async () => {
    const program = fileURLToPath(new URL('./soak-server.ts', import.meta.url))
    child = fork(program, [JSON.stringify(configuration)], {
      execArgv: ['--expose-gc', '--conditions=@xshathra/source'],
    })
    port = ((await report()) as { port: number }).port
  })

  afterAll(async () => {
    child.disconnect()
    await once(child, 'exit')
  })

  it('holds no more at the end than in the middle, and nothing once everybody has gone', {
    timeout: 60_000,
  }, async () => {
    const atRest = await holdings()
    const half = await load(loadMs / 2, 0)
    await untilEmpty()
    const middle = await holdings()
    await load(loadMs / 2, half)
    await untilEmpty()
    // Histories and idle sockets have a second or two more.
    await delay(4_000)
    const end = await holdings()
    expect(await fetchText('/metrics')).toMatch(/num_server_disconnects\{code="3008"\} [1-9]/)
    for (const room of Array.from({ length: 20 }, (_, index) => `room:${index}`)) {
      expect(await api('presence_stats', { channel: room })).toEqual({ num_clients: 0, num_users: 0 })
    }
    expect(await api('channels', {})).toEqual({ channels: {} })
    expect(end.timers).toBe(atRest.timers)
    expect(end.sockets).toBe(atRest.sockets)
    expect(end.heapBytes).toBeLessThan(middle.heapBytes + 2 * megabyte)
    expect(end.residentBytes).toBeLessThan(middle.residentBytes * 1.1 + 16 * megabyte)
  })
})
