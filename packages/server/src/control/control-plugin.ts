import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isLoopback, withoutMapping } from '../front-door/address-list.ts'
import { createBearerCheck } from '../front-door/bearer-check.ts'
import { isForwarded } from '../front-door/proxy-trust.ts'
import { problem, problemBody, problems } from '../problems.ts'
import type { ControlRooms } from './control-action.ts'
import { runControlAction } from './control-actions.ts'

export interface ControlPluginNeeds {
  readonly rooms: ControlRooms
  /** What the control file says. */
  readonly token: string
}

/**
 * `POST /api/control/{action}`: what commands on this machine ask of the running server. It needs the token of the control
 * file, which only this user can read; to whoever is elsewhere, or came through a proxy, the path does not exist.
 */
export const controlPlugin =
  ({ rooms, token }: ControlPluginNeeds) =>
  async (app: FastifyInstance): Promise<void> => {
    const hasToken = createBearerCheck(token)
    const mayCall = ({ raw }: FastifyRequest) => isFromThisMachine(raw) && hasToken(raw)

    app.post<{ Params: { action: string } }>('/api/control/:action', async (request, reply) => {
      if (!mayCall(request)) return reply.code(404).send(problemBody(problem('not_found')))
      const outcome = await runControlAction(request.params.action, request.body, rooms)
      if (outcome.ok) return { result: outcome.value }
      return reply.code(problems[outcome.problem.code].status).send(problemBody(outcome.problem))
    })
  }

/** Over loopback, or from the very address that we listen on, as a connection from this machine to itself is. */
const isFromThisMachine = ({ socket, headers }: FastifyRequest['raw']): boolean => {
  const { remoteAddress = '', localAddress = '' } = socket
  const isOwn = remoteAddress !== '' && withoutMapping(remoteAddress) === withoutMapping(localAddress)
  return (isOwn || isLoopback(remoteAddress)) && !isForwarded(headers)
}
