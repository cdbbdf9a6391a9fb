import { whenReady } from '@xshathra/engine'
import { failed, ok } from '@xshathra/protocol'
import { z } from 'zod'
import { presenceJson } from '../answer-json.ts'
import { endpoint } from '../endpoint.ts'
import type { EndpointNeeds } from '../endpoint-needs.ts'
import { channel } from '../fields.ts'

const body = z.strictObject({ channel })
const problems = [
  'invalid_channel',
  'channel_of_another_project',
  'namespace_not_allowed',
  'unknown_namespace',
  'not_available',
] as const

/** Who is in a channel now. */
export const presenceEndpoints = ({ engine, problemOf }: EndpointNeeds) => ({
  presence: endpoint({
    path: '/presence',
    name: 'presence',
    summary: 'Who is in a channel now, by connection',
    body,
    reply: z.strictObject({
      clients: z.record(
        z.string(),
        z.strictObject({ userId: z.string(), connInfo: z.unknown().optional(), chanInfo: z.unknown().optional() }),
      ),
    }),
    problems,
    run: ({ caller, body: { channel } }) =>
      whenReady(engine.api.presence(caller.project.id, channel), (outcome) =>
        outcome.ok ? ok(presenceJson(outcome.value)) : failed(problemOf(outcome.problem, caller, { channel })),
      ),
  }),

  presenceStats: endpoint({
    path: '/presence-stats',
    name: 'presenceStats',
    summary: 'How many connections and users are in a channel now',
    body,
    reply: z.strictObject({ clients: z.int(), users: z.int() }),
    problems,
    run: ({ caller, body: { channel } }) =>
      whenReady(engine.api.presenceStats(caller.project.id, channel), (outcome) =>
        outcome.ok
          ? ok(`{"clients":${outcome.value.numClients},"users":${outcome.value.numUsers}}`)
          : failed(problemOf(outcome.problem, caller, { channel })),
      ),
  }),
})
