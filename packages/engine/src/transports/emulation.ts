import type { IncomingMessage, ServerResponse } from 'node:http'
import { preflightHeaders } from './cors.ts'
import { parseJsonEmulationRequest, parseProtobufEmulationRequest } from './emulation-request.ts'
import { createReject, type Route, type RouteNeeds, withBody } from './route.ts'

/**
 * Takes commands for the streams of HTTP streaming and SSE. Answers 204 once they were handled, which SDKs rely on for
 * their order; the replies travel on the stream. Commands for a session that is not open are dropped with 204 too, as
 * its client has learned of the end from the stream itself.
 */
export const emulationRoute = (needs: RouteNeeds): Route => {
  const { options, host, sessions } = needs
  const reject = createReject(needs, 'emulation')

  const handle = async (request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> => {
    const isProtobuf = request.headers['content-type'] === 'application/octet-stream'
    const posted = isProtobuf ? parseProtobufEmulationRequest(body) : parseJsonEmulationRequest(body)
    if (!posted) return reject(request, response, 400, 'malformed body')
    if (posted.node !== host.nodeId) return reject(request, response, 404, 'unknown node')
    const stream = sessions.get(posted.session)
    const isTaken = stream ? await stream.receive(posted.data) : true
    if (!isTaken) return reject(request, response, 503, 'too many commands waiting')
    response.writeHead(204).end()
  }

  return (request, response) => {
    if (request.method === 'OPTIONS') return void response.writeHead(204, preflightHeaders).end()
    if (request.method !== 'POST') return reject(request, response, 405, 'method')
    withBody(request, response, options.emulation.bodyMaxBytes, reject, (body) => {
      handle(request, response, body).catch(() => reject(request, response, 500, 'internal'))
    })
  }
}
