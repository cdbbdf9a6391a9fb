import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { environments, type Project } from '../projects/project.ts'
import { type AuthenticationNeeds, authenticateAnyKey } from './authenticate.ts'
import { sendJson, sendProblem } from './send.ts'

/** What anybody may know who has a key of the project: how a game binary finds its socket. */
export const projectInfo = z.strictObject({
  projectId: z.string(),
  name: z.string(),
  environment: z.enum(environments),
  realtimeUrl: z.string().meta({ description: 'Where sockets connect.' }),
})

/** Serves the one path that browsers may ask too, with the public key. */
export const addProjectRoute = (
  app: FastifyInstance,
  { realtimeUrl, ...needs }: AuthenticationNeeds & { readonly realtimeUrl: () => string },
): void => {
  app.get<{ Querystring: { client_api_key?: unknown } }>('/project', (request, reply) => {
    reply.header('access-control-allow-origin', '*')
    const { client_api_key: inAddress } = request.query
    const authenticated = authenticateAnyKey(request, typeof inAddress === 'string' ? inAddress : undefined, needs)
    if (authenticated.ok) sendJson(reply, projectInfoJson(authenticated.value, realtimeUrl()))
    else sendProblem(reply, authenticated.problem)
  })
}

const projectInfoJson = ({ id, name, environment }: Project, realtimeUrl: string): string =>
  JSON.stringify({ projectId: id, name, environment, realtimeUrl } satisfies z.input<typeof projectInfo>)
