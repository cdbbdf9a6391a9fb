import fastify, { type FastifyError, type FastifyInstance, type FastifyPluginAsync, LogController } from 'fastify'
import { isStoreFailure } from '../database/store-failure.ts'
import { type ProblemCode, problem, problemBody, problems } from '../problems.ts'
import type { Logger } from './access-log.ts'
import type { ProxyTrust } from './proxy-trust.ts'
import { requestIdOf } from './request-id.ts'

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
    // A logger of each request's own costs more than authenticating it: whoever logs says which request.
    childLoggerFactory: (shared) => shared,
    trustProxy: (address) => trust.isTrusted(address),
  })
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const code = codeOf(error)
    if (problems[code].status >= 500) logger.error({ requestId: request.id, err: error }, 'a request failed')
    if (code === 'store_unavailable') reply.header('retry-after', '1')
    return reply.code(problems[code].status).send(problemBody(problem(code)))
  })
  app.setNotFoundHandler((_request, reply) => reply.code(404).send(problemBody(problem('not_found'))))
  for (const room of rooms) await app.register(room)
  await app.ready()
  return app as unknown as FastifyInstance
}

/** What Fastify itself refuses has a status of its own; all else is ours, or the database's. */
const codeOf = (error: FastifyError): ProblemCode => {
  if (isStoreFailure(error)) return 'store_unavailable'
  const { statusCode = 500 } = error
  switch (statusCode) {
    case 413:
      return 'too_large'
    case 415:
      return 'unsupported_media_type'
    default:
      return statusCode >= 400 && statusCode < 500 ? 'invalid_body' : 'internal'
  }
}
