import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { FakeClock } from '../../testing/fake-clock.ts'
import { defaultTransportsOptions, type TransportsOptions } from '../transport-options.ts'
import { createTransports, type Transports } from '../transports.ts'
import { clientFrame, RawClient, upgradeRequest } from './raw-client.ts'
import { ScriptedHost } from './scripted-host.ts'

export interface RunningTransports {
  readonly port: number
  readonly url: string
  readonly host: ScriptedHost
  readonly clock: FakeClock
  readonly transports: Transports
  /** What was turned away: transport, status and rule. */
  readonly rejects: string[]
  /** A raw client behind a handshake on the two-way WebSocket path. */
  openWebSocket(query?: string, headers?: Readonly<Record<string, string | undefined>>): Promise<RawClient>
  /** Posts over HTTP and answers with a live stream. */
  fetch(path: string, init?: RequestInit): Promise<Response>
}

const everything: Partial<TransportsOptions> = {
  httpStream: { ...defaultTransportsOptions.httpStream, enabled: true },
  sse: { ...defaultTransportsOptions.sse, enabled: true },
  uniWebsocket: { ...defaultTransportsOptions.uniWebsocket, enabled: true },
  uniSse: { ...defaultTransportsOptions.uniSse, enabled: true },
  uniHttpStream: { ...defaultTransportsOptions.uniHttpStream, enabled: true },
  init: { ...defaultTransportsOptions.init, enabled: true },
}

/** All endpoints on a free port, in front of a host that the test plays, until the test ends. */
export const startTransports = async (options: Partial<TransportsOptions> = {}): Promise<RunningTransports> => {
  const host = new ScriptedHost()
  const clock = new FakeClock()
  const rejects: string[] = []
  const transports = createTransports(
    {
      ...defaultTransportsOptions,
      clock,
      isOriginAllowed: () => true,
      limits: () => ({ connectionLimit: 0, connectionRateLimit: 0 }),
      onReject: (transport, status, rule) => rejects.push(`${transport} ${status} ${rule}`),
      ...everything,
      ...options,
    },
    host,
  )
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    if (!transports.handleRequest(request, response)) response.writeHead(404).end('not a path of the engine')
  })
  server.on('upgrade', transports.handleUpgrade)
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })

  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  return {
    port,
    url,
    host,
    clock,
    transports,
    rejects,
    async openWebSocket(query = '', headers = {}) {
      const client = new RawClient(port)
      client.send(upgradeRequest(`/connection/websocket${query}`, headers))
      await client.untilText('\r\n\r\n')
      return client
    },
    async fetch(path, init) {
      const controller = new AbortController()
      onTestFinished(() => controller.abort())
      return fetch(url + path, { signal: controller.signal, ...init })
    },
  }
}

/** Sends a text frame. */
export const sendText = (client: RawClient, text: string): void => client.send(clientFrame(1, text))
