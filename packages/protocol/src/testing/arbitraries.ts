import fc from 'fast-check'
import type {
  ClientInfo,
  Command,
  ConnectRequest,
  ConnectResult,
  DeliveredPublication,
  FilterNode,
  Push,
  Reply,
  SubscribeRequest,
  SubscribeResult,
} from '../messages.ts'

/**
 * Any message the protocol can carry, for property tests. Payloads are JSON, so that both encodings can carry them.
 * Names like `__proto__` and empty presence, which test-side decoders lose, have tests of their own.
 */

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', 'chat:1', '</a>&"\\'),
)
const uint32 = fc.oneof(fc.nat(200), fc.integer({ min: 0, max: 0xffff_ffff }))
const int32 = fc.oneof(fc.nat(3), fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }))
const offset = fc.oneof(fc.nat(200), fc.maxSafeNat())
const jsonText = fc.json().filter((json) => json !== '')
const payload = jsonText.map((json) => Buffer.from(json))
const maybePayload = fc.option(payload, { nil: undefined })

const textRecord = fc.array(fc.tuple(text, text), { maxLength: 4 }).map((entries) => {
  const record: Record<string, string> = Object.create(null)
  for (const [key, value] of entries) record[key] = value
  return record
})

const mapOf = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<ReadonlyMap<string, Value>> =>
  fc.array(fc.tuple(text, value), { maxLength: 3 }).map((entries) => new Map(entries))

const filterOf = (nodes: fc.Arbitrary<readonly FilterNode[]>): fc.Arbitrary<FilterNode> =>
  fc.record({
    op: fc.constantFrom('', 'and', 'or', 'not'),
    key: text,
    cmp: fc.constantFrom('', 'eq', 'in', 'gt'),
    val: text,
    vals: fc.array(text, { maxLength: 3 }),
    nodes,
  })

const leaf = filterOf(fc.constant([]))
const branch = filterOf(fc.array(leaf, { maxLength: 2 }))
const filter = filterOf(fc.array(fc.oneof(leaf, branch), { maxLength: 2 }))

// ── commands ──

const subscribeRequest: fc.Arbitrary<SubscribeRequest> = fc.record({
  channel: text,
  token: text,
  recover: fc.boolean(),
  epoch: text,
  offset,
  data: maybePayload,
  positioned: fc.boolean(),
  recoverable: fc.boolean(),
  joinLeave: fc.boolean(),
  delta: text,
  tagsFilter: fc.option(filter, { nil: undefined }),
  flag: fc.oneof(fc.nat(3), fc.maxSafeInteger()),
  type: int32,
})

const connectRequest: fc.Arbitrary<ConnectRequest> = fc.record({
  token: text,
  data: maybePayload,
  subs: mapOf(subscribeRequest),
  name: text,
  version: text,
  headers: textRecord,
})

const channelRequest = fc.record({ channel: text })

const historyRequest = fc.record({
  channel: text,
  limit: int32,
  since: fc.option(fc.record({ offset, epoch: text }), { nil: undefined }),
  reverse: fc.boolean(),
})

const id = uint32.filter((value) => value > 0)

export const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ kind: fc.constant('connect' as const), id, request: connectRequest }),
  fc.record({ kind: fc.constant('subscribe' as const), id, request: subscribeRequest }),
  fc.record({ kind: fc.constantFrom('unsubscribe', 'presence', 'presenceStats'), id, request: channelRequest }),
  fc.record({
    kind: fc.constant('publish' as const),
    id,
    request: fc.record({ channel: text, data: maybePayload, type: int32 }),
  }),
  fc.record({ kind: fc.constant('history' as const), id, request: historyRequest }),
  fc.record({ kind: fc.constant('rpc' as const), id, request: fc.record({ data: maybePayload, method: text }) }),
  fc.record({ kind: fc.constant('send' as const), id: uint32, request: fc.record({ data: maybePayload }) }),
  fc.record({ kind: fc.constant('refresh' as const), id, request: fc.record({ token: text }) }),
  fc.record({
    kind: fc.constant('subRefresh' as const),
    id,
    request: fc.record({ channel: text, token: text, type: int32 }),
  }),
  fc.record({ kind: fc.constant('unknown' as const), id }),
  fc.record({ kind: fc.constant('pong' as const) }),
)

// ── replies and pushes ──

const clientInfo: fc.Arbitrary<ClientInfo> = fc.record({
  user: text,
  client: text,
  connInfo: maybePayload,
  chanInfo: maybePayload,
})

const publication: fc.Arbitrary<DeliveredPublication> = fc.record({
  data: payload,
  isJson: fc.boolean(),
  offset,
  epoch: fc.option(text, { nil: undefined }),
  info: fc.option(clientInfo, { nil: undefined }),
  tags: fc.option(textRecord, { nil: undefined }),
  version: fc.option(offset, { nil: undefined }),
})

const expiry = { expires: fc.boolean(), ttl: uint32 }

const subscribeResult: fc.Arbitrary<SubscribeResult> = fc.record({
  ...expiry,
  recoverable: fc.boolean(),
  epoch: text,
  publications: fc.array(publication, { maxLength: 3 }),
  recovered: fc.boolean(),
  offset,
  positioned: fc.boolean(),
  data: maybePayload,
  wasRecovering: fc.boolean(),
  delta: fc.boolean(),
})

const connectResult: fc.Arbitrary<ConnectResult> = fc.record({
  client: text,
  version: text,
  ...expiry,
  data: maybePayload,
  subs: mapOf(subscribeResult),
  ping: uint32,
  pong: fc.boolean(),
  session: text,
  node: text,
  time: offset,
})

export const anyReply: fc.Arbitrary<Reply> = fc.oneof(
  fc.record({
    kind: fc.constant('error' as const),
    id,
    error: fc.record({ code: uint32, message: text, temporary: fc.boolean() }),
  }),
  fc.record({ kind: fc.constant('connect' as const), id, result: connectResult }),
  fc.record({ kind: fc.constant('subscribe' as const), id, result: subscribeResult }),
  fc.record({ kind: fc.constantFrom('unsubscribe', 'publish'), id }),
  fc.record({
    kind: fc.constant('presence' as const),
    id,
    result: mapOf(clientInfo).filter((presence) => presence.size > 0),
  }),
  fc.record({
    kind: fc.constant('presenceStats' as const),
    id,
    result: fc.record({ numClients: uint32, numUsers: uint32 }),
  }),
  fc.record({
    kind: fc.constant('history' as const),
    id,
    result: fc.record({ publications: fc.array(publication, { maxLength: 3 }), epoch: text, offset }),
  }),
  fc.record({ kind: fc.constant('rpc' as const), id, result: fc.record({ data: maybePayload }) }),
  fc.record({
    kind: fc.constant('refresh' as const),
    id,
    result: fc.record({ client: text, version: text, ...expiry }),
  }),
  fc.record({ kind: fc.constant('subRefresh' as const), id, result: fc.record(expiry) }),
)

export const anyPush: fc.Arbitrary<Push> = fc.oneof(
  fc.record({ kind: fc.constant('publication' as const), channel: text, publication }),
  fc.record({ kind: fc.constantFrom('join', 'leave'), channel: text, info: clientInfo }),
  fc.record({ kind: fc.constant('unsubscribe' as const), channel: text, code: uint32, reason: text }),
  fc.record({
    kind: fc.constant('subscribe' as const),
    channel: text,
    result: fc.record({ recoverable: fc.boolean(), epoch: text, offset, positioned: fc.boolean(), data: maybePayload }),
  }),
  fc.record({ kind: fc.constant('message' as const), data: payload }),
  fc.record({ kind: fc.constant('connect' as const), result: connectResult }),
  fc.record({ kind: fc.constant('disconnect' as const), code: uint32, reason: text }),
  fc.record({ kind: fc.constant('refresh' as const), ...expiry }),
)
