import type { IncomingMessage, ServerResponse } from 'node:http'
import { errors, type JsonScanner, ok, type ProtocolError, type Result } from '@xshathra/protocol'
import { readBody } from '../http/read-body.ts'
import { type MaybePromise, whenReady } from '../maybe-promise.ts'
import { errorJson } from './answer-json.ts'
import { type ApiCaller, type CallerNeeds, createApiCaller } from './api-caller.ts'
import { type ApiCall, apiMethods, type CallReader } from './api-methods.ts'
import { type ApiAccess, createApiAccess } from './authenticate.ts'
import { carryOutBatch, readBatch } from './batch.ts'
import { carryOutLegacy, readLegacyCommands } from './legacy-commands.ts'
import { readJson } from './request-fields.ts'

/** Serves a request whose path is its own; false: somebody else's path, nothing was answered. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => boolean

export interface ServerApiOptions extends CallerNeeds, ApiAccess {
  /** Where errors are told: in the body of a 200, or also in the status. A request may ask for the latter. */
  readonly errorMode?: 'body' | 'transport' | undefined
  /** Default `/api`. */
  readonly path?: string | undefined
  /** Default 16 MiB. */
  readonly maxBodyBytes?: number | undefined
}

interface Endpoint {
  readonly method: string
  /** Reads a body as a call whose result is the whole answer. */
  readonly read: CallReader
}

/**
 * Centrifugo's server HTTP API over an engine: `POST {path}/{method}`, `POST {path}/batch`, and at `{path}` itself the
 * older form of one `{"method","params"}` per line. Bodies and answers are JSON.
 *
 * Refusals in this order: 404 no such method, 405 not POST, 401 no valid key, 413 body too large, 400 body that cannot be
 * read, and after that 200 with an `error` inside (or the status for it, in transport error mode).
 *
 * @example
 * const serverApi = createServerApi({ api: engine, scope: '', key: 'a secret', events: engine.events })
 * createServer((request, response) => void (serverApi(request, response) || response.writeHead(404).end()))
 */
export const createServerApi = (options: ServerApiOptions): RequestHandler => {
  const { path = '/api', errorMode = 'body', maxBodyBytes = defaultMaxBodyBytes, events } = options
  const mayCall = createApiAccess(options)
  const caller = createApiCaller(options)
  const endpoints = createEndpoints(path, caller)

  const answer = ({ method, read }: Endpoint, body: Buffer, request: IncomingMessage, response: ServerResponse) => {
    const call = readJson(body, read)
    if (call === undefined) {
      if (events?.wants('api')) events.emit({ kind: 'api', method, seconds: 0, failure: 'unmarshal' })
      return sendText(response, 400, 'Bad Request')
    }
    const inStatus = errorMode === 'transport' || request.headers['x-centrifugo-error-mode'] === 'transport'
    void whenReady(caller(method, call), (outcome) => sendAnswer(response, outcome, inStatus))
  }

  return (request, response) => {
    const [requestPath, query] = splitUrl(request.url ?? '')
    const endpoint = endpoints.get(requestPath)
    if (endpoint === undefined) {
      if (!requestPath.startsWith(`${path}/`)) return false
      sendText(response, 404, '404 page not found')
    } else if (request.method !== 'POST') {
      sendEmpty(response, 405, 'Allow', 'POST')
    } else if (!mayCall(request, query)) {
      sendEmpty(response, 401)
    } else {
      readBody(request, { maxBytes: maxBodyBytes, excess: 'drain' }, (body) => {
        if (body !== undefined) answer(endpoint, body, request, response)
        else sendEmpty(response, 413)
      })
    }
    return true
  }
}

const defaultMaxBodyBytes = 16 * 1024 * 1024

const createEndpoints = (path: string, caller: ApiCaller): ReadonlyMap<string, Endpoint> => {
  const endpoints = new Map<string, Endpoint>()
  for (const [method, read] of Object.entries(apiMethods)) {
    endpoints.set(`${path}/${method}`, { method, read: (scanner) => asResult(read(scanner)) })
  }
  endpoints.set(`${path}/batch`, { method: 'batch', read: callOf(readBatch, carryOutBatch, caller) })
  endpoints.set(path, { method: 'legacy', read: callOf(readLegacyCommands, carryOutLegacy, caller) })
  return endpoints
}

const asResult =
  (call: ApiCall): ApiCall =>
  (api, scope) =>
    whenReady(call(api, scope), (outcome) => (outcome.ok ? ok(`{"result":${outcome.value}}`) : outcome))

/** Makes one call of many commands; it answers each of them by itself and does not fail as a whole. */
const callOf =
  <Commands>(
    read: (scanner: JsonScanner) => Commands,
    carryOut: (commands: Commands, caller: ApiCaller) => MaybePromise<string>,
    caller: ApiCaller,
  ): CallReader =>
  (scanner) => {
    const commands = read(scanner)
    return () => whenReady(carryOut(commands, caller), ok)
  }

/** Status of an error in transport error mode. Source: Centrifugo's server API reference. */
const statusOf = ({ code }: ProtocolError): number => {
  switch (code) {
    case errors.unknownChannel.code:
    case errors.methodNotFound.code:
      return 404
    case errors.badRequest.code:
    case errors.notAvailable.code:
      return 400
    case errors.unrecoverablePosition.code:
      return 416
    case errors.concurrentPagination.code:
      return 409
    default:
      return 500
  }
}

const splitUrl = (url: string): readonly [path: string, query: string] => {
  const at = url.indexOf('?')
  return at === -1 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)]
}

const sendAnswer = (response: ServerResponse, answer: Result<string, ProtocolError>, errorInStatus: boolean): void => {
  if (answer.ok) sendJson(response, 200, answer.value)
  else if (errorInStatus) sendJson(response, statusOf(answer.problem), errorJson(answer.problem))
  else sendJson(response, 200, `{"error":${errorJson(answer.problem)}}`)
}

const sendJson = (response: ServerResponse, status: number, json: string): void => {
  const length = Buffer.byteLength(json)
  // Where every character is a byte, the cheaper encoding gives the same bytes.
  const encoding = length === json.length ? 'latin1' : 'utf8'
  response.writeHead(status, ['Content-Type', 'application/json', 'Content-Length', String(length)]).end(json, encoding)
}

const sendText = (response: ServerResponse, status: number, message: string): void => {
  response
    .writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' })
    .end(`${message}\n`)
}

const sendEmpty = (response: ServerResponse, status: number, ...headers: string[]): void => {
  response.writeHead(status, ['Content-Length', '0', ...headers]).end()
}
