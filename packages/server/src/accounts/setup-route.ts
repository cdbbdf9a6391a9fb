import type { FastifyPluginAsync } from 'fastify'
import { z } from 'zod'
import { problem, problemBody, problems } from '../problems.ts'
import { newAccount } from './account-input.ts'
import type { SetupLinks } from './setup-links.ts'

const setupRequest = newAccount.omit({ role: true }).extend({ token: z.string().min(1).max(100) })

/**
 * `POST /api/console/setup`: makes the first owner with the token of a setup link. Problems: 400 body, 404 link used or
 * expired. The token itself is the permission, and it works once.
 */
export const setupRoute =
  (links: SetupLinks): FastifyPluginAsync =>
  async (app) => {
    app.post('/api/console/setup', async (request, reply) => {
      const read = setupRequest.safeParse(request.body)
      if (!read.success) {
        const [issue] = read.error.issues
        const field = issue?.path.join('.') || undefined
        return reply.code(400).send(problemBody(problem('invalid_body', issue?.message, { field })))
      }
      const { token, ...owner } = read.data
      const claimed = await links.claim(token, owner)
      if (!claimed.ok) return reply.code(problems[claimed.problem.code].status).send(problemBody(claimed.problem))
      return { ok: true, email: claimed.value.email }
    })
  }
