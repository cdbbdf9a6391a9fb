import { assertChannel, type Channel, checkMessage, describeIssues, nameOf } from '../channels/typed-channel.ts'
import { failed, ok, RealtimeError, type RealtimeProblem, type Result, unwrap } from '../result.ts'
import type {
  BroadcastOutcome,
  HistoryPage,
  PresenceStats,
  PresentClient,
  ProjectInfo,
  PublishedAt,
} from './answers.ts'
import { assertBatch, type BatchReply } from './batch.ts'
import { createCentrifugoPlane } from './centrifugo-plane.ts'
import { assertInteger, assertJson, assertList, assertObject, assertOptionalText, assertText } from './check-input.ts'
import type { CallBody, CallOptions, DataPlane, EndpointName } from './data-plane.ts'
import { createProjectPlane } from './project-plane.ts'
import type { ConnectionTokenOptions, PublishOptions, Realtime, SignedTokenOptions } from './realtime.ts'
import { type RealtimeOptions, readOptions, type Settings } from './settings.ts'
import { signToken } from './sign-token.ts'

/**
 * Connects to one server with options of its own, for programs that serve several projects or do not read the
 * environment. A wrong option is a TypeError that names it. Nothing is sent yet.
 *
 * @example
 * import { createRealtime } from '@xshathra/realtime'
 * declare const readSecret: (name: string) => string
 *
 * const realtime = createRealtime({ origin: 'https://realtime.example.com', serverApiKey: readSecret('shop') })
 * await realtime.publish('chat:room:7', { text: 'hello' })
 */
export const createRealtime = (options: RealtimeOptions): Realtime => {
  const server = openServer(readOptions(options))
  return createRealtimeOn(() => ok(server))
}

/** A server that is set up, and the way to it. */
export interface Server {
  readonly settings: Settings
  readonly plane: DataPlane
}

export const openServer = (settings: Settings): Server => ({
  settings,
  plane: settings.kind === 'project' ? createProjectPlane(settings) : createCentrifugoPlane(settings),
})

/** Builds the functions on whatever server is there at each call. */
export const createRealtimeOn = (findServer: () => Result<Server>): Realtime => {
  const warnOnce = createWarnOnce()

  const call = async <Value>(
    endpoint: EndpointName,
    body: CallBody,
    read: (answer: Answer) => Value | undefined,
    { isRepeatable = true, signal }: CallOptions & { readonly isRepeatable?: boolean } = {},
  ): Promise<Result<Value>> => {
    const server = findServer()
    if (!server.ok) return server
    const answer = await server.value.plane.call(endpoint, body, isRepeatable, { signal })
    if (!answer.ok) return answer
    const value = read(Object(answer.value) as Answer)
    return value === undefined ? failed(strangeAnswer(endpoint)) : ok(value)
  }

  const act = async (endpoint: EndpointName, body: CallBody, options?: CallOptions): Promise<Result<void>> => {
    const done = await call(endpoint, body, (answer) => (answer.ok === true ? true : undefined), options)
    return done.ok ? ok(undefined) : done
  }

  const sendPublication = async <Value>(
    endpoint: 'publish' | 'broadcast',
    channels: readonly Channel[],
    where: CallBody,
    data: unknown,
    { signal, ...options }: PublishOptions,
    read: (answer: Answer) => Value | undefined,
  ): Promise<Result<Value>> => {
    assertJson('data', data)
    assertPublishOptions(options)
    for (const channel of channels) {
      const refusal = await refuseMessage(channel, data)
      if (refusal !== undefined) return failed(refusal)
    }
    const isRepeatable = options.idempotencyKey !== undefined
    return call(endpoint, { ...where, data, ...options }, read, { isRepeatable, signal })
  }

  const realtime: Realtime = {
    issueConnectionToken: async (userId, options) => {
      const { signal, ...rest } = connectionTokenOptions(userId, options)
      const server = unwrap(findServer())
      if (server.settings.kind === 'centrifugo') return signConnection(server.settings, userId, rest)
      return unwrap(
        await call('token', { userId, ...rest, channels: rest.channels?.map(nameOf) }, readToken, { signal }),
      )
    },

    issueSubscriptionToken: async (userId, channel, options) => {
      assertChannel(channel)
      const { signal, ttlSeconds, info } = connectionTokenOptions(userId, options)
      const { settings } = unwrap(findServer())
      if (settings.kind === 'centrifugo') {
        return signToken(
          { ...timesOf(settings, ttlSeconds), sub: userId, channel: nameOf(channel), info },
          settings.tokenSecret,
        )
      }
      const body = { userId, channel: nameOf(channel), ttlSeconds, info }
      return unwrap(await call('subscriptionToken', body, readToken, { signal }))
    },

    signConnectionToken: (userId, options) =>
      signConnection(unwrap(findServer()).settings, userId, connectionTokenOptions(userId, options)),

    publish: async (channel, data, options) => {
      try {
        const result = await realtime.publishResult(channel, data, options)
        if (!result.ok && result.problem.code !== 'not_configured')
          warnOnce(result.problem.code, result.problem.message)
        return result.ok
      } catch (error) {
        warnOnce('type', error instanceof Error ? error.message : String(error))
        return false
      }
    },

    publishResult: async (channel, data, options = {}) => {
      assertChannel(channel)
      return sendPublication(
        'publish',
        [channel],
        { channel: nameOf(channel) },
        data,
        options,
        ({ ok, offset, epoch }) =>
          ok === true ? ((offset === undefined ? {} : { offset, epoch }) as PublishedAt) : undefined,
      )
    },

    broadcast: async (channels, data, options = {}) => {
      assertList('channels', channels, 1000)
      for (const channel of channels) assertChannel(channel)
      const where = { channels: channels.map(nameOf) }
      return sendPublication('broadcast', channels, where, data, options, ({ results }) =>
        listOf<BroadcastOutcome>(results, channels.length),
      )
    },

    batch: async (commands, options) => {
      assertBatch(commands)
      assertJson('commands', commands)
      return call('batch', { commands }, ({ replies }) => listOf<BatchReply>(replies, commands.length), {
        ...options,
        isRepeatable: false,
      })
    },

    presence: async (channel, options) => {
      assertChannel(channel)
      return call('presence', { channel: nameOf(channel) }, ({ clients }) => recordOf<PresentClient>(clients), options)
    },

    presenceStats: async (channel, options) => {
      assertChannel(channel)
      const read = ({ clients, users }: Answer): PresenceStats | undefined =>
        typeof clients === 'number' && typeof users === 'number' ? { clients, users } : undefined
      return call('presenceStats', { channel: nameOf(channel) }, read, options)
    },

    history: async (channel, { signal, ...filter } = {}) => {
      assertChannel(channel)
      assertInteger('limit', filter.limit, 0, 1000)
      assertObject('since', filter.since)
      const read = (answer: Answer) =>
        Array.isArray(answer.publications) ? (answer as unknown as HistoryPage) : undefined
      return call('history', { channel: nameOf(channel), ...filter }, read, { signal })
    },

    removeHistory: async (channel, options) => {
      assertChannel(channel)
      return act('historyRemove', { channel: nameOf(channel) }, options)
    },

    subscribeUser: async (userId, channel, { signal, client } = {}) => {
      assertUser(userId, client)
      assertChannel(channel)
      return act('subscribe', { userId, channel: nameOf(channel), client }, { signal })
    },

    unsubscribeUser: async (userId, channel, { signal, client } = {}) => {
      assertUser(userId, client)
      assertChannel(channel)
      return act('unsubscribe', { userId, channel: nameOf(channel), client }, { signal })
    },

    disconnect: async (who, { signal, ...options } = {}) => {
      const isAll = typeof who === 'object' && who?.all === true
      if (!isAll) assertUser(who as string, options.client)
      assertInteger('code', options.code, 3000, 4999)
      assertInteger('blockSeconds', options.blockSeconds, 1, 86_400)
      return act('disconnect', { ...(isAll ? { all: true } : { userId: who }), ...options }, { signal })
    },

    refresh: async (userId, { signal, ...options } = {}) => {
      assertUser(userId, options.client)
      assertInteger('expireInSeconds', options.expireInSeconds, 1, 31_536_000)
      return act('refresh', { userId, ...options }, { signal })
    },

    channels: async (pattern, options) => {
      assertOptionalText('pattern', pattern)
      return call('channels', { pattern }, ({ channels }) => recordOf<{ readonly clients: number }>(channels), options)
    },

    project: (options) =>
      call(
        'project',
        {},
        (answer) => (typeof answer.projectId === 'string' ? (answer as unknown as ProjectInfo) : undefined),
        options,
      ),

    isRealtimeEnabled: () => {
      const server = findServer()
      if (!server.ok && server.problem.code !== 'not_configured') warnOnce(server.problem.code, server.problem.message)
      return server.ok
    },

    realtimeWsUrl: () => {
      const server = findServer()
      return server.ok ? server.value.settings.realtimeUrl : undefined
    },
  }
  return realtime
}

type Answer = Readonly<Record<string, unknown>>

const daySeconds = 86_400

const signConnection = (settings: Settings, userId: string, options: SignedTokenOptions): string => {
  const { ttlSeconds, channels, info, projectId } = options
  const claims = { ...timesOf(settings, ttlSeconds), sub: userId, channels: channels?.map(nameOf), info, projectId }
  return signToken(claims, settings.tokenSecret)
}

/** Xshathra believes tokens signed with a server key for 24 hours at most; Centrifugo's may live as long as one likes. */
const timesOf = ({ kind }: Settings, ttlSeconds = kind === 'project' ? 900 : 3600) => {
  assertInteger('ttlSeconds', ttlSeconds, 1, kind === 'project' ? daySeconds : 365 * daySeconds)
  const iat = Math.floor(Date.now() / 1000)
  return { iat, exp: iat + ttlSeconds }
}

const connectionTokenOptions = <Options extends SignedTokenOptions & ConnectionTokenOptions>(
  userId: string,
  options: number | Options = {} as Options,
): Options => {
  assertText('userId', userId)
  const read = typeof options === 'number' ? ({ ttlSeconds: options } as Options) : options
  assertObject('options', read)
  assertInteger('ttlSeconds', read.ttlSeconds, 1, 365 * daySeconds)
  assertObject('info', read.info)
  if (read.info !== undefined) assertJson('info', read.info)
  assertOptionalText('projectId', read.projectId)
  if (read.channels !== undefined) {
    assertList('channels', read.channels, 128)
    for (const channel of read.channels) assertChannel(channel)
  }
  return read
}

const assertUser = (userId: string, client: string | undefined): void => {
  assertText('userId', userId)
  assertOptionalText('client', client)
}

const assertPublishOptions = ({ tags, idempotencyKey }: PublishOptions): void => {
  assertOptionalText('idempotencyKey', idempotencyKey)
  assertObject('tags', tags)
  for (const [name, value] of Object.entries(tags ?? {})) {
    if (typeof value !== 'string') throw new TypeError(`tags.${name} must be a string, not a ${typeof value}`)
  }
}

const refuseMessage = async (channel: Channel, data: unknown): Promise<RealtimeProblem | undefined> => {
  const verdict = await checkMessage(channel, data)
  if (verdict.ok) return undefined
  const { issues } = verdict
  return { code: 'invalid_message', message: describeIssues(channel, issues), field: 'data', issues }
}

const readToken = ({ token }: Answer): string | undefined => (typeof token === 'string' ? token : undefined)

const listOf = <Member>(value: unknown, length: number): readonly Member[] | undefined =>
  Array.isArray(value) && value.length === length ? value : undefined

const recordOf = <Member>(value: unknown): Readonly<Record<string, Member>> | undefined =>
  typeof value === 'object' && value !== null ? (value as Record<string, Member>) : undefined

const strangeAnswer = (endpoint: EndpointName): RealtimeProblem => ({
  code: 'invalid_answer',
  message: `The answer to ${endpoint} has not the form it should have. Is this the address of an Xshathra server?`,
})

/** Warns about the first failure of each kind: a publish that is ignored must not be silent, nor flood a log. */
const createWarnOnce = () => {
  const told = new Set<string>()
  return (kind: string, message: string): void => {
    if (told.has(kind)) return
    told.add(kind)
    console.warn(`@xshathra/realtime: ${message} Further failures of this kind (${kind}) are not reported.`)
  }
}

/** The problem of something that threw; what is none of ours is not shown. */
export const problemOf = (error: unknown): RealtimeProblem =>
  error instanceof RealtimeError ? error.problem : { code: 'internal', message: 'Something went wrong.' }
