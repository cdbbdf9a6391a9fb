import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify'
import { type Problem, problem } from '../problems.ts'
import { BodyRefused } from './read-body.ts'
import { sendFailure, sendProblem } from './send.ts'

/** Answers what no route takes, and what Fastify or a handler throws. `methods`: what each path takes, as for `Allow`. */
export const refuseTheRest = (app: FastifyInstance, methods: ReadonlyMap<string, string>): void => {
  app.setNotFoundHandler((request, reply) => {
    const allowed = methods.get(request.url.slice(app.prefix.length).split('?', 1)[0] ?? '')
    if (allowed === undefined) return sendProblem(reply, problem('not_found', 'There is no such endpoint.'))
    reply.header('allow', `${allowed}, OPTIONS`)
    if (request.method === 'OPTIONS') return sendPreflight(reply, allowed)
    return sendProblem(reply, problem('method_not_allowed', `This endpoint takes ${allowed}.`))
  })

  app.setErrorHandler((error: FastifyError | BodyRefused, request, reply) => {
    const refusal = refusalOf(error)
    if (refusal) sendProblem(reply, refusal)
    else sendFailure(request, reply, error)
  })
}

/** Lets a browser send its request, so that it sees in words why a backend's endpoint refuses it. */
const sendPreflight = (reply: FastifyReply, allowed: string): FastifyReply =>
  reply
    .code(204)
    .header('access-control-allow-origin', '*')
    .header('access-control-allow-methods', allowed)
    .header('access-control-allow-headers', 'authorization, content-type')
    .header('access-control-max-age', '600')
    .send()

/** What Fastify itself turns away, in our words; undefined: a surprise. */
const refusalOf = (error: FastifyError | BodyRefused): Problem | undefined => {
  if (error instanceof BodyRefused) return error.problem
  const { code, statusCode = 500 } = error
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return problem('unsupported_media_type')
  return statusCode >= 400 && statusCode < 500 ? problem('invalid_body', 'The request could not be read.') : undefined
}
