import {
  type CommandDraft,
  newChannelRequest,
  newCommand,
  newConnect,
  newFilter,
  newHistory,
  newPosition,
  newPublish,
  newRefresh,
  newRpc,
  newSend,
  newSubRefresh,
  newSubscribe,
} from './command-draft.ts'
import { maxFilterNesting, maxInt32, maxSafe, maxUint32 } from './limits.ts'
import type {
  ConnectRequest,
  FilterNode,
  HistoryRequest,
  PublishRequest,
  RpcRequest,
  StreamPosition,
  SubRefreshRequest,
  SubscribeRequest,
} from './messages.ts'
import type { ProtobufReader } from './protobuf-reader.ts'

/**
 * Reads what clients ask, from Protobuf. Every reader goes to the end of its message. A message that comes twice is
 * merged, as the format wants it. Source of the numbers: Centrifuge client.proto.
 */

export const readCommand = (reader: ProtobufReader): CommandDraft => {
  const draft = newCommand()
  for (let field = reader.field(); field !== 0; field = reader.field()) readCommandField(reader, field, draft)
  return draft
}

const readCommandField = (reader: ProtobufReader, field: number, draft: CommandDraft): void => {
  switch (field) {
    case 1:
      draft.id = reader.unsigned(maxUint32)
      break
    case 4:
      draft.connect = reader.message(() => readConnect(reader, draft.connect))
      break
    case 5:
      draft.subscribe = reader.message(() => readSubscribe(reader, draft.subscribe))
      break
    case 6:
      draft.unsubscribe = reader.message(() => readChannelRequest(reader, draft.unsubscribe))
      break
    case 7:
      draft.publish = reader.message(() => readPublish(reader, draft.publish))
      break
    case 8:
      draft.presence = reader.message(() => readChannelRequest(reader, draft.presence))
      break
    case 9:
      draft.presenceStats = reader.message(() => readChannelRequest(reader, draft.presenceStats))
      break
    case 10:
      draft.history = reader.message(() => readHistory(reader, draft.history))
      break
    case 12:
      draft.send = reader.message(() => readSend(reader, draft.send))
      break
    case 13:
      draft.rpc = reader.message(() => readRpc(reader, draft.rpc))
      break
    case 14:
      draft.refresh = reader.message(() => readRefresh(reader, draft.refresh))
      break
    case 15:
      draft.subRefresh = reader.message(() => readSubRefresh(reader, draft.subRefresh))
      break
    default:
      reader.skip()
  }
}

export const readConnect = (reader: ProtobufReader, before?: ConnectRequest): ConnectRequest => {
  const draft = { ...(before ?? newConnect()) }
  const subs = new Map(draft.subs)
  const headers: Record<string, string> = Object.assign(Object.create(null), draft.headers)
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    switch (field) {
      case 1:
        draft.token = reader.string()
        break
      case 2:
        draft.data = reader.bytes()
        break
      case 3:
        reader.message(() => readSub(reader, subs))
        break
      case 4:
        draft.name = reader.string()
        break
      case 5:
        draft.version = reader.string()
        break
      case 6:
        reader.message(() => readHeader(reader, headers))
        break
      default:
        reader.skip()
    }
  }
  draft.subs = subs
  draft.headers = headers
  return draft
}

/** One entry of the map of subscriptions. */
const readSub = (reader: ProtobufReader, subs: Map<string, SubscribeRequest>): void => {
  let channel = ''
  let request: SubscribeRequest | undefined
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) channel = reader.string()
    else if (field === 2) request = reader.message(() => readSubscribe(reader, request))
    else reader.skip()
  }
  subs.set(channel, request ?? newSubscribe())
}

/** One entry of the map of headers. */
const readHeader = (reader: ProtobufReader, headers: Record<string, string>): void => {
  let name = ''
  let value = ''
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) name = reader.string()
    else if (field === 2) value = reader.string()
    else reader.skip()
  }
  headers[name] = value
}

const readSubscribe = (reader: ProtobufReader, before: SubscribeRequest | undefined): SubscribeRequest => {
  const draft = { ...(before ?? newSubscribe()) }
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    switch (field) {
      case 1:
        draft.channel = reader.string()
        break
      case 2:
        draft.token = reader.string()
        break
      case 3:
        draft.recover = reader.boolean()
        break
      case 6:
        draft.epoch = reader.string()
        break
      case 7:
        draft.offset = reader.unsigned(maxSafe)
        break
      case 8:
        draft.data = reader.bytes()
        break
      case 9:
        draft.positioned = reader.boolean()
        break
      case 10:
        draft.recoverable = reader.boolean()
        break
      case 11:
        draft.joinLeave = reader.boolean()
        break
      case 12:
        draft.delta = reader.string()
        break
      case 13:
        draft.tagsFilter = reader.message(() => readFilter(reader, draft.tagsFilter, 1))
        break
      case 14:
        draft.flag = reader.signed(maxSafe)
        break
      case 15:
        draft.type = reader.signed(maxInt32)
        break
      default:
        reader.skip()
    }
  }
  return draft
}

const readFilter = (reader: ProtobufReader, before: FilterNode | undefined, depth: number): FilterNode => {
  const draft = { ...(before ?? newFilter()) }
  const vals = [...draft.vals]
  const nodes = [...draft.nodes]
  if (depth > maxFilterNesting) reader.fail()
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    switch (field) {
      case 1:
        draft.op = reader.string()
        break
      case 2:
        draft.key = reader.string()
        break
      case 3:
        draft.cmp = reader.string()
        break
      case 4:
        draft.val = reader.string()
        break
      case 5:
        vals.push(reader.string())
        break
      case 6:
        nodes.push(reader.message(() => readFilter(reader, undefined, depth + 1)))
        break
      default:
        reader.skip()
    }
  }
  draft.vals = vals
  draft.nodes = nodes
  return draft
}

const readChannelRequest = (
  reader: ProtobufReader,
  before: { readonly channel: string } | undefined,
): { readonly channel: string } => {
  const draft = { ...(before ?? newChannelRequest()) }
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) draft.channel = reader.string()
    else reader.skip()
  }
  return draft
}

const readPublish = (reader: ProtobufReader, before: PublishRequest | undefined): PublishRequest => {
  const draft = { ...(before ?? newPublish()) }
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) draft.channel = reader.string()
    else if (field === 2) draft.data = reader.bytes()
    else if (field === 3) draft.type = reader.signed(maxInt32)
    else reader.skip()
  }
  return draft
}

const readHistory = (reader: ProtobufReader, before: HistoryRequest | undefined): HistoryRequest => {
  const draft = { ...(before ?? newHistory()) }
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) draft.channel = reader.string()
    else if (field === 7) draft.limit = reader.signed(maxInt32)
    else if (field === 8) draft.since = reader.message(() => readPosition(reader, draft.since))
    else if (field === 9) draft.reverse = reader.boolean()
    else reader.skip()
  }
  return draft
}

const readPosition = (reader: ProtobufReader, before: StreamPosition | undefined): StreamPosition => {
  const draft = { ...(before ?? newPosition()) }
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) draft.offset = reader.unsigned(maxSafe)
    else if (field === 2) draft.epoch = reader.string()
    else reader.skip()
  }
  return draft
}

const readRpc = (reader: ProtobufReader, before: RpcRequest | undefined): RpcRequest => {
  const draft = { ...(before ?? newRpc()) }
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) draft.data = reader.bytes()
    else if (field === 2) draft.method = reader.string()
    else reader.skip()
  }
  return draft
}

const readSend = (reader: ProtobufReader, before: Pick<RpcRequest, 'data'> | undefined): Pick<RpcRequest, 'data'> => {
  const draft = { ...(before ?? newSend()) }
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) draft.data = reader.bytes()
    else reader.skip()
  }
  return draft
}

const readRefresh = (
  reader: ProtobufReader,
  before: { readonly token: string } | undefined,
): { readonly token: string } => {
  const draft = { ...(before ?? newRefresh()) }
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) draft.token = reader.string()
    else reader.skip()
  }
  return draft
}

const readSubRefresh = (reader: ProtobufReader, before: SubRefreshRequest | undefined): SubRefreshRequest => {
  const draft = { ...(before ?? newSubRefresh()) }
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) draft.channel = reader.string()
    else if (field === 2) draft.token = reader.string()
    else if (field === 3) draft.type = reader.signed(maxInt32)
    else reader.skip()
  }
  return draft
}
