import { once } from 'node:events'
import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import type { Item } from './arrivals.ts'
import { type Command, Connection } from './connection.ts'
import type { WireServer } from './servers.ts'

export interface StreamSettings {
  readonly method?: 'GET' | 'POST'
  readonly headers?: Record<string, string>
  readonly body?: string | Buffer
}

const asLines = (commands: readonly Command[]): string => commands.map((command) => JSON.stringify(command)).join('\n')

/** Last item of a stream that the server ended in good order. */
export const ENDED: Item = { close: 'end of stream' }

/**
 * A raw client of the HTTP transports in JSON: reads an endless answer, `http_stream` or `sse`, and sends commands to
 * `/emulation`.
 */
export class HttpStreamClient extends Connection {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Everything the server has sent, as text. */
  text = ''
  session = ''
  node = ''
  readonly #server: WireServer
  readonly #request: ClientRequest
  #rest = ''
  #emulation: Promise<unknown> = Promise.resolve()

  constructor(server: WireServer, outgoing: ClientRequest, response: IncomingMessage) {
    super()
    this.#server = server
    this.#request = outgoing
    this.status = response.statusCode ?? 0
    this.headers = response.headers
    const isEventStream = (response.headers['content-type'] ?? '').startsWith('text/event-stream')
    response.setEncoding('utf8')
    response.on('data', (chunk: string) => {
      this.text += chunk
      this.#read(chunk, isEventStream)
    })
    response.on('end', () => this.inbox.add(ENDED))
    response.on('error', () => this.inbox.add({ close: 'broken' }))
  }

  /** Posts commands to `/emulation`, one request after the other. */
  send(...commands: Command[]): void {
    this.#emulation = this.#emulation.then(() => this.emulate(asLines(commands)))
  }

  /** Posts one request to `/emulation` and answers its status. */
  async emulate(data: string): Promise<number> {
    const response = await fetch(`${this.#server.httpUrl}/emulation`, {
      method: 'POST',
      body: JSON.stringify({ session: this.session, node: this.node, data }),
    })
    await response.arrayBuffer()
    return response.status
  }

  close(): void {
    this.#request.destroy()
  }

  /** Reads the reply to the connect command that the request already carried. */
  async connected(): Promise<Item> {
    const [reply] = await this.inbox.take(1)
    this.noteConnect(reply!)
    const { session = '', node = '' } = (reply!.connect ?? {}) as { session?: string; node?: string }
    this.session = session
    this.node = node
    return reply!
  }

  protected sendPong(): void {
    this.send({})
  }

  #read(chunk: string, isEventStream: boolean): void {
    const separator = isEventStream ? '\n\n' : '\n'
    const blocks = (this.#rest + chunk).split(separator)
    this.#rest = blocks.pop()!
    for (const block of blocks) {
      const line = isEventStream ? block.trim().replace(/^data: /, '') : block
      this.receive(JSON.parse(line) as Item)
    }
  }
}

/** Opens a stream that ends with the server at the latest and resolves when its head has come. */
export const openStream = async (
  server: WireServer,
  path: string,
  { method = 'POST', headers = {}, body }: StreamSettings = {},
): Promise<HttpStreamClient> => {
  const outgoing = request(`${server.httpUrl}${path}`, { method, headers, agent: false })
  server.closeLater(() => outgoing.destroy())
  outgoing.end(body)
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  outgoing.on('error', () => undefined)
  return new HttpStreamClient(server, outgoing, response)
}

/** Opens `http_stream` with these commands, connect first. */
export const openHttpStream = (server: WireServer, ...commands: Command[]): Promise<HttpStreamClient> =>
  openStream(server, '/connection/http_stream', { body: asLines(commands) })

/** Opens `sse` with these commands, connect first. */
export const openSse = (server: WireServer, ...commands: Command[]): Promise<HttpStreamClient> =>
  openStream(server, `/connection/sse?cf_connect=${encodeURIComponent(asLines(commands))}`, { method: 'GET' })
