import type { EngineApi } from '@xshathra/engine'
import type { CallBody, EndpointName } from '../backend/data-plane.ts'
import type { FetchLike } from '../backend/settings.ts'
import { signToken } from '../backend/sign-token.ts'
import { type ClientInfo, type EngineResult, errors, type ProtocolError } from './engine.ts'
import { testProject } from './test-tenancy.ts'

interface DataPlaneNeeds {
  readonly api: EngineApi
  /** Unix milliseconds. */
  readonly now: () => number
  readonly socketUrl: string
}

type Outcome = EngineResult<unknown, ProtocolError>
type Endpoint = (body: Fields) => Outcome | Promise<Outcome>
// biome-ignore lint/suspicious/noExplicitAny: bodies come from our own backend functions, which have checked them
type Fields = Record<string, any>

/** The data-plane API of a server, as a function in place of `fetch`. Bodies are believed to be well-formed. */
export const createDataPlane = (needs: DataPlaneNeeds): FetchLike => {
  const endpoints = createEndpoints(needs)
  const runBatch = async ({ commands }: Fields): Promise<Outcome> => {
    const replies: CallBody[] = []
    for (const command of commands as CallBody[]) {
      const [name, body] = Object.entries(command)[0] as [EndpointName, Fields]
      const outcome = await endpoints[name as keyof typeof endpoints](body)
      replies.push(outcome.ok ? { [name]: outcome.value } : problemBody(outcome.problem).body)
    }
    return done({ replies })
  }
  return async (url, { headers, body, signal }) => {
    signal?.throwIfAborted()
    const { pathname } = new URL(url)
    const name = pathname.replace('/api/realtime/', '').replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
    if (new Headers(headers).get('authorization') !== `apikey ${testProject.serverApiKey}`) {
      return json(401, { error: { code: 'invalid_api_key', message: 'The API key is missing or not valid.' } })
    }
    const fields = typeof body === 'string' ? (JSON.parse(body) as Fields) : {}
    const endpoint =
      name === 'batch' ? runBatch : Object.hasOwn(endpoints, name) && endpoints[name as keyof typeof endpoints]
    if (!endpoint) return json(404, { error: { code: 'not_found', message: 'There is nothing here.' } })
    const outcome = await endpoint(fields)
    if (outcome.ok) return json(200, outcome.value)
    const { status, body: problem } = problemBody(outcome.problem)
    return json(status, problem)
  }
}

const scope = testProject.id

const createEndpoints = ({ api, now, socketUrl }: DataPlaneNeeds) => {
  const unixSeconds = () => Math.floor(now() / 1000)
  const mint = (claims: { readonly channel?: string; readonly channels?: string[] }, body: Fields): Outcome => {
    const { userId, ttlSeconds = 900, info } = body
    const iat = unixSeconds()
    const times = { iat, exp: iat + ttlSeconds }
    // No two tokens are the same text, so that one of them can expire.
    const unique = { projectId: scope, jti: crypto.randomUUID() }
    const token = signToken({ ...claims, ...times, ...unique, sub: userId, info }, testProject.serverApiKey)
    return done({ token, expiresInSeconds: ttlSeconds })
  }
  const publish = async (channel: string, body: Fields): Promise<EngineResult<Fields, ProtocolError>> => {
    const { data, tags, idempotencyKey, skipHistory, delta } = body
    const bytes = Buffer.from(JSON.stringify(data))
    const options = { tags, idempotencyKey, skipHistory, delta }
    const outcome = await api.publish(scope, { channel, data: bytes, isJson: true, ...options })
    if (!outcome.ok) return outcome
    const { offset, epoch } = outcome.value
    return { ok: true, value: epoch === '' ? {} : { offset, epoch } }
  }
  return {
    token: (body) => mint({ channels: body.channels }, body),
    subscriptionToken: (body) => mint({ channel: body.channel }, body),
    publish: async (body) => mapped(await publish(body.channel, body), (position) => ({ ok: true, ...position })),
    broadcast: async (body) => {
      const results: Fields[] = []
      for (const channel of body.channels) {
        const outcome = await publish(channel, body)
        results.push({ channel, ...(outcome.ok ? outcome.value : problemBody(outcome.problem).body) })
      }
      return done({ ok: true, results })
    },
    presence: async ({ channel }) =>
      mapped(await api.presence(scope, channel), (clients) => ({
        clients: Object.fromEntries(Array.from(clients, ([id, info]) => [id, clientJson(info)])),
      })),
    presenceStats: async ({ channel }) =>
      mapped(await api.presenceStats(scope, channel), ({ numClients, numUsers }) => ({
        clients: numClients,
        users: numUsers,
      })),
    history: async ({ channel, limit = 100, since, reverse }) =>
      mapped(await api.history(scope, channel, { limit, since, reverse }), ({ publications, offset, epoch }) => ({
        publications: publications.map((publication) => ({
          offset: publication.offset,
          data: parse(publication.data),
          tags: publication.tags,
          info: publication.info && { client: publication.info.client, ...clientJson(publication.info) },
        })),
        offset,
        epoch,
      })),
    historyRemove: async ({ channel }) => mapped(await api.historyRemove(scope, channel), () => ({ ok: true })),
    subscribe: async ({ userId, client, channel }) =>
      mapped(await api.subscribe(scope, { user: userId, client, channel }), () => ({ ok: true })),
    unsubscribe: async ({ userId, client, channel }) =>
      mapped(await api.unsubscribe(scope, { user: userId, client, channel }), () => ({ ok: true })),
    disconnect: async ({ userId, client, code, reason }) =>
      mapped(await api.disconnect(scope, { user: userId, client, code, reason }), () => ({ ok: true })),
    refresh: async ({ userId, client, expired, expireInSeconds = 900 }) =>
      mapped(
        await api.refresh(scope, { user: userId, client, expired, expireAt: unixSeconds() + expireInSeconds }),
        () => ({ ok: true }),
      ),
    channels: async ({ pattern }) =>
      mapped(await api.channels(scope, pattern), (found) => ({
        channels: Object.fromEntries(Array.from(found, ([name, { numClients }]) => [name, { clients: numClients }])),
      })),
    project: () => done({ projectId: scope, name: 'test', environment: 'development', realtimeUrl: socketUrl }),
  } satisfies { readonly [Name in Exclude<EndpointName, 'batch'>]: Endpoint }
}

const done = (value: unknown): Outcome => ({ ok: true, value })

const mapped = <Value>(outcome: EngineResult<Value, ProtocolError>, change: (value: Value) => unknown): Outcome =>
  outcome.ok ? done(change(outcome.value)) : outcome

const parse = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString())

const clientJson = ({ user, connInfo, chanInfo }: ClientInfo) => ({
  userId: user,
  connInfo: connInfo && parse(connInfo),
  chanInfo: chanInfo && parse(chanInfo),
})

const json = (status: number, body: unknown): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })

/** What the data plane says for the errors of the engine. */
const problemBody = ({ code, message }: ProtocolError) => {
  const [status, name] = statuses[code] ?? [500, 'internal']
  return { status, body: { error: { code: name, message, docs: `/docs/errors#${name}` } } }
}

const statuses: Readonly<Record<number, readonly [number, string]>> = {
  [errors.unknownChannel.code]: [404, 'unknown_namespace'],
  [errors.permissionDenied.code]: [403, 'channel_of_another_project'],
  [errors.badRequest.code]: [400, 'invalid_body'],
  [errors.notAvailable.code]: [409, 'not_available'],
  [errors.unrecoverablePosition.code]: [409, 'unrecoverable_position'],
}
