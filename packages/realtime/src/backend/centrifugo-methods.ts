import type { RealtimeProblem } from '../result.ts'
import type { CallBody, EndpointName } from './data-plane.ts'

type Fields = Record<string, unknown>

/** One method of Centrifugo's server API, and how its words become ours. */
export interface CentrifugoMethod {
  readonly path: string
  /** Undefined: Centrifugo has nothing that does this. */
  readonly encode: (body: CallBody) => Fields | undefined
  readonly decode: (result: Fields, body: CallBody, readError: (error: unknown) => RealtimeProblem) => unknown
}

const publication = ({ data, tags, idempotencyKey, skipHistory, delta }: CallBody): Fields => ({
  data,
  tags,
  idempotency_key: idempotencyKey,
  skip_history: skipHistory,
  delta,
})

const target = ({ userId, client }: CallBody): Fields => ({ user: userId, client })

const only = ({ channel }: CallBody): Fields => ({ channel })

const done = () => ({ ok: true })

/** Centrifugo leaves out what is zero or empty; without history there is no position at all. */
const position = ({ offset, epoch }: Fields): Fields => (offset === undefined ? {} : { offset, epoch: epoch ?? '' })

const clientInfo = ({ client, user, conn_info, chan_info }: Fields): Fields => ({
  client,
  userId: user ?? '',
  ...(conn_info === undefined ? {} : { connInfo: conn_info }),
  ...(chan_info === undefined ? {} : { chanInfo: chan_info }),
})

const mapValues = (record: unknown, change: (value: Fields) => Fields): Fields =>
  Object.fromEntries(Object.entries(Object(record)).map(([key, value]) => [key, change(Object(value))]))

const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value : [])

export const centrifugoMethods = {
  publish: {
    path: 'publish',
    encode: (body) => ({ channel: body.channel, ...publication(body) }),
    decode: (result) => ({ ok: true, ...position(result) }),
  },
  broadcast: {
    path: 'broadcast',
    encode: (body) => ({ channels: body.channels, ...publication(body) }),
    decode: ({ responses }, { channels }, readError) => ({
      ok: true,
      results: listOf(responses).map(({ error, result }, index) => {
        const channel = (channels as readonly string[])[index]
        return error === undefined ? { channel, ...position(Object(result)) } : { channel, error: readError(error) }
      }),
    }),
  },
  presence: {
    path: 'presence',
    encode: only,
    decode: ({ presence }) => ({
      clients: mapValues(presence, (info) => {
        const { client: _, ...rest } = clientInfo(info)
        return rest
      }),
    }),
  },
  presenceStats: {
    path: 'presence_stats',
    encode: only,
    decode: ({ num_clients = 0, num_users = 0 }) => ({ clients: num_clients, users: num_users }),
  },
  history: {
    path: 'history',
    encode: ({ channel, limit = 100, since, reverse }) => ({ channel, limit, since, reverse }),
    decode: ({ publications, offset = 0, epoch = '' }) => ({
      publications: listOf(publications).map(({ offset, data, tags, info }) => ({
        offset,
        data,
        ...(tags === undefined ? {} : { tags }),
        ...(info === undefined ? {} : { info: clientInfo(Object(info)) }),
      })),
      offset,
      epoch,
    }),
  },
  historyRemove: { path: 'history_remove', encode: only, decode: done },
  subscribe: { path: 'subscribe', encode: (body) => ({ ...target(body), channel: body.channel }), decode: done },
  unsubscribe: { path: 'unsubscribe', encode: (body) => ({ ...target(body), channel: body.channel }), decode: done },
  disconnect: {
    path: 'disconnect',
    encode: (body) => {
      if (body.all !== undefined || body.blockSeconds !== undefined) return undefined
      const { code, reason } = body
      // Centrifugo wants both or none.
      return { ...target(body), ...(code === undefined ? {} : { disconnect: { code, reason: reason ?? '' } }) }
    },
    decode: done,
  },
  refresh: {
    path: 'refresh',
    encode: (body) => {
      const { expired, expireInSeconds = 900 } = body
      const expireAt = Math.floor(Date.now() / 1000) + Number(expireInSeconds)
      return { ...target(body), ...(expired ? { expired } : { expire_at: expireAt }) }
    },
    decode: done,
  },
  channels: {
    path: 'channels',
    encode: ({ pattern }) => ({ pattern }),
    decode: ({ channels }) => ({ channels: mapValues(channels, ({ num_clients = 0 }) => ({ clients: num_clients })) }),
  },
} as const satisfies Partial<Record<EndpointName, CentrifugoMethod>>
