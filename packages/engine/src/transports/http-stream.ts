import { randomUUID } from 'node:crypto'
import { preflightHeaders } from './cors.ts'
import { ResponseStream, type StreamEndpoint } from './response-stream.ts'
import { createReject, type Route, type RouteNeeds, withBody } from './route.ts'

/** The endpoint settings of a two-way stream, whose commands come by emulation. */
export const emulatedEndpoint = (
  { options, open, sessions }: RouteNeeds,
  name: 'http_stream' | 'sse',
  preamble: string,
): StreamEndpoint => ({
  name,
  isUnidirectional: false,
  preamble,
  writeTimeoutMs: options.writeTimeoutMs,
  remoteAddress: options.remoteAddress,
  onGone(stream) {
    open.delete(stream)
    sessions.delete(stream.session)
  },
})

/** HTTP streaming: commands in the body of a POST, and an endless answer of newline- or length-delimited replies. */
export const httpStreamRoute = (needs: RouteNeeds): Route => {
  const { options, host, forms, open, sessions } = needs
  const reject = createReject(needs, 'http_stream')
  const endpoint = emulatedEndpoint(needs, 'http_stream', '')
  return (request, response) => {
    if (request.method === 'OPTIONS') return void response.writeHead(204, preflightHeaders).end()
    if (request.method !== 'POST') return reject(request, response, 405, 'method')
    withBody(request, response, options.httpStream.bodyMaxBytes, reject, (body) => {
      const isProtobuf = request.headers['content-type'] === 'application/octet-stream'
      const opening = {
        form: isProtobuf ? forms.protobufDelimited : forms.jsonLines,
        session: randomUUID(),
        contentType: isProtobuf ? 'application/octet-stream' : 'text/plain; charset=utf-8',
      }
      const stream = new ResponseStream(request, response, endpoint, opening, host)
      open.add(stream)
      sessions.set(stream.session, stream)
      void stream.receive(body)
    })
  }
}
