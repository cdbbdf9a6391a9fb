import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { malformed } from '@xshathra/protocol'
import type { FrameForm } from '../transport.ts'
import { ResponseStream, type StreamEndpoint } from './response-stream.ts'
import { createReject, type Reject, type RouteNeeds } from './route.ts'
import type { UniStreamOptions } from './transport-options.ts'

/** How the two one-way streams over HTTP differ. */
export interface UniStreamKind {
  readonly name: 'uni_sse' | 'uni_http_stream'
  readonly form: FrameForm
  readonly preamble: string
  readonly contentType: string
  readonly options: UniStreamOptions
}

export interface UniStreamOpener {
  readonly reject: Reject
  /** Opens a stream for a ConnectRequest, or answers 400 where it is malformed. */
  open(request: IncomingMessage, response: ServerResponse, connectRequest: Buffer): void
}

export const createUniStreamOpener = (needs: RouteNeeds, kind: UniStreamKind): UniStreamOpener => {
  const { options, host, open } = needs
  const reject = createReject(needs, kind.name)
  const endpoint: StreamEndpoint = {
    name: kind.name,
    isUnidirectional: true,
    preamble: kind.preamble,
    writeTimeoutMs: options.writeTimeoutMs,
    connectCodeToHttpResponse: kind.options.connectCodeToHttpResponse,
    remoteAddress: options.remoteAddress,
    onGone: (stream) => open.delete(stream),
  }
  return {
    reject,
    open(request, response, connectRequest) {
      if (kind.form.codec.readConnectRequest(connectRequest) === malformed) {
        return reject(request, response, 400, 'malformed connect request')
      }
      const opening = { form: kind.form, session: randomUUID(), contentType: kind.contentType }
      const stream = new ResponseStream(request, response, endpoint, opening, host)
      open.add(stream)
      stream.receiveConnectRequest(connectRequest)
    },
  }
}
