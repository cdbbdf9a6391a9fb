import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Disconnect } from '@xshathra/protocol'
import type { TransportHost } from '../transport.ts'
import { Admission } from './admission.ts'
import { corsHeaders } from './cors.ts'
import { emulationRoute } from './emulation.ts'
import { createFrameForms } from './frame-forms.ts'
import { answerRefusal, answerRefusalRaw, type HttpRefusal, refuseInWords } from './http-refusal.ts'
import { httpStreamRoute } from './http-stream.ts'
import { initRoute } from './init.ts'
import { OpenStreams } from './open-streams.ts'
import type { Route, RouteNeeds } from './route.ts'
import { sseRoute } from './sse.ts'
import type { EndpointOptions, TransportsOptions } from './transport-options.ts'
import { uniHttpStreamRoute } from './uni-http-stream.ts'
import { uniSseRoute } from './uni-sse.ts'
import { createUniWebSocketUpgrade } from './uni-websocket.ts'
import type { Upgrade } from './websocket/upgrade.ts'
import { createWebSocketUpgrade } from './websocket.ts'

/** All doors of an engine through which clients come in. */
export interface Transports {
  /** Takes over an upgrade request of node:http; answers in HTTP what it will not take. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Serves the HTTP endpoints; false: not a path of ours, nothing was answered. */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean
  /** Streams that are open now. */
  readonly openCount: number
  /** Turns newcomers away with 503, ends every open stream with `disconnect`, and settles when all are gone. */
  closeAll(disconnect: Disconnect): Promise<void>
}

/** What is behind one path. */
interface Endpoint {
  /** As events name it. */
  readonly name: string
  /** Whether limits on new connections hold here. */
  readonly isLimited: boolean
  /** The only method there is, where others are turned away before anything else. */
  readonly onlyMethod?: string
  readonly serve: Route
  readonly upgrade?: Upgrade
}

/** Builds the enabled endpoints; each accepted stream is opened on `host`. */
export const createTransports = (options: TransportsOptions, host: TransportHost): Transports => {
  const open = new OpenStreams()
  const forms = createFrameForms({
    websocket: options.websocket.compression,
    uniWebsocket: options.uniWebsocket.compression,
  })
  const needs: RouteNeeds = { options, host, forms, open, sessions: new Map() }
  const endpoints = createEndpoints(needs)
  const admission = new Admission(options.clock, options.limits, () => open.size)

  /** The refusal that stands before anything the endpoint itself looks at. */
  const refusalOf = (endpoint: Endpoint, request: IncomingMessage): HttpRefusal | undefined => {
    if (endpoint.onlyMethod && request.method !== endpoint.onlyMethod) return { status: 405, rule: 'method' }
    const rule = endpoint.isLimited ? admission.refuse() : undefined
    return rule ? { status: 503, rule } : options.refuse?.(request)
  }

  return {
    get openCount() {
      return open.size
    },

    handleUpgrade(request, socket, head) {
      const endpoint = endpoints.get(pathOf(request))
      // Frames before our answer: their sender did not wait for what it is told. Source: Centrifugo.
      if (head.length > 0) return void socket.destroy()
      // node:http hands over the net or tls socket it was listening on.
      const refusal = endpoint?.upgrade
        ? (refusalOf(endpoint, request) ?? endpoint.upgrade(request, socket as Socket))
        : refuseInWords(404, 'path')
      if (!refusal) return
      options.onReject?.(endpoint?.name ?? 'websocket', refusal.status, refusal.rule)
      answerRefusalRaw(socket, refusal, corsHeaders(request, options.isOriginAllowed))
    },

    handleRequest(request, response) {
      const endpoint = endpoints.get(pathOf(request))
      if (!endpoint) return false
      const refusal = refusalOf(endpoint, request)
      if (refusal) {
        options.onReject?.(endpoint.name, refusal.status, refusal.rule)
        answerRefusal(request, response, refusal)
        return true
      }
      for (const [name, value] of Object.entries(corsHeaders(request, options.isOriginAllowed))) {
        response.setHeader(name, value)
      }
      endpoint.serve(request, response)
      return true
    },

    closeAll(disconnect) {
      admission.shut()
      open.closeAll(disconnect)
      return open.untilEmpty()
    },
  }
}

/** The enabled endpoints by path. */
const createEndpoints = (needs: RouteNeeds): ReadonlyMap<string, Endpoint> => {
  const { options } = needs
  const endpoints = new Map<string, Endpoint>()
  const add = ({ enabled, path }: EndpointOptions, endpoint: Endpoint): void => {
    if (enabled) endpoints.set(options.basePath + withoutSlashAtEnd(path), endpoint)
  }
  const isLimited = true
  const serve = serveWithoutUpgrade(options)
  const hasEmulation = options.httpStream.enabled || options.sse.enabled
  add(options.websocket, { name: 'websocket', isLimited, serve, upgrade: createWebSocketUpgrade(needs) })
  add(options.uniWebsocket, { name: 'uni_websocket', isLimited, serve, upgrade: createUniWebSocketUpgrade(needs) })
  add(options.httpStream, { name: 'http_stream', isLimited, serve: httpStreamRoute(needs) })
  add(options.sse, { name: 'sse', isLimited, serve: sseRoute(needs) })
  add(options.uniSse, { name: 'uni_sse', isLimited, serve: uniSseRoute(needs) })
  add(options.uniHttpStream, { name: 'uni_http_stream', isLimited, serve: uniHttpStreamRoute(needs) })
  add(options.init, { name: 'init', isLimited, onlyMethod: 'GET', serve: initRoute })
  add(
    { enabled: hasEmulation, path: options.emulation.path },
    { name: 'emulation', isLimited: false, serve: emulationRoute(needs) },
  )
  return endpoints
}

/** A plain request on a WebSocket path, often the sign of a proxy that does not tunnel upgrades. */
const serveWithoutUpgrade =
  (options: TransportsOptions): Route =>
  (request, response) => {
    const refusal = refuseInWords(400, 'no upgrade asked for', { 'Sec-WebSocket-Version': '13' })
    options.onReject?.('websocket', refusal.status, refusal.rule)
    if (options.answerWithoutUpgrade) options.answerWithoutUpgrade(request, response)
    else answerRefusal(request, response, refusal)
  }

const withoutSlashAtEnd = (path: string): string => path.replace(/\/+$/, '') || '/'

const pathOf = (request: IncomingMessage): string => {
  const url = request.url ?? ''
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}
