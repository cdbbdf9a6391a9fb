import { type IncomingMessage, type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { requestIdOf } from './request-id.ts'

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[]

/**
 * An answer of the front door, whoever gives it: the id of its request and what browsers are to keep to are added when its
 * head is written. Added then, and not set before, because a head that is one list is cheaper to write by far.
 */
export class MarkedResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  override writeHead(status: number, reason?: string, headers?: Headers): this
  override writeHead(status: number, headers?: Headers): this
  override writeHead(status: number, ...rest: [(string | Headers)?, Headers?]): this {
    const [only] = rest
    if (Array.isArray(only)) return super.writeHead(status, [...only, ...this.#marks()])
    const marks = this.#marks()
    for (let i = 0; i < marks.length; i += 2) {
      if (!this.hasHeader(marks[i]!)) this.setHeader(marks[i]!, marks[i + 1]!)
    }
    return super.writeHead(status, ...(rest as [string, Headers?]))
  }

  #marks(): string[] {
    return [
      'X-Request-Id',
      requestIdOf(this.req),
      'X-Content-Type-Options',
      'nosniff',
      'Referrer-Policy',
      'no-referrer',
    ]
  }
}
