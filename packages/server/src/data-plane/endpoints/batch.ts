import { setImmediate } from 'node:timers/promises'
import { ok, type Result } from '@xshathra/protocol'
import { z } from 'zod'
import { type Problem, problemBody } from '../../problems.ts'
import { answerTooLarge, maxAnswerBytes } from '../answer-size.ts'
import { type Answer, type Call, type Endpoint, endpoint } from '../endpoint.ts'

const maxCommands = 1000
/** How many commands run before others in the process get their turn. */
const stretch = 256

/** Commands that wait for nothing but the store: those that follow each other are committed together. */
const publishing: ReadonlySet<string> = new Set(['publish', 'broadcast'])

/** Commands that only read, and may be answered at any length. */
const reading: ReadonlySet<string> = new Set(['history', 'presence', 'channels'])

/** Many commands in one request, carried out in their order. A body that does not fit does nothing at all. */
export const batchEndpoint = (endpoints: readonly Endpoint[]): Endpoint => {
  const byName = new Map(endpoints.map((each) => [each.name, each]))
  const command = z
    .strictObject(Object.fromEntries(endpoints.map(({ name, body }) => [name, body.optional()])))
    .refine((one) => Object.keys(one).length === 1, 'takes one command each')
  const reply = z.union([
    ...endpoints.map(({ name, reply }) => z.strictObject({ [name]: reply })),
    z.strictObject({ error: z.looseObject({ code: z.string(), message: z.string() }) }),
  ])
  return endpoint({
    path: '/batch',
    name: 'batch',
    summary: 'Many commands in one request',
    body: z.strictObject({ commands: z.array(command).max(maxCommands) }),
    reply: z.strictObject({ replies: z.array(reply) }),
    problems: [],
    run: async ({ caller, body, raw }) => {
      const texts = raw.objects('commands')
      const replies: Promise<string>[] = []
      let settled = 0
      let answeredBytes = 0
      let isFull = false
      /** One that changed something is always answered. */
      const bounded = (name: string, reply: string): string => {
        isFull ||= reading.has(name) && answeredBytes + reply.length > maxAnswerBytes
        if (isFull && reading.has(name)) return answersTooLarge
        answeredBytes += reply.length
        return reply
      }
      for (const [at, one] of (body.commands as Record<string, unknown>[]).entries()) {
        const [name, params] = Object.entries(one)[0]!
        if (!publishing.has(name)) {
          await Promise.all(replies.slice(settled))
          settled = replies.length
        }
        if (isFull && reading.has(name)) {
          replies.push(Promise.resolve(answersTooLarge))
          continue
        }
        const call = { caller, body: params, raw: texts[at]!.object(name) }
        replies.push(replyTo(byName.get(name)!, call).then((reply) => bounded(name, reply)))
        if (at % stretch === stretch - 1) await setImmediate()
      }
      return ok(`{"replies":[${(await Promise.all(replies)).join()}]}`)
    },
  })
}

const answersTooLarge = JSON.stringify(problemBody(answerTooLarge('The batch reads more than this')))

const replyTo = async (command: Endpoint, call: Call<unknown>): Promise<string> => {
  const json = (answer: Result<string, Problem>): string =>
    answer.ok ? `{${JSON.stringify(command.name)}:${answer.value}}` : JSON.stringify(problemBody(answer.problem))
  const run = command.run as (call: Call<unknown>) => Answer | Promise<Answer>
  return json(await run(call))
}
