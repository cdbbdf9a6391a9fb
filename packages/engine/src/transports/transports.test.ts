import { describe, expect, it } from 'vitest'
import { refuseInWords } from './http-refusal.ts'
import { clientFrame, closeOf, RawClient, serverFrames, upgradeRequest } from './testing/raw-client.ts'
import { startTransports } from './testing/start-transports.ts'
import { StreamReader } from './testing/stream-reader.ts'
import { defaultTransportsOptions } from './transport-options.ts'

const shutdown = { code: 3001, reason: 'shutdown' }

const answerTo = async (port: number, request: string): Promise<string> => {
  const client = new RawClient(port)
  client.send(request)
  await client.untilEnded()
  return client.text
}

describe('createTransports', () => {
  it('serves each endpoint at its exact path, and leaves other paths to others', async () => {
    const websocket = { ...defaultTransportsOptions.websocket, path: '/ws/' }
    const running = await startTransports({ basePath: '/realtime', websocket })
    expect((await running.fetch('/realtime/connection/init')).status).toBe(200)
    for (const path of ['/connection/init', '/realtime/connection/init/', '/realtime', '/']) {
      const response = await running.fetch(path)
      expect([response.status, await response.text()]).toEqual([404, 'not a path of the engine'])
    }
    const client = new RawClient(running.port)
    client.send(upgradeRequest('/realtime/ws?a=b'))
    await client.untilText('HTTP/1.1 101 ')
    expect(await answerTo(running.port, upgradeRequest('/realtime/ws/'))).toContain('HTTP/1.1 404 ')
  })

  it('serves no endpoint that is not enabled', async () => {
    const { init, sse, httpStream, uniWebsocket } = defaultTransportsOptions
    const running = await startTransports({ init, sse, httpStream, uniWebsocket })
    for (const path of ['/connection/init', '/connection/sse', '/connection/http_stream', '/emulation']) {
      expect((await running.fetch(path)).status).toBe(404)
    }
    expect(await answerTo(running.port, upgradeRequest('/connection/uni_websocket'))).toContain('HTTP/1.1 404 ')
  })

  it('answers what a page asks before it connects', async () => {
    const running = await startTransports()
    const response = await running.fetch('/connection/init')
    expect([response.headers.get('content-type'), await response.text()]).toEqual([
      'application/json; charset=utf-8',
      '{}',
    ])
    expect((await running.fetch('/connection/init', { method: 'POST' })).status).toBe(405)
  })

  describe('on a WebSocket path', () => {
    it('[TR1] refuses a request without upgrade', async () => {
      const running = await startTransports()
      const response = await running.fetch('/connection/websocket')
      expect([response.status, await response.text()]).toEqual([400, 'Bad Request\n'])
      expect(response.headers.get('sec-websocket-version')).toBe('13')
      expect(running.rejects).toEqual(['websocket 400 no upgrade asked for'])
    })

    it('lets somebody else answer it', async () => {
      const running = await startTransports({
        answerWithoutUpgrade: (_request, response) =>
          response.writeHead(426, { Upgrade: 'websocket' }).end('no upgrade'),
      })
      expect((await running.fetch('/connection/websocket')).status).toBe(426)
    })

    it('[TR1] refuses bad handshakes in HTTP and closes', async () => {
      const running = await startTransports({ isOriginAllowed: (origin) => origin === undefined })
      const origin = await answerTo(
        running.port,
        upgradeRequest('/connection/websocket', { Origin: 'https://evil.example' }),
      )
      expect(origin).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n.*Connection: close\r\n.*\r\n\r\nForbidden\n$/s)
      const method = await answerTo(running.port, upgradeRequest('/connection/websocket', {}, 'POST'))
      expect(method).toContain('HTTP/1.1 405 ')
      expect(running.rejects).toEqual(['websocket 403 origin', 'websocket 405 method'])
      expect(running.host.connections).toEqual([])
    })

    it('turns away what its owner refuses, with the owner’s words', async () => {
      const refusal = { ...refuseInWords(400, 'token in the query'), body: 'send the token in the connect command\n' }
      const running = await startTransports({ refuse: ({ url }) => (url?.includes('token=') ? refusal : undefined) })
      const answer = await answerTo(running.port, upgradeRequest('/connection/websocket?token=t'))
      expect(answer).toContain('send the token in the connect command')
      expect((await running.fetch('/connection/sse?token=t')).status).toBe(400)
      expect(running.rejects).toEqual(['websocket 400 token in the query', 'sse 400 token in the query'])
    })
  })

  it('[TR14] lets pages of allowed origins read answers, and carries out the requests of others unread', async () => {
    const running = await startTransports({ isOriginAllowed: (origin) => origin !== 'https://evil.example' })
    const headers = { Origin: 'https://app.example', 'Access-Control-Request-Headers': 'x-a, x-b' }
    const preflight = await running.fetch('/emulation', { method: 'OPTIONS', headers })
    expect(Object.fromEntries(preflight.headers)).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-credentials': 'true',
      'access-control-allow-headers': 'x-a, x-b',
      'access-control-allow-methods': 'POST, OPTIONS',
    })
    const evil = await running.fetch('/connection/http_stream', {
      method: 'POST',
      body: '{}',
      headers: { Origin: 'https://evil.example' },
    })
    expect([evil.status, evil.headers.get('access-control-allow-origin')]).toEqual([200, null])
    expect((await running.host.connection()).transport.origin).toBe('https://evil.example')
  })

  it('[TR15] turns new connections away with an empty 503 where there is no room, but no commands of open ones', async () => {
    const running = await startTransports({ limits: () => ({ connectionLimit: 1, connectionRateLimit: 0 }) })
    const controller = new AbortController()
    await running.fetch('/connection/http_stream', { method: 'POST', body: '{}', signal: controller.signal })
    const { transport, untilClosed } = await running.host.connection()
    const refused = await running.fetch('/connection/sse?cf_connect=%7B%7D')
    expect([refused.status, await refused.text()]).toEqual([503, ''])
    expect(await answerTo(running.port, upgradeRequest('/connection/websocket'))).toMatch(
      /^HTTP\/1\.1 503 .*\r\n\r\n$/s,
    )
    const posted = { session: transport.session, node: 'node-1', data: '{}' }
    expect((await running.fetch('/emulation', { method: 'POST', body: JSON.stringify(posted) })).status).toBe(204)
    expect(running.rejects).toEqual(['sse 503 connection limit', 'websocket 503 connection limit'])
    controller.abort()
    await untilClosed.call(running.host.connections[0])
    expect((await running.fetch('/connection/sse?cf_connect=%7B%7D')).status).toBe(200)
  })

  it('[TR16] tells every stream of the shutdown, admits nobody any more, and settles when all are gone', async () => {
    const running = await startTransports()
    const client = await running.openWebSocket()
    const stream = new StreamReader(await running.fetch('/connection/http_stream', { method: 'POST', body: '{}' }))
    await running.host.connection(1)
    expect(running.transports.openCount).toBe(2)
    let isSettled = false
    const closed = running.transports.closeAll(shutdown).then(() => {
      isSettled = true
    })
    await stream.untilEnded()
    await client.untilText('shutdown')
    expect(stream.text).toBe('{"push":{"disconnect":{"code":3001,"reason":"shutdown"}}}\n')
    expect(closeOf(serverFrames(client.body))).toBe('3001 shutdown')
    expect((await running.fetch('/connection/sse?cf_connect=%7B%7D')).status).toBe(503)
    expect(isSettled).toBe(false)
    client.send(clientFrame(8, Buffer.from([0x0b, 0xb9])))
    await closed
    expect(running.transports.openCount).toBe(0)
    await running.transports.closeAll(shutdown)
  })
})
