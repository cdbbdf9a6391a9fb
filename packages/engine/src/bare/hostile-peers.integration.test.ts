import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { loadConfig } from '../config/load-config.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { SocketClient } from '../testing/socket-client.ts'
import { signHs256 } from '../tokens/sign-token.ts'
import { clientFrame, RawClient, upgradeRequest } from '../transports/testing/raw-client.ts'
import { createBareEngine } from './bare-engine.ts'

const secret = 'a-secret-that-no-log-may-show'
const apiKey = 'hostile-key'

/** A server on a port of its own, what it logs, and what it says of itself. */
const startServer = async (client: object = {}) => {
  const config = loadConfig({
    text: JSON.stringify({
      client: { token: { hmac_secret_key: secret, audience: 'us' }, allowed_origins: ['*'], ...client },
      channel: {
        without_namespace: {
          presence: true,
          join_leave: true,
          force_push_join_leave: true,
          allow_subscribe_for_client: true,
          allow_publish_for_client: true,
        },
      },
      http_api: { key: apiKey },
      sse: { enabled: true },
      http_stream: { enabled: true },
      uni_sse: { enabled: true },
      prometheus: { enabled: true },
    }),
    env: {},
  })
  if (!config.ok) throw new Error(JSON.stringify(config.problem))
  const lines: string[] = []
  const engine = await createBareEngine({ config: config.value, log: { write: (line) => void lines.push(line) } })
  const server = createServer(engine.handleRequest).on('upgrade', engine.handleUpgrade)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  onTestFinished(async () => {
    await engine.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const api = async (method: string, body: object = {}) => {
    const init = { method: 'POST', headers: { 'X-API-Key': apiKey }, body: JSON.stringify(body) }
    const answer = await fetch(`http://127.0.0.1:${port}/api/${method}`, init)
    // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
    return ((await answer.json()) as any).result
  }
  const token = (claims: object = {}) => signHs256({ sub: 'ann', aud: 'us', ...claims }, secret)
  const connect = async (claims: object = {}) => {
    const client = await SocketClient.open(port)
    const reply = await client.ask({ connect: { token: token(claims) } })
    return { client, reply }
  }
  const subscribed = async (channel: string) => {
    const { client } = await connect()
    expect(await client.ask({ subscribe: { channel } })).toHaveProperty('subscribe')
    return client
  }
  const node = async () => (await api('info')).nodes[0]
  const metrics = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  return { port, lines, api, token, connect, subscribed, node, metrics }
}

/** Text that looks like a command, and mostly is none. */
const brokenCommand = (random: () => number): string => {
  const whole = '{"id":2,"subscribe":{"channel":"room","offset":1,"data":{"a":[1,"\\u0041",null]}}}'
  const at = Math.floor(random() * whole.length)
  const junk = ['', '{', '}', '"', '\\', '\u0000', '-', '1e999', 'null', '[', '\ud800', '\n\n'][
    Math.floor(random() * 12)
  ]
  return whole.slice(0, at) + junk + whole.slice(at + Math.floor(random() * 8))
}

const randomBytes = (random: () => number): Buffer =>
  Buffer.from(Array.from({ length: 1 + Math.floor(random() * 200) }, () => Math.floor(random() * 256)))

describe('hostile peers', () => {
  it.each([1, 2, 3])('[HP1] that send nonsense (seed %i) harm nobody and leave nothing', async (seed) => {
    const random = seededRandom(seed)
    const { port, subscribed, api, node } = await startServer({ stale_close_delay: '1s' })
    const reader = await subscribed('good')
    const vandals = Array.from({ length: 60 }, (_, number) => {
      const vandal = new RawClient(port)
      vandal.send(number % 10 === 0 ? randomBytes(random) : upgradeRequest('/connection/websocket'))
      return vandal
    })
    for (let round = 0; round < 5; round++) {
      for (const vandal of vandals) {
        const opcode = Math.floor(random() * 16)
        const dice = random()
        if (dice < 0.3) vandal.send(randomBytes(random))
        else if (dice < 0.5)
          vandal.send(clientFrame(opcode, randomBytes(random), { reserved: Math.floor(random() * 8) }))
        else vandal.send(clientFrame(1, brokenCommand(random), { masked: random() < 0.9, final: random() < 0.9 }))
      }
      await api('publish', { channel: 'good', data: round })
    }
    await vi.waitFor(() => expect(reader.pushes.filter(({ pub }) => pub)).toHaveLength(5))
    expect(reader.pushes.flatMap(({ pub }) => pub?.data ?? [])).toEqual([0, 1, 2, 3, 4])
    await vi.waitFor(async () => expect(await node()).toMatchObject({ num_clients: 1, num_channels: 1, num_subs: 1 }), {
      timeout: 5_000,
    })
    for (const vandal of vandals) vandal.socket.destroy()
  })

  it('[HP2] that do not read are ended with 3008, on a socket and on streams, and nobody waits for them', async () => {
    const { port, subscribed, token, api, metrics } = await startServer({ queue_max_size: 100_000 })
    const reader = await subscribed('flood')
    const stalled = await subscribed('flood')
    stalled.stall()
    const request = JSON.stringify({ token: token({ channels: ['flood'] }) })
    const streams = ['/connection/sse', '/connection/http_stream', '/connection/uni_sse'].map((path) => {
      const client = new RawClient(port)
      const body = path === '/connection/uni_sse' ? request : `{"id":1,"connect":${request}}`
      client.send(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
      return client
    })
    for (const stream of streams) await stream.untilText('flood')
    for (const stream of streams) stream.socket.pause()
    const left = async () => (await api('presence_stats', { channel: 'flood' })).num_clients
    expect(await left()).toBe(5)
    let published = 0
    while ((await left()) > 1 && published < 100) {
      await api('publish', { channel: 'flood', data: { n: ++published, text: 'x'.repeat(500_000) } })
    }
    expect(await left()).toBe(1)
    await vi.waitFor(() =>
      expect(reader.pushes.flatMap(({ pub }) => pub?.data.n ?? [])).toEqual(
        Array.from({ length: published }, (_, index) => index + 1),
      ),
    )
    expect(await metrics()).toContain('num_server_disconnects{code="3008"} 4')
  })

  it('[HP3] that are gone without a word, or never answer, are not present for long', async () => {
    const { connect, subscribed, api, node, metrics } = await startServer({
      ping_interval: '1s',
      pong_timeout: '500ms',
    })
    const watcher = await subscribed('room')
    const vanished = await subscribed('room')
    vanished.vanish()
    const mute = await subscribed('room')
    mute.answersPings = false
    expect(await mute.closed).toBe(3012)
    expect(Object.keys((await api('presence', { channel: 'room' })).presence)).toHaveLength(1)
    expect(await node()).toMatchObject({ num_clients: 1, num_users: 1, num_channels: 1, num_subs: 1 })
    await vi.waitFor(() => expect(watcher.pushes.filter(({ leave }) => leave)).toHaveLength(2))
    expect(await metrics()).toContain('num_server_disconnects{code="3012"} 1')
    expect((await connect()).reply).toHaveProperty('connect')
  })

  it('[HP4] whose tokens do not count are refused as documented; the log tells which claim, and never the token', async () => {
    const { port, token, lines } = await startServer()
    const [header, payload, signature] = token().split('.')
    const unsigned = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')
    const asRsa = Buffer.from('{"alg":"RS256","typ":"JWT"}').toString('base64url')
    const forged = signHs256({ sub: 'ann', aud: 'us' }, 'another secret')
    const past = Math.floor(Date.now() / 1000) - 10
    const cases: readonly (readonly [string, number, string])[] = [
      [forged, 3500, 'signature'],
      [`${header}.${payload}.${signature}x`, 3500, 'signature'],
      [`${unsigned}.${payload}.`, 3500, 'alg'],
      [`${asRsa}.${payload}.${signature}`, 3500, 'alg'],
      [token({ aud: 'them' }), 3500, 'aud'],
      [token({ exp: past }), 109, 'exp'],
      [token({ nbf: past + 1_000 }), 109, 'nbf'],
      [token({ sub: 7 }), 3500, 'sub'],
    ]
    for (const [wrong, code, claim] of cases) {
      lines.length = 0
      const client = await SocketClient.open(port)
      const reply = await client.ask({ connect: { token: wrong } })
      expect(typeof reply === 'number' ? reply : reply.error.code, claim).toBe(code)
      await vi.waitFor(() =>
        expect(lines.map((line) => JSON.parse(line))).toContainEqual(expect.objectContaining({ code })),
      )
      expect(JSON.parse(lines[0] ?? '{}').detail).toContain(claim)
      const log = lines.join('')
      for (const part of [...wrong.split('.'), secret].filter((text) => text.length > 3))
        expect(log).not.toContain(part)
      client.vanish()
    }
  })

  it('[HP5] that want too much meet a limit with its own answer, and are counted', async () => {
    const { connect, subscribed, port, metrics } = await startServer({
      connection_limit: 4,
      user_connection_limit: 3,
      channel_limit: 2,
    })
    const client = await subscribed('a')
    await client.ask({ subscribe: { channel: 'b' } })
    expect((await client.ask({ subscribe: { channel: 'c' } })).error.code).toBe(106)
    expect((await connect({ channels: ['a', 'b', 'c'] })).reply).toBe(3505)
    await connect()
    await connect()
    expect((await connect()).reply).toBe(3504)
    await connect({ sub: 'bob' })
    await expect(SocketClient.open(port)).rejects.toThrow('503')
    const counted = await metrics()
    expect(counted).toMatch(/reply_errors\w*\{[^}]*code="106"[^}]*\} 1/)
    for (const code of [3504, 3505]) expect(counted).toContain(`num_server_disconnects{code="${code}"} 1`)
    expect(counted).toContain('xshathra_connections_rejected_total{transport="websocket",rule="connection limit"} 1')
  })

  it('[HP5] that connect too fast meet an empty 503, and are counted', async () => {
    const { port, metrics } = await startServer({ connection_rate_limit: 5 })
    const attempts = await Promise.allSettled(Array.from({ length: 20 }, () => SocketClient.open(port)))
    const refused = attempts.filter(({ status }) => status === 'rejected')
    expect(refused.length).toBeGreaterThanOrEqual(14)
    for (const { reason } of refused as PromiseRejectedResult[]) expect(String(reason)).toContain('503')
    expect(await metrics()).toMatch(/connections_rejected_total\{transport="websocket",rule="[^"]*rate[^"]*"\} \d+/)
  })
})
