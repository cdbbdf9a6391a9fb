import { preflightHeaders } from './cors.ts'
import { type Route, type RouteNeeds, withBody } from './route.ts'
import { createUniStreamOpener } from './uni-stream.ts'

/** One-way HTTP streaming: a ConnectRequest in the body of a POST, and an endless answer of one push per line. */
export const uniHttpStreamRoute = (needs: RouteNeeds): Route => {
  const options = needs.options.uniHttpStream
  const stream = createUniStreamOpener(needs, {
    name: 'uni_http_stream',
    form: needs.forms.bareLines,
    preamble: '',
    contentType: 'text/plain; charset=utf-8',
    options,
  })
  return (request, response) => {
    if (request.method === 'OPTIONS') return void response.writeHead(204, preflightHeaders).end()
    if (request.method !== 'POST') return stream.reject(request, response, 405, 'method')
    withBody(request, response, options.bodyMaxBytes, stream.reject, (body) => {
      if (body.length === 0) return stream.reject(request, response, 400, 'empty body')
      stream.open(request, response, body)
    })
  }
}
