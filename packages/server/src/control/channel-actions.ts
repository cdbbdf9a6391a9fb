import { failed, isJsonValue, ok } from '@xshathra/protocol'
import { z } from 'zod'
import { type Problem, problem } from '../problems.ts'
import { explainAction, explainConnect } from '../tenancy/explain.ts'
import type { UnmintableChannel } from '../tenancy/mint.ts'
import { action, type ControlAction, projectId, shown } from './control-action.ts'

const userId = z.string().min(1).max(255)
const ttlSeconds = z.int().min(30).max(3600).default(900)

/** Actions on the channels of a project, and on who may use them. */
export const channelActions = {
  /** A connection token, or with `channel` the subscription token for it. */
  token: action(
    z.strictObject({
      projectId,
      userId,
      ttlSeconds,
      channel: z.string().optional(),
      channels: z.array(z.string()).max(128).optional(),
    }),
    async ({ mint }, { projectId, channel, channels, ...wish }) => {
      const token =
        channel === undefined
          ? mint.connectionToken(projectId, { ...wish, channels })
          : mint.subscriptionToken(projectId, { ...wish, channel })
      return token.ok ? ok({ token: token.value, expiresInSeconds: wish.ttlSeconds }) : failed(refusalOf(token.problem))
    },
  ),

  /** `data` is the text of a JSON value, passed on byte for byte. */
  publish: action(
    z.strictObject({ projectId, channel: z.string(), data: z.string() }),
    async ({ engine, tenancy }, { projectId, channel, data }) => {
      const bytes = Buffer.from(data)
      if (!isJsonValue(bytes)) return failed(problem('invalid_body', 'The data is no JSON value.', { field: 'data' }))
      const resolution = tenancy.resolve(projectId, channel)
      if (resolution.kind === 'refused') return failed(problem(resolution.problem, resolution.rule))
      const published = await engine.publish(projectId, { channel, data: bytes, isJson: true })
      if (!published.ok) return failed(problem('engine_unavailable', `The engine says: ${published.problem.message}.`))
      const { offset, epoch } = published.value
      return ok({ channel: resolution.channel, offset, epoch })
    },
  ),

  'explain.connect': action(
    z.strictObject({ token: z.string(), clientApiKey: z.string().optional(), origin: z.string().optional() }),
    async ({ tenancy }, { token, clientApiKey, origin }) => {
      const data =
        clientApiKey === undefined ? undefined : Buffer.from(JSON.stringify({ client_api_key: clientApiKey }))
      return ok(await explainConnect(tenancy, { token, data, origin }))
    },
  ),

  'explain.action': action(
    z.strictObject({
      projectId,
      user: z.string().max(255),
      channel: z.string(),
      action: z.enum(['subscribe', 'publish', 'presence', 'history']),
      isSubscribed: z.boolean(),
    }),
    async ({ tenancy, projects }, question) =>
      shown(await projects.show(question.projectId), () => explainAction(tenancy, question)),
  ),
} as const satisfies Record<string, ControlAction>

const refusalOf = ({ refusal }: UnmintableChannel): Problem =>
  problem(refusal.problem, refusal.rule, { field: 'channel' })
