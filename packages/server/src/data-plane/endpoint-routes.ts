import { type EventStream, isPromise } from '@xshathra/engine'
import { failed } from '@xshathra/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { problems } from '../problems.ts'
import type { ProjectTenancy } from '../tenancy/project-tenancy.ts'
import { type AuthenticationNeeds, authenticateBackend } from './authenticate.ts'
import type { Answer, Caller, Endpoint } from './endpoint.ts'
import { readJsonBody } from './json-body.ts'
import { sendBareJson, sendFailure, sendProblem } from './send.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set where the key was good. */
    caller?: Caller
  }
}

export interface EndpointRouteNeeds extends AuthenticationNeeds {
  readonly tenancy: ProjectTenancy
  /** Told how long calls took and what they came to. */
  readonly events: EventStream | undefined
}

/** Serves the endpoints of backends. Each request goes the same way: key, body, schema, the endpoint, answer. */
export const addEndpointRoutes = (
  app: FastifyInstance,
  endpoints: readonly Endpoint[],
  needs: EndpointRouteNeeds,
): void => {
  app.decorateRequest('caller')
  for (const endpoint of endpoints) {
    const answered = createAnswering(endpoint, needs.events)
    app.post(
      endpoint.path,
      {
        // Before the body is read: nobody uploads without a key.
        onRequest: (request, reply, next) => {
          const authenticated = authenticateBackend(request, needs)
          if (!authenticated.ok) return void sendProblem(reply, authenticated.problem)
          const project = authenticated.value
          request.caller = { project, rules: needs.tenancy.rulesOfProject(project) }
          next()
        },
      },
      (request, reply) => {
        const body = Buffer.isBuffer(request.body) ? request.body : noBody
        answered(request, reply, () => carryOut(endpoint, request.caller!, body))
      },
    )
  }
}

const noBody = Buffer.alloc(0)

const carryOut = (endpoint: Endpoint, caller: Caller, text: Buffer): Answer | Promise<Answer> => {
  const quick = endpoint.runQuick?.(caller, text)
  if (quick) return quick
  const read = readJsonBody(text, endpoint.body)
  return read.ok ? endpoint.run({ caller, ...read.value }) : failed(read.problem)
}

/** Sends what a call came to, in the same tick where nothing has to be waited for, and tells who counts. */
const createAnswering =
  ({ name: method }: Endpoint, events: EventStream | undefined) =>
  (request: FastifyRequest, reply: FastifyReply, run: () => Answer | Promise<Answer>): void => {
    const startedAtMs = events?.wants('api') ? performance.now() : undefined
    const send = (answer: Answer) => {
      if (startedAtMs !== undefined) {
        const seconds = (performance.now() - startedAtMs) / 1000
        events?.emit({ kind: 'api', method, seconds, failure: failureOf(answer) })
      }
      if (answer.ok) sendBareJson(reply, answer.value)
      else sendProblem(reply, answer.problem)
    }
    const outcome = run()
    if (isPromise(outcome)) outcome.then(send, (error: unknown) => sendFailure(request, reply, error))
    else send(outcome)
  }

/** Problems have names; what counts calls by numbers gets their status. */
const failureOf = (answer: Answer): number | undefined => (answer.ok ? undefined : problems[answer.problem.code].status)
