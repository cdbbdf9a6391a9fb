import type { IncomingMessage, ServerResponse } from 'node:http'
import { readBody } from '../http/read-body.ts'
import type { TransportHost } from '../transport.ts'
import type { FrameForms } from './frame-forms.ts'
import { answerRefusal } from './http-refusal.ts'
import type { OpenStreams } from './open-streams.ts'
import type { ResponseStream } from './response-stream.ts'
import type { TransportsOptions } from './transport-options.ts'

/** Serves one path; origin and limits were looked at before. */
export type Route = (request: IncomingMessage, response: ServerResponse) => void

/** What the routes of one engine share. */
export interface RouteNeeds {
  readonly options: TransportsOptions
  readonly host: TransportHost
  readonly forms: FrameForms
  readonly open: OpenStreams
  /** The open two-way streams by session: where posted commands find the stream they belong to. */
  readonly sessions: Map<string, ResponseStream>
}

/** Turns a request away and tells so. */
export type Reject = (request: IncomingMessage, response: ServerResponse, status: number, rule: string) => void

export const createReject =
  ({ options }: RouteNeeds, transport: string): Reject =>
  (request, response, status, rule) => {
    options.onReject?.(transport, status, rule)
    answerRefusal(request, response, { status, rule })
  }

/** Reads a body and goes on with it, or answers 413. A client that went away while it was sending hears nothing. */
export const withBody = (
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
  reject: Reject,
  onBody: (body: Buffer) => void,
): void =>
  readBody(request, { maxBytes, excess: 'refuse' }, (body) => {
    if (body !== undefined) onBody(body)
    else reject(request, response, 413, 'body too large')
  })

/** The decoded `cf_connect` of a query: how a GET says its first command. `''` where there is none. */
export const connectQueryOf = (request: IncomingMessage): string => {
  const url = request.url ?? ''
  const start = url.indexOf('?')
  return start < 0 ? '' : (new URLSearchParams(url.slice(start + 1)).get('cf_connect') ?? '')
}
