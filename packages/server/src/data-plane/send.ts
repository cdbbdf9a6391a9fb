import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Problem, problem, problemBody, problems } from '../problems.ts'

const json = 'application/json; charset=utf-8'

export const sendJson = (reply: FastifyReply, text: string): FastifyReply =>
  reply.header('content-type', json).send(text)

/**
 * Answers 200 with JSON alone, past what Fastify does for answers of every kind: for endpoints whose time is mostly this.
 * Headers that were set on the reply are not sent.
 */
export const sendBareJson = (reply: FastifyReply, text: string): void => {
  const length = Buffer.byteLength(text)
  // Where every character is a byte, the cheaper encoding gives the same bytes.
  const encoding = length === text.length ? 'latin1' : 'utf8'
  reply
    .hijack()
    .raw.writeHead(200, ['Content-Type', json, 'Content-Length', String(length)])
    .end(text, encoding)
}

/** Answers a problem with its status, and says when to try again where that is known. */
export const sendProblem = (reply: FastifyReply, refusal: Problem): FastifyReply => {
  const { code, retryAfterSeconds } = refusal
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds))
  if (code === 'invalid_api_key') reply.header('www-authenticate', 'apikey')
  // A page in a browser may read why it is refused, else all its author sees is a CORS error.
  if (code === 'browser_origin') reply.header('access-control-allow-origin', '*')
  return reply
    .code(problems[code].status)
    .header('content-type', json)
    .send(JSON.stringify(problemBody(refusal)))
}

/** Answers what nobody expected: the cause is for the log alone. */
export const sendFailure = (request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply => {
  request.log.error({ requestId: request.id, err: error }, 'the data plane failed')
  return sendProblem(reply, problem('internal'))
}
