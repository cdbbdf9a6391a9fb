import type {
  Command,
  ConnectRequest,
  FilterNode,
  HistoryRequest,
  PublishRequest,
  RpcRequest,
  StreamPosition,
  SubRefreshRequest,
  SubscribeRequest,
} from './messages.ts'

/** A message while it is being read, field by field. */
export type Draft<Message> = { -readonly [Field in keyof Message]: Message[Field] }

interface ChannelRequest {
  readonly channel: string
}

/**
 * A command as it stands on the wire: nothing keeps a client from naming several requests at once. A request that comes
 * twice is merged field by field, in Protobuf by its specification and in JSON because Centrifugo does so.
 */
export interface CommandDraft {
  id: number
  connect: ConnectRequest | undefined
  subscribe: SubscribeRequest | undefined
  unsubscribe: ChannelRequest | undefined
  publish: PublishRequest | undefined
  presence: ChannelRequest | undefined
  presenceStats: ChannelRequest | undefined
  history: HistoryRequest | undefined
  rpc: RpcRequest | undefined
  send: Pick<RpcRequest, 'data'> | undefined
  refresh: Pick<ConnectRequest, 'token'> | undefined
  subRefresh: SubRefreshRequest | undefined
}

export const newCommand = (): CommandDraft => ({
  id: 0,
  connect: undefined,
  subscribe: undefined,
  unsubscribe: undefined,
  publish: undefined,
  presence: undefined,
  presenceStats: undefined,
  history: undefined,
  rpc: undefined,
  send: undefined,
  refresh: undefined,
  subRefresh: undefined,
})

/**
 * What the client wants. Without id and `send` it is a pong, whatever else it says; otherwise the first request in
 * Centrifugo's order of precedence counts.
 */
export const toCommand = (draft: CommandDraft): Command => {
  const { id } = draft
  if (id === 0 && draft.send === undefined) return pong
  if (draft.connect !== undefined) return { kind: 'connect', id, request: draft.connect }
  if (draft.subscribe !== undefined) return { kind: 'subscribe', id, request: draft.subscribe }
  if (draft.unsubscribe !== undefined) return { kind: 'unsubscribe', id, request: draft.unsubscribe }
  if (draft.publish !== undefined) return { kind: 'publish', id, request: draft.publish }
  if (draft.presence !== undefined) return { kind: 'presence', id, request: draft.presence }
  if (draft.presenceStats !== undefined) return { kind: 'presenceStats', id, request: draft.presenceStats }
  if (draft.history !== undefined) return { kind: 'history', id, request: draft.history }
  if (draft.rpc !== undefined) return { kind: 'rpc', id, request: draft.rpc }
  if (draft.send !== undefined) return { kind: 'send', id, request: draft.send }
  if (draft.refresh !== undefined) return { kind: 'refresh', id, request: draft.refresh }
  if (draft.subRefresh !== undefined) return { kind: 'subRefresh', id, request: draft.subRefresh }
  return { kind: 'unknown', id }
}

/** A command that is nothing but a pong. */
export const pong: Command = Object.freeze({ kind: 'pong' })

export const newConnect = (): Draft<ConnectRequest> => ({
  token: '',
  data: undefined,
  subs: noSubs,
  name: '',
  version: '',
  headers: noHeaders,
})

const noSubs: ReadonlyMap<string, SubscribeRequest> = new Map()
const noHeaders: Readonly<Record<string, string>> = Object.freeze(Object.create(null))

export const newSubscribe = (): Draft<SubscribeRequest> => ({
  channel: '',
  token: '',
  recover: false,
  epoch: '',
  offset: 0,
  data: undefined,
  positioned: false,
  recoverable: false,
  joinLeave: false,
  delta: '',
  tagsFilter: undefined,
  flag: 0,
  type: 0,
})

export const newChannelRequest = (): Draft<ChannelRequest> => ({ channel: '' })

export const newPublish = (): Draft<PublishRequest> => ({ channel: '', data: undefined, type: 0 })

export const newHistory = (): Draft<HistoryRequest> => ({ channel: '', limit: 0, since: undefined, reverse: false })

export const newPosition = (): Draft<StreamPosition> => ({ offset: 0, epoch: '' })

export const newRpc = (): Draft<RpcRequest> => ({ data: undefined, method: '' })

export const newSend = (): Draft<Pick<RpcRequest, 'data'>> => ({ data: undefined })

export const newRefresh = (): Draft<Pick<ConnectRequest, 'token'>> => ({ token: '' })

export const newSubRefresh = (): Draft<SubRefreshRequest> => ({ channel: '', token: '', type: 0 })

export const newFilter = (): Draft<FilterNode> => ({ op: '', key: '', cmp: '', val: '', vals: [], nodes: [] })
