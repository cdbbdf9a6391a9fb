import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { defaultProxyOptions, type ProxyOptions } from '../proxy-options.ts'

export interface ReceivedCall {
  readonly method: string
  readonly path: string
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

type Answer = (call: ReceivedCall, response: http.ServerResponse) => void

/** A customer's backend on a port of its own: keeps what it was asked and answers what a test tells it to. */
export class Backend {
  readonly calls: ReceivedCall[] = []
  #answer: Answer = (_, response) => response.end('{}')
  /** Connections it accepted so far. */
  connections = 0
  readonly #server: http.Server

  private constructor() {
    this.#server = http.createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const { method = '', url: path = '', headers } = request
        const call = { method, path, headers, body: Buffer.concat(chunks).toString() }
        this.calls.push(call)
        this.#answer(call, response)
      })
    })
    this.#server.on('connection', () => this.connections++)
  }

  static async start(): Promise<Backend> {
    const backend = new Backend()
    await new Promise<void>((resolve) => backend.#server.listen(0, '127.0.0.1', resolve))
    return backend
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/ask`
  }

  /** Options of a proxy that asks this backend. */
  options(options: Partial<ProxyOptions> = {}): ProxyOptions {
    return { ...defaultProxyOptions, endpoint: this.endpoint, ...options }
  }

  get lastBody(): unknown {
    return JSON.parse(this.calls.at(-1)!.body)
  }

  answerJson(text: string, status = 200): void {
    this.answerWith((_, response) => response.writeHead(status, { 'content-type': 'application/json' }).end(text))
  }

  answerWith(answer: Answer): void {
    this.#answer = answer
  }

  dropConnections(): void {
    this.#server.closeAllConnections()
  }

  close(): Promise<void> {
    this.dropConnections()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
}
