import { type HistoryPage, whenReady } from '@xshathra/engine'
import { failed, ok } from '@xshathra/protocol'
import { z } from 'zod'
import { type Problem, problem } from '../../problems.ts'
import { doneJson, historyJson } from '../answer-json.ts'
import { answerTooLarge, maxAnswerBytes } from '../answer-size.ts'
import { endpoint } from '../endpoint.ts'
import type { EndpointNeeds } from '../endpoint-needs.ts'
import { channel, done, epoch, offset } from '../fields.ts'

const problems = [
  'invalid_channel',
  'channel_of_another_project',
  'namespace_not_allowed',
  'unknown_namespace',
  'not_available',
  'store_unavailable',
] as const

const info = z.strictObject({
  client: z.string(),
  userId: z.string(),
  connInfo: z.unknown().optional(),
  chanInfo: z.unknown().optional(),
})

const publication = z.strictObject({
  offset,
  data: z.unknown().optional(),
  dataBase64: z.string().meta({ description: 'In place of data where that is no JSON.' }).optional(),
  tags: z.record(z.string(), z.string()).optional(),
  info: info.meta({ description: 'Who published; only where a client did.' }).optional(),
})

/** What a channel kept. */
export const historyEndpoints = ({ engine, problemOf }: EndpointNeeds) => ({
  history: endpoint({
    path: '/history',
    name: 'history',
    summary: 'A page of what a channel kept',
    body: z.strictObject({
      channel,
      limit: z.int().min(0).max(1000).default(100),
      since: z.strictObject({ offset, epoch }).meta({ description: 'Exclusive in both directions.' }).optional(),
      reverse: z.boolean().default(false),
    }),
    reply: z.strictObject({ publications: z.array(publication), offset, epoch }),
    problems: [...problems, 'unrecoverable_position'],
    run: ({ caller, body: { channel, ...filter } }) => {
      if (filter.reverse && filter.since?.offset === 0) return failed(nothingBefore)
      return whenReady(engine.api.history(caller.project.id, channel, filter), (outcome) => {
        if (!outcome.ok) return failed(problemOf(outcome.problem, caller, { channel }))
        const tooLarge = refusePage(outcome.value)
        return tooLarge ? failed(tooLarge) : ok(historyJson(outcome.value))
      })
    },
  }),

  historyRemove: endpoint({
    path: '/history-remove',
    name: 'historyRemove',
    summary: 'Forget what a channel kept',
    body: z.strictObject({ channel }),
    reply: done,
    problems,
    run: ({ caller, body: { channel } }) =>
      whenReady(engine.api.historyRemove(caller.project.id, channel), (outcome) =>
        outcome.ok ? ok(doneJson) : failed(problemOf(outcome.problem, caller, { channel })),
      ),
  }),
})

const nothingBefore = problem('invalid_body', 'since.offset: nothing stands before offset 0.', {
  field: 'since.offset',
})

/** A page is not cut without a word: who reads to the end of a stream takes a short page for the last one. */
const refusePage = ({ publications }: HistoryPage): Problem | undefined => {
  let bytes = 0
  for (const { data } of publications) bytes += data.byteLength
  return bytes > maxAnswerBytes
    ? answerTooLarge(`limit: these ${publications.length} publications have ${bytes} bytes; ask for fewer`, 'limit')
    : undefined
}
