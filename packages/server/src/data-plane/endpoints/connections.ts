import { whenReady } from '@xshathra/engine'
import { disconnects, failed, ok } from '@xshathra/protocol'
import { z } from 'zod'
import { doneJson } from '../answer-json.ts'
import { endpoint } from '../endpoint.ts'
import type { EndpointNeeds } from '../endpoint-needs.ts'
import { boundedText, channel, client, done, userId } from '../fields.ts'

const subscriptionBody = z.strictObject({ userId, channel, client: client.optional() })
const channelProblems = [
  'invalid_channel',
  'channel_of_another_project',
  'namespace_not_allowed',
  'unknown_namespace',
] as const

/** A day: as long as the longest token lives. */
const maxBlockSeconds = 86_400
/** What a close frame carries (RFC 6455 §5.5.1). */
const maxReasonBytes = 123
const yearSeconds = 31_536_000

const disconnectBody = z
  .strictObject({
    userId: userId.optional(),
    all: z.literal(true).meta({ description: 'Every connection of the project, in place of a user.' }).optional(),
    client: client.optional(),
    code: z.int().min(3000).max(4999).meta({ description: 'Default 3503.' }).optional(),
    reason: boundedText(0, maxReasonBytes).optional(),
    blockSeconds: z
      .int()
      .min(1)
      .max(maxBlockSeconds)
      .meta({ description: 'Refuses their tokens for so long.' })
      .optional(),
  })
  .refine(({ userId, all }) => (userId === undefined) !== (all === undefined), {
    message: 'give either userId or all',
    path: ['userId'],
  })
  .refine(({ client, all }) => client === undefined || all === undefined, {
    message: 'goes with userId only',
    path: ['client'],
  })

/** What backends do to open connections of their users. */
export const connectionEndpoints = ({ engine, tenancy, clock, problemOf }: EndpointNeeds) => ({
  subscribe: endpoint({
    path: '/subscribe',
    name: 'subscribe',
    summary: "Subscribe a user's connections to a channel",
    body: subscriptionBody,
    reply: done,
    problems: [...channelProblems, 'store_unavailable'],
    run: ({ caller, body: { userId, channel, client } }) =>
      whenReady(engine.api.subscribe(caller.project.id, { user: userId, channel, client }), (outcome) =>
        outcome.ok ? ok(doneJson) : failed(problemOf(outcome.problem, caller, { channel })),
      ),
  }),

  unsubscribe: endpoint({
    path: '/unsubscribe',
    name: 'unsubscribe',
    summary: "Unsubscribe a user's connections from a channel",
    body: subscriptionBody,
    reply: done,
    problems: channelProblems,
    run: ({ caller, body: { userId, channel, client } }) =>
      whenReady(engine.api.unsubscribe(caller.project.id, { user: userId, channel, client }), (outcome) =>
        outcome.ok ? ok(doneJson) : failed(problemOf(outcome.problem, caller, { channel })),
      ),
  }),

  disconnect: endpoint({
    path: '/disconnect',
    name: 'disconnect',
    summary: "Disconnect a user's connections, or all of the project",
    body: disconnectBody,
    reply: done,
    problems: [],
    run: ({ caller, body: { userId, client, code, reason, blockSeconds } }) => {
      const { id } = caller.project
      if (blockSeconds !== undefined) tenancy.block(id, userId, blockSeconds)
      if (userId === undefined) {
        const { forceDisconnect } = disconnects
        engine.disconnectWhere(({ scope }) => scope === id, {
          code: code ?? forceDisconnect.code,
          reason: reason ?? (code === undefined ? forceDisconnect.reason : ''),
        })
        return ok(doneJson)
      }
      return whenReady(engine.api.disconnect(id, { user: userId, client, code, reason }), (outcome) =>
        outcome.ok ? ok(doneJson) : failed(problemOf(outcome.problem, caller, {})),
      )
    },
  }),

  refresh: endpoint({
    path: '/refresh',
    name: 'refresh',
    summary: "Put off the expiry of a user's connections, or end them as expired",
    body: z.strictObject({
      userId,
      client: client.optional(),
      expireInSeconds: z.int().min(1).max(yearSeconds).default(900),
      expired: z.boolean().optional(),
    }),
    reply: done,
    problems: [],
    run: ({ caller, body: { userId, client, expireInSeconds, expired } }) => {
      const expireAt = Math.floor(clock.now() / 1000) + expireInSeconds
      return whenReady(engine.api.refresh(caller.project.id, { user: userId, client, expired, expireAt }), (outcome) =>
        outcome.ok ? ok(doneJson) : failed(problemOf(outcome.problem, caller, {})),
      )
    },
  }),
})
