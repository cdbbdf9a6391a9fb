import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { emulatedEndpoint } from './http-stream.ts'
import { ResponseStream } from './response-stream.ts'
import { connectQueryOf, createReject, type Route, type RouteNeeds, withBody } from './route.ts'

/** What starts a stream of server-sent events, so that it is seen to be open before there is anything to say. */
export const ssePreamble = '\r\n'
export const sseContentType = 'text/event-stream; charset=utf-8'

/** Server-sent events, JSON only: commands in the query of a GET or the body of a POST, and one block per reply. */
export const sseRoute = (needs: RouteNeeds): Route => {
  const { options, host, forms, open, sessions } = needs
  const reject = createReject(needs, 'sse')
  const endpoint = emulatedEndpoint(needs, 'sse', ssePreamble)

  const openStream = (request: IncomingMessage, response: ServerResponse, commands: Buffer): void => {
    const opening = { form: forms.sseBlocks, session: randomUUID(), contentType: sseContentType }
    const stream = new ResponseStream(request, response, endpoint, opening, host)
    open.add(stream)
    sessions.set(stream.session, stream)
    void stream.receive(commands)
  }

  return (request, response) => {
    if (request.method === 'GET') {
      const commands = connectQueryOf(request)
      if (commands === '') return reject(request, response, 400, 'no connect command')
      return openStream(request, response, Buffer.from(commands))
    }
    if (request.method !== 'POST') return reject(request, response, 405, 'method')
    withBody(request, response, options.sse.bodyMaxBytes, reject, (body) => openStream(request, response, body))
  }
}
