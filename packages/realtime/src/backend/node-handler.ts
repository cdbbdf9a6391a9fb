/** What is needed of a request of Node's `http`, or of Express. */
export interface NodeRequest extends AsyncIterable<unknown> {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** What a body parser has already read. */
  readonly body?: unknown
}

export interface NodeResponse {
  statusCode: number
  setHeader(name: string, value: string): unknown
  end(text: string): unknown
}

const maxBodyBytes = 64 * 1024

/**
 * Turns a function from `Request` to `Response` into a handler for Node's `http` server and for Express, with or without
 * a body parser in front. Bodies are limited to 64 KiB (413).
 *
 * @example
 * import { createServer } from 'node:http'
 * import { createTokenHandler, toNodeHandler } from '@xshathra/realtime'
 *
 * const handler = toNodeHandler(createTokenHandler({ authorize: () => 'user_1' }))
 * createServer(handler)
 */
export const toNodeHandler =
  (handle: (request: Request) => Promise<Response>) =>
  async (request: NodeRequest, response: NodeResponse): Promise<void> => {
    const answer = await respond(handle, request)
    const text = await answer.text()
    response.statusCode = answer.status
    for (const [name, value] of answer.headers) response.setHeader(name, value)
    response.end(text)
  }

const respond = async (handle: (request: Request) => Promise<Response>, request: NodeRequest): Promise<Response> => {
  try {
    const body = await readBody(request)
    return body === undefined ? new Response('', { status: 413 }) : await handle(toRequest(request, body))
  } catch (error) {
    console.error('@xshathra/realtime: a handler failed:', error)
    return new Response('', { status: 500 })
  }
}

const toRequest = (request: NodeRequest, body: string): Request => {
  const method = request.method ?? 'GET'
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) {
    for (const one of typeof value === 'string' ? [value] : (value ?? [])) headers.append(name, one)
  }
  // The body may have been written anew, and in another length.
  headers.delete('content-length')
  const host = headers.get('host') ?? 'localhost'
  const path = request.url?.startsWith('/') ? request.url : '/'
  const init = method === 'GET' || method === 'HEAD' || body === '' ? { method, headers } : { method, headers, body }
  return new Request(URL.canParse(`http://${host}${path}`) ? `http://${host}${path}` : `http://localhost${path}`, init)
}

/** Undefined: it is too large. */
const readBody = async (request: NodeRequest): Promise<string | undefined> => {
  const { body } = request
  if (typeof body === 'string') return body
  if (typeof body === 'object' && body !== null) return Object.keys(body).length === 0 ? '' : JSON.stringify(body)
  const decoder = new TextDecoder()
  let bytes = 0
  let text = ''
  for await (const chunk of request) {
    const part = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : (chunk as Uint8Array)
    bytes += part.byteLength
    if (bytes > maxBodyBytes) return undefined
    text += decoder.decode(part, { stream: true })
  }
  return text + decoder.decode()
}
