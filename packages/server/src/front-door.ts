import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { answerRefusalRaw } from '@xshathra/engine'
import { type AccessLog, pathOf } from './front-door/access-log.ts'
import type { HostRule } from './front-door/known-hosts.ts'
import { MarkedResponse } from './front-door/marked-response.ts'
import type { ProxyTrust } from './front-door/proxy-trust.ts'
import { createRequestIds, nameRequest } from './front-door/request-id.ts'
import { sendProblem } from './front-door/send-problem.ts'
import { problem, problemBody } from './problems.ts'
import type { WebApp } from './web/web-app.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** The rooms behind the door. */
export interface FrontDoorNeeds {
  /** Sockets and streams under `/realtime`; false: no path of theirs. */
  readonly engine: {
    handleRequest(request: IncomingMessage, response: ServerResponse): boolean
    handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  }
  /** The operator's API under `/realtime/api`; false: no path of its own. */
  readonly operatorApi: (request: IncomingMessage, response: ServerResponse) => boolean
  /** Everything under `/api`. */
  readonly http: Handler
  /** `/metrics`. */
  readonly metrics: Handler
  /** All other paths. */
  readonly web: WebApp
  readonly trust: ProxyTrust
  readonly isKnownHost: HostRule
  readonly accessLog: AccessLog
}

/** Longer than the proxies in front of us keep an idle connection (nginx: 60 s), so that they never use one that we close. */
const keepAliveTimeoutMs = 65_000

/**
 * The one HTTP server of the platform, not listening yet, and the only place that looks at a path. Every answer carries a
 * request id that the log has too; hosts that are not ours are answered 421, whatever they ask.
 */
export const createFrontDoor = (needs: FrontDoorNeeds): Server => {
  const { isKnownHost, trust } = needs
  const nextId = createRequestIds()
  const isForUs = ({ socket, headers }: IncomingMessage) => isKnownHost(trust.host(socket.remoteAddress ?? '', headers))
  const route = createRouter(needs)

  const server = createServer({
    ServerResponse: MarkedResponse,
    keepAliveTimeout: keepAliveTimeoutMs,
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    // Others offer HTTP/2 this way (curl does) and are content with an answer in HTTP/1.1 (RFC 9110 §7.8).
    shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
  })
  server.on('request', (request, response) => {
    needs.accessLog(request, response, nameRequest(request, nextId()))
    if (isForUs(request)) route(request, response)
    else sendProblem(response, unknownHost)
  })
  server.on('upgrade', (request, socket, head) => {
    if (!isForUs(request)) answerRefusalRaw(socket, hostRefusal)
    else if (isUnder('/realtime', pathOf(request.url ?? ''))) needs.engine.handleUpgrade(request, socket, head)
    else needs.web.handleUpgrade(request, socket, head)
  })
  return server
}

const createRouter =
  ({ engine, operatorApi, http, metrics, web }: FrontDoorNeeds): Handler =>
  (request, response) => {
    const path = pathOf(request.url ?? '')
    if (isUnder('/api', path)) http(request, response)
    else if (isUnder('/realtime', path)) {
      if (engine.handleRequest(request, response) || operatorApi(request, response)) return
      sendProblem(response, problem('not_found'))
    } else if (path === '/metrics') metrics(request, response)
    else web.handle(request, response)
  }

const isUnder = (folder: string, path: string): boolean =>
  path.startsWith(folder) && (path.length === folder.length || path[folder.length] === '/')

const unknownHost = problem(
  'unknown_host',
  'This server does not serve that host name. Set XSHATHRA_PUBLIC_URL to the origin under which it is reached.',
)

const hostRefusal = {
  status: 421,
  rule: 'host',
  headers: { 'Content-Type': 'application/json; charset=utf-8' },
  body: `${JSON.stringify(problemBody(unknownHost))}\n`,
}
