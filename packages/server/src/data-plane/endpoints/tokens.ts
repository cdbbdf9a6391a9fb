import { failed, ok, type Result } from '@xshathra/protocol'
import { z } from 'zod'
import { type Problem, problem } from '../../problems.ts'
import type { UnmintableChannel } from '../../tenancy/mint.ts'
import { endpoint } from '../endpoint.ts'
import type { EndpointNeeds } from '../endpoint-needs.ts'
import { channel, info, maxInfoBytes, ttlSeconds, userId } from '../fields.ts'

const reply = z.strictObject({ token: z.string(), expiresInSeconds: z.int() })
const problems = [
  'invalid_channel',
  'channel_of_another_project',
  'namespace_not_allowed',
  'unknown_namespace',
] as const

const maxChannels = 128

/** Mints the tokens that browsers and games connect and subscribe with. */
export const tokenEndpoints = ({ mint }: EndpointNeeds) => ({
  token: endpoint({
    path: '/token',
    name: 'token',
    summary: 'Mint a connection token for a user',
    body: z.strictObject({
      userId,
      ttlSeconds,
      channels: z
        .array(channel)
        .max(maxChannels)
        .meta({ description: 'What the connection is subscribed to from the start.' })
        .optional(),
      info: info.optional(),
    }),
    reply,
    problems,
    run: ({ caller, body, raw }) => {
      const written = raw.member('info')
      const tooLong = refuseInfo(written)
      if (tooLong) return failed(tooLong)
      return answer(mint.connectionToken(caller.project.id, { ...body, info: written }), body.ttlSeconds, 'channels')
    },
  }),

  subscriptionToken: endpoint({
    path: '/subscription-token',
    name: 'subscriptionToken',
    summary: 'Mint a token for one channel',
    body: z.strictObject({ userId, channel, ttlSeconds, info: info.optional() }),
    reply,
    problems,
    run: ({ caller, body, raw }) => {
      const written = raw.member('info')
      const tooLong = refuseInfo(written)
      if (tooLong) return failed(tooLong)
      return answer(mint.subscriptionToken(caller.project.id, { ...body, info: written }), body.ttlSeconds, 'channel')
    },
  }),
})

const refuseInfo = (written: Buffer | undefined): Problem | undefined =>
  written !== undefined && written.length > maxInfoBytes
    ? problem('invalid_body', `info: has ${written.length} bytes, and the limit is ${maxInfoBytes} bytes.`, {
        field: 'info',
      })
    : undefined

const answer = (
  token: Result<string, UnmintableChannel>,
  expiresInSeconds: number,
  field: 'channel' | 'channels',
): Result<string, Problem> => {
  if (token.ok) return ok(JSON.stringify({ token: token.value, expiresInSeconds }))
  const { index, refusal } = token.problem
  return failed(problem(refusal.problem, refusal.rule, { field: field === 'channel' ? field : `channels[${index}]` }))
}
