import {
  type ConnectRequest,
  disconnects,
  errors,
  type SubscribeRequest,
  type SubscribeResult,
} from '@xshathra/protocol'
import { isPromise, type MaybePromise, whenReady } from '../../maybe-promise.ts'
import type { InternalChannel } from '../../names.ts'
import type { Admission, Credentials, Refusal, Resolution, ServerSubscription } from '../../tenancy.ts'
import type { Connection } from '../connection.ts'
import { type OpenedSubscription, type OpenOutcome, openSubscription, serverSideGrant } from '../open-subscription.ts'
import { effectiveChannelLimit, isOpenToSubscribers, isValidName } from '../subscribe-rules.ts'

/** Decides who a connection is, takes its server-side places, and answers: verify, admit, subscribe, welcome. */
export const connect = (connection: Connection, id: number, request: ConnectRequest): MaybePromise<void> => {
  connection.beginConnecting()
  connection.sdkName = request.name
  connection.sdkVersion = request.version
  connection.emulatedHeaders = request.headers
  const { tenancy } = connection.parts
  return whenReady(tenancy.admit(connection.asNewcomer(request)), (decided) =>
    admitted(connection, id, request, decided),
  )
}

const admitted = (
  connection: Connection,
  id: number,
  request: ConnectRequest,
  admission: Admission,
): MaybePromise<void> => {
  if (connection.isClosed) return
  if (admission.kind !== 'admitted') return connection.failConnect(id, admission)
  const refusal = limitReached(connection, admission) ?? expiredAlready(connection, admission)
  if (refusal) return connection.failConnect(id, refusal)
  connection.become(admission)
  const wanted = serverSubscriptions(connection, request, admission)
  if (!Array.isArray(wanted)) return connection.failConnect(id, wanted)
  if (wanted.length === 0) return welcome(connection, id, admission, [])
  return whenReady(openAll(connection, wanted), (opened) =>
    Array.isArray(opened) ? welcome(connection, id, admission, opened) : connection.failConnect(id, opened),
  )
}

const limitReached = (connection: Connection, { scope, user, limits }: Credentials): Refusal | undefined => {
  const { hub, client } = connection.parts
  if (limits?.connections && hub.countIn(scope) >= limits.connections) return tooMany('connections of the project')
  const perUser = limits?.connectionsPerUser ?? client.userConnectionLimit
  if (user !== '' && perUser > 0 && hub.countOf(scope, user) >= perUser) return tooMany('connections of the user')
  return undefined
}

const tooMany = (what: string): Refusal => ({
  kind: 'disconnect',
  disconnect: disconnects.connectionLimit,
  rule: `limit of ${what}`,
})

const expiredAlready = ({ parts }: Connection, { expireAt }: Credentials): Refusal | undefined =>
  expireAt !== undefined && expireAt > 0 && expireAt * 1000 <= parts.clock.now()
    ? { kind: 'error', error: errors.expired, rule: 'the credentials have expired' }
    : undefined

// ── server-side subscriptions ───────────────────────────────────────────────────────────────────────────────────

interface Wanted {
  readonly subscription: ServerSubscription
  readonly resolution: Resolution & { readonly kind: 'resolved' }
  readonly recovery: SubscribeRequest | undefined
  readonly fromConnectionToken: boolean
}

/** All channels the connection starts with, each once: of the credentials, the personal one, and those it wished for. */
const serverSubscriptions = (
  connection: Connection,
  request: ConnectRequest,
  credentials: Credentials,
): Wanted[] | Refusal => {
  const wanted = new Map<InternalChannel, Wanted>()
  const { tenancy, client } = connection.parts
  const positions = recoveryPositions(connection, request)
  const add = (subscription: ServerSubscription, fromConnectionToken: boolean): Refusal | undefined => {
    const resolution = tenancy.resolve(credentials.scope, subscription.channel)
    if (resolution.kind === 'refused')
      return { kind: 'error', error: resolution.error, rule: resolution.rule, detail: subscription.channel }
    const recovery = positions.get(resolution.channel)
    if (!wanted.has(resolution.channel))
      wanted.set(resolution.channel, { subscription, resolution, recovery, fromConnectionToken })
    return undefined
  }
  for (const subscription of credentials.subscriptions) {
    const refusal = add(subscription, credentials.by === 'token')
    if (refusal) return refusal
  }
  if (client.personalChannel && credentials.user !== '') {
    const { namespace } = client.personalChannel
    const refusal = add({ channel: `${namespace === '' ? '' : `${namespace}:`}#${credentials.user}` }, false)
    if (refusal) return refusal
  }
  if (credentials.by === 'token' || credentials.by === 'anonymous') {
    for (const channel of request.subs.keys()) {
      const resolution = tenancy.resolve(credentials.scope, channel)
      if (resolution.kind === 'refused') {
        return { kind: 'disconnect', disconnect: disconnects.badRequest, rule: resolution.rule, detail: channel }
      }
      if (!wanted.has(resolution.channel) && mayWish(connection, channel, resolution)) add({ channel }, false)
    }
  }
  const limit = effectiveChannelLimit(connection)
  if (limit > 0 && wanted.size > limit) {
    return { kind: 'disconnect', disconnect: disconnects.channelLimit, rule: 'limit of channels per connection' }
  }
  return [...wanted.values()]
}

const recoveryPositions = (
  connection: Connection,
  { subs }: ConnectRequest,
): Map<InternalChannel, SubscribeRequest> => {
  const positions = new Map<InternalChannel, SubscribeRequest>()
  for (const [name, request] of subs) {
    const resolution = connection.parts.tenancy.resolve(connection.scope, name)
    if (resolution.kind === 'resolved') positions.set(resolution.channel, request)
  }
  return positions
}

/** Whether a channel that was only wished for is granted. Not granted ones are skipped in silence. */
const mayWish = (connection: Connection, name: string, { anatomy, rules }: Wanted['resolution']): boolean => {
  if (anatomy.isPrivate || rules.subscribeProxy !== undefined || !isValidName(name, anatomy, rules)) return false
  const { insecure } = connection.parts.client
  if (anatomy.users) return insecure || (connection.user !== '' && anatomy.users.includes(connection.user))
  return insecure || isOpenToSubscribers(rules, connection.user)
}

const openAll = (connection: Connection, wanted: readonly Wanted[]): MaybePromise<OpenedSubscription[] | Refusal> => {
  const outcomes = wanted.map(({ subscription, resolution, recovery, fromConnectionToken }) =>
    openSubscription(connection, {
      key: resolution.channel,
      name: connection.parts.tenancy.display(connection.scope, resolution.channel),
      grant: serverSideGrant(resolution.rules, { ...subscription, delta: recovery?.delta, fromConnectionToken }),
      recovery,
    }),
  )
  if (!outcomes.some(isPromise)) return allOpened(outcomes as OpenOutcome[])
  // Until the slowest has been read, what is announced to the others has to wait for their reply too.
  for (const outcome of outcomes) if (!isPromise(outcome) && outcome.kind === 'opened') holdBack(outcome)
  return Promise.all(outcomes).then(allOpened)
}

const holdBack = ({ subscription }: OpenedSubscription): void => subscription.channel.hold(subscription)

const allOpened = (outcomes: readonly OpenOutcome[]): OpenedSubscription[] | Refusal => {
  const opened = outcomes.filter((outcome) => outcome.kind === 'opened')
  return opened.length === outcomes.length
    ? opened
    : { kind: 'error', error: errors.internal, rule: 'history of a server-side subscription could not be read' }
}

// ── the answer ──────────────────────────────────────────────────────────────────────────────────────────────────

const welcome = (
  connection: Connection,
  id: number,
  credentials: Credentials,
  opened: readonly OpenedSubscription[],
): void => {
  const { parts } = connection
  connection.start()
  const ttl = credentials.expireAt ? connection.expireAt(credentials.expireAt) : 0
  connection.welcome(id, {
    client: connection.id,
    version: parts.version,
    ...(ttl > 0 && !parts.tenancy.extendConnection ? { expires: true, ttl } : {}),
    ...(credentials.data ? { data: credentials.data } : {}),
    ...(opened.length > 0 ? { subs: results(opened) } : {}),
    ...connection.pinging,
    ...(connection.session === '' ? {} : { session: connection.session }),
    ...(connection.isEmulated ? { node: parts.nodeId } : {}),
    ...(parts.client.connectIncludeServerTime ? { time: parts.clock.now() } : {}),
  })
  for (const { goLive } of opened) goLive()
  emitConnect(connection)
  if (parts.client.personalChannel?.singleConnection) leaveOnly(connection)
}

const results = (opened: readonly OpenedSubscription[]): Map<string, SubscribeResult> =>
  new Map(opened.map(({ subscription, result }) => [subscription.name, result]))

const emitConnect = (connection: Connection): void => {
  const { events } = connection.parts
  if (!events.wants('connect')) return
  events.emit({
    kind: 'connect',
    client: connection.id,
    scope: connection.scope,
    user: connection.user,
    transport: connection.transportName,
    protocol: connection.form.codec.protocol,
    name: connection.sdkName,
    version: connection.sdkVersion,
    credentialId: connection.credentialId,
    remoteAddress: connection.remoteAddress,
  })
}

/** `single_connection`: a user's newest connection closes the others. */
const leaveOnly = (connection: Connection): void => {
  if (connection.user === '') return
  for (const other of connection.parts.hub.connectionsOf(connection.scope, connection.user)) {
    if (other !== connection) other.disconnect(disconnects.connectionLimit)
  }
}
