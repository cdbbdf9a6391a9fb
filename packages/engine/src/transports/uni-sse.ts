import { connectQueryOf, type Route, type RouteNeeds, withBody } from './route.ts'
import { sseContentType, ssePreamble } from './sse.ts'
import { createUniStreamOpener } from './uni-stream.ts'

/** One-way server-sent events: an optional ConnectRequest in the query of a GET, or one in the body of a POST. */
export const uniSseRoute = (needs: RouteNeeds): Route => {
  const options = needs.options.uniSse
  const stream = createUniStreamOpener(needs, {
    name: 'uni_sse',
    form: needs.forms.bareSseBlocks,
    preamble: ssePreamble,
    contentType: sseContentType,
    options,
  })
  return (request, response) => {
    if (request.method === 'GET') return stream.open(request, response, Buffer.from(connectQueryOf(request)))
    if (request.method !== 'POST') return stream.reject(request, response, 405, 'method')
    withBody(request, response, options.bodyMaxBytes, stream.reject, (body) => {
      if (body.length === 0) return stream.reject(request, response, 400, 'empty body')
      stream.open(request, response, body)
    })
  }
}
