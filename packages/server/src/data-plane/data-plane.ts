import { type Clock, systemClock } from '@xshathra/engine'
import type { FastifyPluginCallback } from 'fastify'
import type { ProjectDirectory } from '../projects/project-directory.ts'
import { createMint } from '../tenancy/mint.ts'
import type { ProjectTenancy } from '../tenancy/project-tenancy.ts'
import type { Endpoint } from './endpoint.ts'
import type { DataPlaneEngine, EndpointNeeds } from './endpoint-needs.ts'
import { addEndpointRoutes } from './endpoint-routes.ts'
import { batchEndpoint } from './endpoints/batch.ts'
import { channelEndpoints } from './endpoints/channels.ts'
import { connectionEndpoints } from './endpoints/connections.ts'
import { historyEndpoints } from './endpoints/history.ts'
import { presenceEndpoints } from './endpoints/presence.ts'
import { publishEndpoints } from './endpoints/publish.ts'
import { tokenEndpoints } from './endpoints/tokens.ts'
import { createEngineProblems } from './engine-problems.ts'
import { FailedAttempts } from './failed-attempts.ts'
import { takeOnlyJson } from './json-content.ts'
import { openApiDocument } from './openapi.ts'
import { addProjectRoute } from './project-route.ts'
import { refuseTheRest } from './refuse-the-rest.ts'
import { sendJson } from './send.ts'

export interface DataPlaneNeeds {
  readonly directory: ProjectDirectory
  readonly tenancy: ProjectTenancy
  readonly engine: DataPlaneEngine
  /** The engine secret, which signs what we mint. */
  readonly tokenSecret: string
  /** Where sockets connect, as customers reach us: `wss://…/realtime/connection/websocket`. */
  readonly realtimeUrl: () => string
  readonly version: string
  readonly clock?: Clock | undefined
  /** Default 1 MiB. */
  readonly maxBodyBytes?: number | undefined
}

const defaultMaxBodyBytes = 1_048_576

/**
 * The HTTP API of customers' backends, as a Fastify plugin to be registered under `/api/realtime`. Errors have the body
 * and status of `problems`; addresses are those that Fastify was told to believe (`trustProxy`).
 */
export const dataPlane: FastifyPluginCallback<DataPlaneNeeds> = (app, needs, ready) => {
  const { directory, tenancy, engine, realtimeUrl, clock = systemClock } = needs
  const authentication = { directory, attempts: new FailedAttempts(clock) }
  const endpoints = createEndpoints({
    engine,
    tenancy,
    clock,
    mint: createMint({ tenancy, secret: needs.tokenSecret, clock }),
    problemOf: createEngineProblems({ tenancy, engine }),
  })
  takeOnlyJson(app, needs.maxBodyBytes ?? defaultMaxBodyBytes)
  addEndpointRoutes(app, endpoints, { ...authentication, tenancy, events: engine.events })
  addProjectRoute(app, { ...authentication, realtimeUrl })

  const document = JSON.stringify(openApiDocument(endpoints, needs.version))
  app.get('/openapi.json', (_request, reply) => {
    reply.header('access-control-allow-origin', '*')
    sendJson(reply, document)
  })
  refuseTheRest(app, methodsOf(endpoints))
  ready()
}

const methodsOf = (endpoints: readonly Endpoint[]): ReadonlyMap<string, string> =>
  new Map([
    ...endpoints.map(({ path }) => [path, 'POST'] as const),
    ['/project', 'GET, HEAD'] as const,
    ['/openapi.json', 'GET, HEAD'] as const,
  ])

const createEndpoints = (needs: EndpointNeeds): Endpoint[] => {
  const commands = [
    publishEndpoints(needs),
    presenceEndpoints(needs),
    historyEndpoints(needs),
    connectionEndpoints(needs),
    channelEndpoints(needs),
  ].flatMap((group) => Object.values(group) as Endpoint[])
  return [...(Object.values(tokenEndpoints(needs)) as Endpoint[]), ...commands, batchEndpoint(commands)]
}
