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
import { type JsonScanner, KeyTable } from './json-scanner.ts'
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

/**
 * Reads what clients ask, from JSON. Every reader stands at a value and leaves the scanner behind it; what a message
 * already holds stays where the text says nothing or `null`. Source of the keys: Centrifuge client.proto.
 */

const commandKeys = new KeyTable(
  'id',
  'connect',
  'subscribe',
  'unsubscribe',
  'publish',
  'presence',
  'presence_stats',
  'history',
  'rpc',
  'send',
  'refresh',
  'sub_refresh',
)

/** One command; whether it was well-formed is for the caller to ask the scanner. */
export const readCommand = (scanner: JsonScanner): CommandDraft => {
  const draft = newCommand()
  for (let more = scanner.openObject(); more; more = scanner.nextMember()) readCommandMember(scanner, draft)
  return draft
}

const readCommandMember = (scanner: JsonScanner, draft: CommandDraft): void => {
  switch (scanner.key(commandKeys)) {
    case 'id':
      draft.id = scanner.integer(draft.id, 0, maxUint32)
      break
    case 'connect':
      draft.connect = scanner.takeNull() ? undefined : readConnect(scanner, draft.connect)
      break
    case 'subscribe':
      draft.subscribe = scanner.takeNull() ? undefined : readSubscribe(scanner, draft.subscribe)
      break
    case 'unsubscribe':
      draft.unsubscribe = scanner.takeNull() ? undefined : readChannelRequest(scanner, draft.unsubscribe)
      break
    case 'publish':
      draft.publish = scanner.takeNull() ? undefined : readPublish(scanner, draft.publish)
      break
    case 'presence':
      draft.presence = scanner.takeNull() ? undefined : readChannelRequest(scanner, draft.presence)
      break
    case 'presence_stats':
      draft.presenceStats = scanner.takeNull() ? undefined : readChannelRequest(scanner, draft.presenceStats)
      break
    case 'history':
      draft.history = scanner.takeNull() ? undefined : readHistory(scanner, draft.history)
      break
    case 'rpc':
      draft.rpc = scanner.takeNull() ? undefined : readRpc(scanner, draft.rpc)
      break
    case 'send':
      draft.send = scanner.takeNull() ? undefined : readSend(scanner, draft.send)
      break
    case 'refresh':
      draft.refresh = scanner.takeNull() ? undefined : readRefresh(scanner, draft.refresh)
      break
    case 'sub_refresh':
      draft.subRefresh = scanner.takeNull() ? undefined : readSubRefresh(scanner, draft.subRefresh)
      break
    default:
      scanner.skipValue()
  }
}

const connectKeys = new KeyTable('token', 'data', 'subs', 'name', 'version', 'headers')

export const readConnect = (scanner: JsonScanner, before?: ConnectRequest): ConnectRequest => {
  const draft = { ...(before ?? newConnect()) }
  for (let more = scanner.openObject(); more; more = scanner.nextMember()) {
    switch (scanner.key(connectKeys)) {
      case 'token':
        draft.token = scanner.string(draft.token)
        break
      case 'data':
        draft.data = scanner.raw()
        break
      case 'subs':
        draft.subs = readSubs(scanner)
        break
      case 'name':
        draft.name = scanner.string(draft.name)
        break
      case 'version':
        draft.version = scanner.string(draft.version)
        break
      case 'headers':
        draft.headers = readHeaders(scanner)
        break
      default:
        scanner.skipValue()
    }
  }
  return draft
}

/** A subscription that is `null` is malformed: it says nothing that could be meant. */
const readSubs = (scanner: JsonScanner): ReadonlyMap<string, SubscribeRequest> => {
  const subs = new Map<string, SubscribeRequest>()
  if (scanner.takeNull()) return subs
  for (let more = scanner.openObject(); more; more = scanner.nextMember()) {
    subs.set(scanner.name(), readSubscribe(scanner, undefined))
  }
  return subs
}

const readHeaders = (scanner: JsonScanner): Readonly<Record<string, string>> => {
  const headers: Record<string, string> = Object.create(null)
  if (scanner.takeNull()) return headers
  for (let more = scanner.openObject(); more; more = scanner.nextMember()) headers[scanner.name()] = scanner.string('')
  return headers
}

const subscribeKeys = new KeyTable(
  'channel',
  'token',
  'recover',
  'epoch',
  'offset',
  'data',
  'positioned',
  'recoverable',
  'join_leave',
  'delta',
  'tf',
  'flag',
  'type',
)

const readSubscribe = (scanner: JsonScanner, before: SubscribeRequest | undefined): SubscribeRequest => {
  const draft = { ...(before ?? newSubscribe()) }
  for (let more = scanner.openObject(); more; more = scanner.nextMember()) {
    switch (scanner.key(subscribeKeys)) {
      case 'channel':
        draft.channel = scanner.string(draft.channel)
        break
      case 'token':
        draft.token = scanner.string(draft.token)
        break
      case 'recover':
        draft.recover = scanner.boolean(draft.recover)
        break
      case 'epoch':
        draft.epoch = scanner.string(draft.epoch)
        break
      case 'offset':
        draft.offset = scanner.integer(draft.offset, 0, maxSafe)
        break
      case 'data':
        draft.data = scanner.raw()
        break
      case 'positioned':
        draft.positioned = scanner.boolean(draft.positioned)
        break
      case 'recoverable':
        draft.recoverable = scanner.boolean(draft.recoverable)
        break
      case 'join_leave':
        draft.joinLeave = scanner.boolean(draft.joinLeave)
        break
      case 'delta':
        draft.delta = scanner.string(draft.delta)
        break
      case 'tf':
        draft.tagsFilter = scanner.takeNull() ? undefined : readFilter(scanner, draft.tagsFilter, 1)
        break
      case 'flag':
        draft.flag = scanner.integer(draft.flag, -maxSafe, maxSafe)
        break
      case 'type':
        draft.type = scanner.integer(draft.type, -maxInt32 - 1, maxInt32)
        break
      default:
        scanner.skipValue()
    }
  }
  return draft
}

const filterKeys = new KeyTable('op', 'key', 'cmp', 'val', 'vals', 'nodes')

const readFilter = (scanner: JsonScanner, before: FilterNode | undefined, depth: number): FilterNode => {
  const draft = { ...(before ?? newFilter()) }
  if (depth > maxFilterNesting) scanner.fail()
  for (let more = scanner.openObject(); more; more = scanner.nextMember()) {
    switch (scanner.key(filterKeys)) {
      case 'op':
        draft.op = scanner.string(draft.op)
        break
      case 'key':
        draft.key = scanner.string(draft.key)
        break
      case 'cmp':
        draft.cmp = scanner.string(draft.cmp)
        break
      case 'val':
        draft.val = scanner.string(draft.val)
        break
      case 'vals':
        draft.vals = readList(scanner, () => scanner.string(''))
        break
      case 'nodes':
        draft.nodes = readList(scanner, () => readFilter(scanner, undefined, depth + 1))
        break
      default:
        scanner.skipValue()
    }
  }
  return draft
}

const readList = <Element>(scanner: JsonScanner, readElement: () => Element): readonly Element[] => {
  const list: Element[] = []
  if (scanner.takeNull()) return list
  for (let more = scanner.openArray(); more; more = scanner.nextElement()) list.push(readElement())
  return list
}

const channelKeys = new KeyTable('channel')

const readChannelRequest = (
  scanner: JsonScanner,
  before: { readonly channel: string } | undefined,
): { readonly channel: string } => {
  const draft = { ...(before ?? newChannelRequest()) }
  for (let more = scanner.openObject(); more; more = scanner.nextMember()) {
    if (scanner.key(channelKeys) === 'channel') draft.channel = scanner.string(draft.channel)
    else scanner.skipValue()
  }
  return draft
}

const publishKeys = new KeyTable('channel', 'data', 'type')

const readPublish = (scanner: JsonScanner, before: PublishRequest | undefined): PublishRequest => {
  const draft = { ...(before ?? newPublish()) }
  for (let more = scanner.openObject(); more; more = scanner.nextMember()) {
    switch (scanner.key(publishKeys)) {
      case 'channel':
        draft.channel = scanner.string(draft.channel)
        break
      case 'data':
        draft.data = scanner.raw()
        break
      case 'type':
        draft.type = scanner.integer(draft.type, -maxInt32 - 1, maxInt32)
        break
      default:
        scanner.skipValue()
    }
  }
  return draft
}

const historyKeys = new KeyTable('channel', 'limit', 'since', 'reverse')

const readHistory = (scanner: JsonScanner, before: HistoryRequest | undefined): HistoryRequest => {
  const draft = { ...(before ?? newHistory()) }
  for (let more = scanner.openObject(); more; more = scanner.nextMember()) {
    switch (scanner.key(historyKeys)) {
      case 'channel':
        draft.channel = scanner.string(draft.channel)
        break
      case 'limit':
        draft.limit = scanner.integer(draft.limit, -maxInt32 - 1, maxInt32)
        break
      case 'since':
        draft.since = scanner.takeNull() ? undefined : readPosition(scanner, draft.since)
        break
      case 'reverse':
        draft.reverse = scanner.boolean(draft.reverse)
        break
      default:
        scanner.skipValue()
    }
  }
  return draft
}

const positionKeys = new KeyTable('offset', 'epoch')

const readPosition = (scanner: JsonScanner, before: StreamPosition | undefined): StreamPosition => {
  const draft = { ...(before ?? newPosition()) }
  for (let more = scanner.openObject(); more; more = scanner.nextMember()) {
    switch (scanner.key(positionKeys)) {
      case 'offset':
        draft.offset = scanner.integer(draft.offset, 0, maxSafe)
        break
      case 'epoch':
        draft.epoch = scanner.string(draft.epoch)
        break
      default:
        scanner.skipValue()
    }
  }
  return draft
}

const rpcKeys = new KeyTable('data', 'method')

const readRpc = (scanner: JsonScanner, before: RpcRequest | undefined): RpcRequest => {
  const draft = { ...(before ?? newRpc()) }
  for (let more = scanner.openObject(); more; more = scanner.nextMember()) {
    switch (scanner.key(rpcKeys)) {
      case 'data':
        draft.data = scanner.raw()
        break
      case 'method':
        draft.method = scanner.string(draft.method)
        break
      default:
        scanner.skipValue()
    }
  }
  return draft
}

const sendKeys = new KeyTable('data')

const readSend = (scanner: JsonScanner, before: Pick<RpcRequest, 'data'> | undefined): Pick<RpcRequest, 'data'> => {
  const draft = { ...(before ?? newSend()) }
  for (let more = scanner.openObject(); more; more = scanner.nextMember()) {
    if (scanner.key(sendKeys) === 'data') draft.data = scanner.raw()
    else scanner.skipValue()
  }
  return draft
}

const refreshKeys = new KeyTable('token')

const readRefresh = (
  scanner: JsonScanner,
  before: { readonly token: string } | undefined,
): { readonly token: string } => {
  const draft = { ...(before ?? newRefresh()) }
  for (let more = scanner.openObject(); more; more = scanner.nextMember()) {
    if (scanner.key(refreshKeys) === 'token') draft.token = scanner.string(draft.token)
    else scanner.skipValue()
  }
  return draft
}

const subRefreshKeys = new KeyTable('channel', 'token', 'type')

const readSubRefresh = (scanner: JsonScanner, before: SubRefreshRequest | undefined): SubRefreshRequest => {
  const draft = { ...(before ?? newSubRefresh()) }
  for (let more = scanner.openObject(); more; more = scanner.nextMember()) {
    switch (scanner.key(subRefreshKeys)) {
      case 'channel':
        draft.channel = scanner.string(draft.channel)
        break
      case 'token':
        draft.token = scanner.string(draft.token)
        break
      case 'type':
        draft.type = scanner.integer(draft.type, -maxInt32 - 1, maxInt32)
        break
      default:
        scanner.skipValue()
    }
  }
  return draft
}
