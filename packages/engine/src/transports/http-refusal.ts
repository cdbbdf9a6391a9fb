import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/** An answer in plain HTTP to a request that opens no stream. */
export interface HttpRefusal {
  readonly status: number
  /** The rule that refused, for events: a few words. */
  readonly rule: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Plain text; absent: no body. */
  readonly body?: string | undefined
}

/** A refusal that says its status in words, as handshakes are refused. */
export const refuseInWords = (
  status: number,
  rule: string,
  headers?: Readonly<Record<string, string>>,
): HttpRefusal => ({
  status,
  rule,
  headers: { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff', ...headers },
  body: `${STATUS_CODES[status]}\n`,
})

/** Answers through node:http; headers set on the response before are kept. */
export const answerRefusal = (request: IncomingMessage, response: ServerResponse, refusal: HttpRefusal): void => {
  // A body that nobody is going to read would stand in front of the next request on this socket.
  if (!request.complete && hasBody(request)) response.setHeader('Connection', 'close')
  const body = refusal.body ?? ''
  const length = refusal.status === 204 ? {} : { 'Content-Length': Buffer.byteLength(body) }
  response.writeHead(refusal.status, { ...refusal.headers, ...length })
  response.end(body)
}

const hasBody = (request: IncomingMessage): boolean =>
  request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0

/** Answers on a socket that node:http has let go of, and closes it. */
export const answerRefusalRaw = (
  socket: Duplex,
  refusal: HttpRefusal,
  headers: Readonly<Record<string, string>> = {},
): void => {
  const body = refusal.body ?? ''
  const lines = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`,
    ...Object.entries({ ...headers, ...refusal.headers }).map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  socket.on('error', () => socket.destroy())
  socket.once('finish', () => socket.destroy())
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
}
