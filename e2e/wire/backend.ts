import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll } from 'vitest'

export interface ProxyCall {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Record<string, unknown>
}

/** What the backend says: a body answered with 200, a status of its own, or nothing at all. */
export type ProxyAnswer = object | { readonly status: number } | 'silence'

/** A customer's backend, as event proxies call it. Tests say what it answers and read what it was asked. */
export class Backend {
  readonly calls: ProxyCall[] = []
  answer: (call: ProxyCall) => ProxyAnswer = () => ({ result: {} })
  readonly url: string

  constructor(url: string) {
    this.url = url
  }

  /** Calls so far, which are then forgotten. */
  takeCalls(): ProxyCall[] {
    return this.calls.splice(0)
  }
}

/** Starts a backend on a free port, which ends after the tests of the file. */
export const startBackend = async (): Promise<Backend> => {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>
      const call = { path: request.url ?? '', headers: request.headers, body }
      backend.calls.push(call)
      const answer = backend.answer(call)
      if (answer === 'silence') return
      if ('status' in answer) response.writeHead(answer.status as number).end()
      else response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const backend = new Backend(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  return backend
}
