import { once } from 'node:events'
import { type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { createLogger } from '@xshathra/engine'
import { afterEach, describe, expect, it } from 'vitest'
import { createAccessLog } from './front-door/access-log.ts'
import { parseAddressList } from './front-door/address-list.ts'
import { createHttpApp } from './front-door/http-app.ts'
import { createHostRule } from './front-door/known-hosts.ts'
import { createMetricsDoor } from './front-door/metrics-door.ts'
import { createProxyTrust } from './front-door/proxy-trust.ts'
import { answerMissingUpgrade, refuseTokenInUrl } from './front-door/socket-hints.ts'
import { createFrontDoor } from './front-door.ts'
import { healthRoute } from './health/health-route.ts'
import { Secret } from './secrets/secret.ts'
import { createNoWeb } from './web/no-web.ts'

interface Opened {
  readonly server: Server
  readonly url: string
  readonly lines: () => readonly Record<string, unknown>[]
}

interface Setting {
  readonly publicUrl?: string
  readonly trusted?: string
  readonly metricsToken?: string
  readonly storeIsReady?: boolean
}

let opened: Opened | undefined
afterEach(() => {
  opened?.server.closeAllConnections()
  opened?.server.close()
})

const say = (text: string) => (_request: IncomingMessage, response: ServerResponse) => {
  response.end(text)
  return true
}

/** A front door on a free port, with rooms that say their names. */
const open = async ({ publicUrl, trusted = '', metricsToken, storeIsReady = true }: Setting = {}): Promise<Opened> => {
  const written: string[] = []
  const logger = createLogger('debug', { write: (line) => void written.push(line) })
  const list = parseAddressList(trusted)
  if (!list.ok) throw new Error(list.problem)
  const trust = createProxyTrust(list.value)
  const app = await createHttpApp({
    logger,
    trust,
    rooms: [
      healthRoute({
        engine: () => ({ kind: 'embedded', ready: true }),
        store: async () => ({ kind: 'sqlite', ready: storeIsReady }),
      }),
      async (room) => {
        room.get('/api/address', async ({ ip }) => ip)
        room.get('/api/breaks', async () => {
          throw new Error('an internal cause')
        })
        room.post('/api/takes', async () => 'taken')
      },
    ],
  })
  const server = createFrontDoor({
    engine: {
      handleRequest(incoming, response) {
        if (!incoming.url?.startsWith('/realtime/connection/')) return false
        answerMissingUpgrade(incoming, response)
        return true
      },
      handleUpgrade: (_request, socket) => void socket.end('HTTP/1.1 400 the engine\r\n\r\n'),
    },
    operatorApi: (incoming, response) =>
      (incoming.url ?? '').startsWith('/realtime/api/') && say('operator API')(incoming, response),
    http: (incoming, response) => app.routing(incoming, response),
    metrics: createMetricsDoor({
      handler: say('metrics'),
      token: metricsToken === undefined ? undefined : new Secret(metricsToken),
      isPublic: publicUrl !== undefined || trusted !== '',
    }),
    web: createNoWeb('1.2.3'),
    trust,
    isKnownHost: createHostRule(publicUrl),
    accessLog: createAccessLog({
      logger,
      clientAddress: ({ socket, headers }) => trust.clientAddress(socket.remoteAddress ?? '', () => headers),
    }),
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const lines = () => written.map((line) => JSON.parse(line) as Record<string, unknown>)
  opened = { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, lines }
  return opened
}

/** A request with a Host of the test's choice, which fetch does not allow. */
const ask = async (url: string, headers: Record<string, string>) => {
  const [response] = (await once(request(url, { headers }).end(), 'response')) as [IncomingMessage]
  return { status: response.statusCode, headers: response.headers, body: await readText(response) }
}

const readText = async (response: IncomingMessage) => (await response.toArray()).join('')

/** What a socket is answered to these lines. */
const sendLines = async (url: string, ...lines: readonly string[]) => {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname).setEncoding('utf8')
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  const text = (await socket.toArray()).join('')
  return text
}

describe('the front door', () => {
  it.each([
    ['/api/address', '127.0.0.1'],
    ['/realtime/api/publish', 'operator API'],
    ['/metrics', 'metrics'],
  ])('leads %s to its room', async (path, answer) => {
    const { url } = await open()
    expect(await (await fetch(url + path)).text()).toBe(answer)
  })

  it('says at / what is there, and that there is no website in this build', async () => {
    const { url } = await open()
    const text = await (await fetch(url)).text()
    expect(text).toContain('Xshathra 1.2.3 is running. This build has no website.')
    for (const path of ['/api/health', '/realtime/connection/websocket']) expect(text).toContain(path)
  })

  it('says where the setup link leads how to do without a website', async () => {
    const { url } = await open()
    expect(await (await fetch(`${url}/setup`)).text()).toContain('xshathra account create')
  })

  it.each([
    '/nothing',
    '/__proto__',
    '/constructor',
    '/apinothing',
    '/realtimenothing',
    '/realtime/nothing',
    '/api/nothing',
    '/api',
    '/metrics/x',
  ])('knows nothing of %s', async (path) => {
    const { url } = await open()
    const response = await fetch(url + path)
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ error: { code: 'not_found', docs: '/docs/errors#not_found' } })
  })

  it('gives every answer a request id of its own, and headers that keep browsers careful', async () => {
    const { url } = await open()
    const [one, other] = await Promise.all([fetch(`${url}/api/health`), fetch(`${url}/nothing`)])
    expect(one.headers.get('x-request-id')).toMatch(/^req_\S+$/)
    expect(other.headers.get('x-request-id')).not.toBe(one.headers.get('x-request-id'))
    expect(one.headers.get('x-content-type-options')).toBe('nosniff')
    expect(one.headers.get('referrer-policy')).toBe('no-referrer')
  })

  it('answers 426 to a plain GET on the socket, with the lines that a proxy lacks', async () => {
    const { url } = await open()
    const response = await fetch(`${url}/realtime/connection/websocket`)
    expect(response.status).toBe(426)
    expect(response.headers.get('upgrade')).toBe('websocket')
    const { error, proxies } = (await response.json()) as { error: { code: string; message: string }; proxies: object }
    expect(error.code).toBe('upgrade_required')
    expect(error.message).toContain('"Upgrade: websocket"')
    expect(Object.keys(proxies)).toEqual(['apache', 'nginx', 'caddy'])
  })

  it('hands upgrades under /realtime to the engine and refuses all others', async () => {
    const { url } = await open()
    const upgrade = ['Host: localhost', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
    expect(await sendLines(url, 'GET /realtime/connection/websocket HTTP/1.1', ...upgrade)).toMatch(/400 the engine/)
    expect(await sendLines(url, 'GET /elsewhere HTTP/1.1', ...upgrade)).toMatch(/^HTTP\/1.1 404 /)
    const foreign = upgrade.with(0, 'Host: evil.example')
    expect(await sendLines(url, 'GET /realtime/connection/websocket HTTP/1.1', ...foreign)).toMatch(/^HTTP\/1.1 421 /)
  })

  it('answers a request that offers HTTP/2 as if it offered nothing', async () => {
    const { url } = await open()
    const offer = [
      'Host: localhost',
      'Connection: Upgrade, HTTP2-Settings, close',
      'Upgrade: h2c',
      'HTTP2-Settings: AAA',
    ]
    expect(await sendLines(url, 'GET /api/health HTTP/1.1', ...offer)).toMatch(/^HTTP\/1.1 200 /)
  })

  it('serves no host name that is not its own', async () => {
    const { url } = await open()
    const { status, body } = await ask(`${url}/api/health`, { Host: 'evil.example' })
    expect(status).toBe(421)
    expect(JSON.parse(body)).toMatchObject({ error: { code: 'unknown_host' } })
    expect((await ask(`${url}/api/health`, { Host: 'localhost:3001' })).status).toBe(200)
  })

  it('says in its health which part is not ready', async () => {
    const { url } = await open({ storeIsReady: false })
    const response = await fetch(`${url}/api/health`)
    expect(response.status).toBe(503)
    expect(await response.json()).toEqual({
      live: true,
      ready: false,
      engine: { kind: 'embedded', ready: true },
      store: { kind: 'sqlite', ready: false },
    })
  })

  it('tells the log what went wrong inside, and the caller nothing of it', async () => {
    const { url, lines } = await open()
    const response = await fetch(`${url}/api/breaks`)
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('internal cause')
    const requestId = response.headers.get('x-request-id')
    expect(lines()).toContainEqual(
      expect.objectContaining({ requestId, err: expect.objectContaining({ message: 'an internal cause' }) }),
    )
  })

  it('answers what a framework refuses with problems of ours', async () => {
    const { url } = await open()
    const post = (body: string, type: string) =>
      fetch(`${url}/api/takes`, { method: 'POST', body, headers: { 'Content-Type': type } })
    const codeOf = async (response: Response) => ((await response.json()) as { error: { code: string } }).error.code
    expect(await codeOf(await post('{', 'application/json'))).toBe('invalid_body')
    expect(await codeOf(await post('x', 'image/png'))).toBe('unsupported_media_type')
    expect(await codeOf(await post(JSON.stringify('x'.repeat(2_000_000)), 'application/json'))).toBe('too_large')
  })
})

describe('the address of a caller', () => {
  it('is what a trusted proxy says, and nobody else', async () => {
    const headers = { 'X-Forwarded-For': '203.0.113.7' }
    const trusting = await open({ trusted: '127.0.0.1' })
    expect(await (await fetch(`${trusting.url}/api/address`, { headers })).text()).toBe('203.0.113.7')
    trusting.server.closeAllConnections()
    trusting.server.close()
    const wary = await open()
    expect(await (await fetch(`${wary.url}/api/address`, { headers })).text()).toBe('127.0.0.1')
  })
})

describe('metrics', () => {
  const statusOf = async (setting: Setting, headers: Record<string, string> = {}) => {
    const { url } = await open(setting)
    return (await fetch(`${url}/metrics`, { headers })).status
  }

  it('are open while nothing says that the outside can reach us', async () => {
    expect(await statusOf({})).toBe(200)
  })

  it.each<[string, Setting, Record<string, string>]>([
    ['there is a public URL', { publicUrl: 'https://rt.example.com' }, {}],
    ['there are trusted proxies', { trusted: '10.0.0.1' }, {}],
    ['a proxy passed the request on', {}, { 'X-Forwarded-For': '127.0.0.1' }],
    [
      'the token is wrong',
      { publicUrl: 'https://rt.example.com', metricsToken: 'right' },
      { Authorization: 'Bearer wrong' },
    ],
  ])('are closed when %s', async (_, setting, headers) => {
    expect(await statusOf(setting, headers)).toBe(401)
  })

  it('are open to the token wherever it comes from', async () => {
    const setting = { publicUrl: 'https://rt.example.com', metricsToken: 'right' }
    expect(await statusOf(setting, { Authorization: 'Bearer right', 'X-Forwarded-For': '203.0.113.7' })).toBe(200)
  })
})

describe('the access log', () => {
  it('has a line for each request, without its query string', async () => {
    const { url, lines } = await open()
    const response = await fetch(`${url}/nothing?token=hunter2`)
    await response.text()
    await expect.poll(lines).toContainEqual(
      expect.objectContaining({
        method: 'GET',
        path: '/nothing',
        status: 404,
        address: '127.0.0.1',
        requestId: response.headers.get('x-request-id'),
      }),
    )
    expect(JSON.stringify(lines())).not.toContain('hunter2')
  })
})

describe('a token in the URL', () => {
  it.each([
    ['/realtime/connection/websocket?token=abc', true],
    ['/realtime/connection/websocket?cf_ws_frame_ping_pong=true&token=', true],
    ['/realtime/connection/websocket?cf_ws_frame_ping_pong=true', false],
    ['/realtime/connection/websocket', false],
  ])('%s is refused: %j', (url, isRefused) => {
    const refusal = refuseTokenInUrl({ url } as IncomingMessage)
    expect(refusal?.status).toBe(isRefused ? 400 : undefined)
    if (isRefused) expect(refusal?.body).toContain('first frame')
  })
})
