import type { JsonScanner, Payload, Result } from '@xshathra/protocol'
import { errors, failed, ok, type ProtocolError } from '@xshathra/protocol'
import type { PublishOutcome } from '../broker/broker.ts'
import type { ApiOutcome, EngineApi, PublishParams } from '../engine.ts'
import { decodeBase64 } from '../json/decode-base64.ts'
import { type MaybePromise, whenReady } from '../maybe-promise.ts'
import type { Scope } from '../names.ts'
import type { RulesOverride } from '../tenancy.ts'
import {
  channelsJson,
  emptyJson,
  errorJson,
  historyJson,
  infoJson,
  presenceJson,
  presenceStatsJson,
  publishJson,
} from './answer-json.ts'
import {
  type FieldsOf,
  fieldsReader,
  flag,
  int32,
  int64,
  list,
  nested,
  ownRaw,
  raw,
  type Shape,
  tags,
  text,
  uint32,
  uint64,
} from './request-fields.ts'
import { runTogether } from './run-calls.ts'

/** A call that was read and is ready to be carried out; it answers its result as JSON text. */
export type ApiCall = (api: EngineApi, scope: Scope) => ApiOutcome<string>

/**
 * Reads the parameters of one method. Reading and carrying out are apart because a batch is read whole before its first
 * command is carried out: a body that cannot be read does nothing at all.
 */
export type CallReader = (scanner: JsonScanner) => ApiCall

/** The server API's own wording of 104. */
export const notFound: ProtocolError = { ...errors.methodNotFound, message: 'not found' }

const method = <S extends Shape>(
  shape: S,
  run: (fields: FieldsOf<S>, api: EngineApi, scope: Scope) => ApiOutcome<string>,
): CallReader => {
  const read = fieldsReader(shape)
  return (scanner) => {
    const fields = read(scanner)
    return (api, scope) => run(fields, api, scope)
  }
}

const badRequest = failed(errors.badRequest)

/** Writes the result of an engine that accepted; its refusal passes as it is. */
const written = <Value>(outcome: ApiOutcome<Value>, write: (value: Value) => string): ApiOutcome<string> =>
  whenReady(outcome, (result) => (result.ok ? ok(write(result.value)) : result))

// ── publish and broadcast ───────────────────────────────────────────────────────────────────────────────────────

const publicationShape = {
  data: raw,
  b64data: text,
  skip_history: flag,
  tags,
  idempotency_key: text,
  delta: flag,
  version: uint64,
  version_epoch: text,
} as const

const nothing = new Uint8Array(0)

/** What is published, for any channel; undefined for base64 that is none. An empty payload is for the engine to judge. */
const publicationParams = (fields: FieldsOf<typeof publicationShape>): Omit<PublishParams, 'channel'> | undefined => {
  const isJson = fields.b64data === ''
  const data = isJson ? (fields.data ?? nothing) : decodeBase64(fields.b64data)
  return (
    data && {
      data,
      isJson: (isJson && data.length > 0) || undefined,
      tags: fields.tags,
      idempotencyKey: fields.idempotency_key || undefined,
      skipHistory: fields.skip_history,
      delta: fields.delta || undefined,
      version: fields.version || undefined,
      versionEpoch: fields.version_epoch || undefined,
    }
  )
}

const publish = method({ channel: text, ...publicationShape }, (fields, api, scope) => {
  const params = publicationParams(fields)
  if (fields.channel === '' || params === undefined) return badRequest
  return written(api.publish(scope, { channel: fields.channel, ...params }), publishJson)
})

/** One refused channel does not keep the publication from the others: each has an answer of its own. */
const broadcast = method({ channels: list(text), ...publicationShape }, (fields, api, scope) => {
  const params = publicationParams(fields)
  if (fields.channels.length === 0 || params === undefined) return badRequest
  const one = (channel: string): MaybePromise<Result<PublishOutcome, ProtocolError>> =>
    channel === '' ? badRequest : api.publish(scope, { channel, ...params })
  return whenReady(runTogether(fields.channels, one), (outcomes) =>
    ok(`{"responses":[${outcomes.map(broadcastItemJson).join()}]}`),
  )
})

const broadcastItemJson = (outcome: Result<PublishOutcome, ProtocolError>): string =>
  outcome.ok ? `{"result":${publishJson(outcome.value)}}` : `{"error":${errorJson(outcome.problem)}}`

// ── users and their connections ─────────────────────────────────────────────────────────────────────────────────

const userShape = { user: text, client: text, session: text } as const

const userTarget = ({ user, client, session }: FieldsOf<typeof userShape>) => ({
  user,
  client: client || undefined,
  session: session || undefined,
})

const overridden = nested({ value: flag })
const overrideShape = {
  presence: overridden,
  join_leave: overridden,
  force_push_join_leave: overridden,
  force_positioning: overridden,
  force_recovery: overridden,
} as const

const rulesOverride = (fields: FieldsOf<typeof overrideShape>): RulesOverride => ({
  presence: fields.presence?.value,
  joinLeave: fields.join_leave?.value,
  forcePushJoinLeave: fields.force_push_join_leave?.value,
  forcePositioning: fields.force_positioning?.value,
  forceRecovery: fields.force_recovery?.value,
})

const undecodable = Symbol('undecodable')

/** Base64 wins over JSON where both are given. */
const eitherPayload = (json: Payload | undefined, base64: string): Payload | undefined | typeof undecodable =>
  base64 === '' ? json : (decodeBase64(base64) ?? undecodable)

const position = nested({ offset: uint64, epoch: text })

const subscribe = method(
  {
    channel: text,
    ...userShape,
    info: ownRaw,
    b64info: text,
    data: ownRaw,
    b64data: text,
    expire_at: int64,
    recover_since: position,
    override: nested(overrideShape),
  },
  (fields, api, scope) => {
    const chanInfo = eitherPayload(fields.info, fields.b64info)
    const data = eitherPayload(fields.data, fields.b64data)
    if (fields.channel === '' || chanInfo === undecodable || data === undecodable) return badRequest
    const params = {
      ...userTarget(fields),
      channel: fields.channel,
      chanInfo,
      data,
      expireAt: fields.expire_at > 0 ? fields.expire_at : undefined,
      override: fields.override && rulesOverride(fields.override),
      recoverSince: fields.recover_since,
    }
    return written(api.subscribe(scope, params), emptyJson)
  },
)

/** Stricter than Centrifugo, which pushes an unsubscribe of channel '' that SDKs cannot take. */
const unsubscribe = method({ channel: text, ...userShape }, (fields, api, scope) => {
  if (fields.channel === '') return badRequest
  return written(api.unsubscribe(scope, { ...userTarget(fields), channel: fields.channel }), emptyJson)
})

/** Codes a WebSocket close frame can carry and SDKs understand; 0 stands for the default. */
const isDisconnectCode = (code: number): boolean => code === 0 || (code >= 3000 && code <= 4999)

const disconnect = method(
  { ...userShape, whitelist: list(text), disconnect: nested({ code: uint32, reason: text }) },
  (fields, api, scope) => {
    const { code, reason } = fields.disconnect ?? { code: 0, reason: '' }
    if (!isDisconnectCode(code)) return badRequest
    const params = {
      ...userTarget(fields),
      whitelist: fields.whitelist.length > 0 ? fields.whitelist : undefined,
      code: code || undefined,
      reason: reason || undefined,
    }
    return written(api.disconnect(scope, params), emptyJson)
  },
)

const refresh = method({ ...userShape, expired: flag, expire_at: int64, info: ownRaw }, (fields, api, scope) => {
  const params = {
    ...userTarget(fields),
    expired: fields.expired,
    expireAt: fields.expire_at > 0 ? fields.expire_at : undefined,
    connInfo: fields.info,
  }
  return written(api.refresh(scope, params), emptyJson)
})

// ── channels ────────────────────────────────────────────────────────────────────────────────────────────────────

const presence = method({ channel: text }, ({ channel }, api, scope) =>
  channel === '' ? badRequest : written(api.presence(scope, channel), presenceJson),
)

const presenceStats = method({ channel: text }, ({ channel }, api, scope) =>
  channel === '' ? badRequest : written(api.presenceStats(scope, channel), presenceStatsJson),
)

const history = method(
  { channel: text, limit: int32, since: position, reverse: flag },
  ({ channel, limit, since, reverse }, api, scope) => {
    if (channel === '') return badRequest
    if (reverse && since?.offset === 0) return refusedAfter(api.history(scope, channel, { limit: 0 }), errors.internal)
    return written(api.history(scope, channel, { limit: Math.max(limit, -1), since, reverse }), historyJson)
  },
)

/** Refuses in any case, with the engine's reason where it has one. */
const refusedAfter = (outcome: ApiOutcome<unknown>, error: ProtocolError): ApiOutcome<string> =>
  whenReady(outcome, (result) => failed(result.ok ? error : result.problem))

const historyRemove = method({ channel: text }, ({ channel }, api, scope) =>
  channel === '' ? badRequest : written(api.historyRemove(scope, channel), emptyJson),
)

const channels = method({ pattern: text }, ({ pattern }, api, scope) =>
  written(api.channels(scope, pattern || undefined), channelsJson),
)

const info = method({}, (_fields, api) => written(api.info(), infoJson))

/** No method is registered with a server of ours. */
const rpc = method({ method: text, params: raw }, (fields) => (fields.method === '' ? badRequest : failed(notFound)))

// ── map channels and shared poll ────────────────────────────────────────────────────────────────────────────────

/**
 * No channel here is a map or polled, and every method for those says so with 107, as Centrifugo does for channels that
 * are not; unless the channel is unknown, which only the engine can tell. presence_stats is the cheapest way to ask.
 */
const notThatKind = (api: EngineApi, scope: Scope, channel: string): ApiOutcome<string> => {
  const known = api.presenceStats(scope, channel)
  return whenReady(known, (result) =>
    !result.ok && result.problem.code === errors.unknownChannel.code ? result : badRequest,
  )
}

/** `needs`: fields that must not be empty or zero. */
const mapMethod = (shape: Shape, ...needs: readonly string[]): CallReader =>
  method(
    { ...shape, channel: text },
    ({ channel, ...fields }: Readonly<Record<string, unknown> & { channel: string }>, api, scope) =>
      channel === '' || needs.some((name) => !fields[name]) ? badRequest : notThatKind(api, scope, channel),
  )

const mapWriteShape = { tags, idempotency_key: text, delta: flag, version: uint64, version_epoch: text } as const

/** Every method by its name on the wire, in the order in which a batch command that names several is read. */
export const apiMethods = {
  publish,
  broadcast,
  subscribe,
  unsubscribe,
  disconnect,
  presence,
  presence_stats: presenceStats,
  history,
  history_remove: historyRemove,
  info,
  rpc,
  refresh,
  channels,
  map_publish: mapMethod({ key: text, ...mapWriteShape, data: raw, b64data: text }, 'key'),
  map_remove: mapMethod({ key: text, idempotency_key: text }, 'key'),
  map_read_state: mapMethod({ cursor: text, limit: int32, key: text, asc: flag }),
  map_read_stream: mapMethod({ since_offset: uint64, since_epoch: text, limit: int32, reverse: flag }),
  map_stats: mapMethod({}),
  map_clear: mapMethod({}),
  shared_poll_publish: mapMethod(
    { key: text, version: uint64, data: raw, b64data: text, epoch: text },
    'key',
    'version',
  ),
} as const satisfies Record<string, CallReader>

export type ApiMethod = keyof typeof apiMethods
