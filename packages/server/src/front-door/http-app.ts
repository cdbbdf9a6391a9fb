import fastify, { type FastifyError, type FastifyInstance, type FastifyPluginAsync, LogController } from 'fastify'
import { requestIdOf } from '../front-door.ts'
import { type ProblemCode, problem, problemBody, problems } from '../problems.ts'
import type { Logger } from './access-log.ts'
import type { ProxyTrust } from './proxy-trust.ts'

export interface HttpAppNeeds {
  readonly logger: Logger
  readonly trust: ProxyTrust
  /** Routes, each a plugin with full paths. */
  readonly rooms: readonly FastifyPluginAsync[]
}

/**
 * Everything under `/api` as one Fastify application that does not listen: the front door hands it requests. What no room
 * answers is a problem too, and what a room throws is told to the log alone.
 */
export const createHttpApp = async ({ logger, trust, rooms }: HttpAppNeeds): Promise<FastifyInstance> => {
  const app = fastify({
    loggerInstance: logger,
    // The front door writes the access log, for what Fastify does not serve too.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: requestIdOf,
    trustProxy: (address) => trust.isTrusted(address),
  })
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const code = codeOf(error)
    if (code === 'internal') logger.error({ requestId: request.id, err: error }, 'a request failed')
    return reply.code(problems[code].status).send(problemBody(problem(code)))
  })
  app.setNotFoundHandler((_request, reply) => reply.code(404).send(problemBody(problem('not_found'))))
  for (const room of rooms) await app.register(room)
  await app.ready()
  return app as unknown as FastifyInstance
}

/** What Fastify itself refuses has a status of its own; all else is ours. */
const codeOf = ({ statusCode = 500 }: FastifyError): ProblemCode => {
  switch (statusCode) {
    case 413:
      return 'too_large'
    case 415:
      return 'unsupported_media_type'
    default:
      return statusCode >= 400 && statusCode < 500 ? 'invalid_body' : 'internal'
  }
}
