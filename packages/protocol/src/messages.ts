/**
 * What travels, decoded: plain values with camelCase names, independent of JSON or Protobuf.
 *
 * Everything the publisher or the application wrote (`data`, `connInfo`, `chanInfo`) is {@link Payload}: the very bytes
 * that came in, never a parsed value, so that numbers, key order and white space survive and delta stays exact.
 */

/** Raw bytes of an application payload: JSON text on JSON connections, anything on Protobuf ones. Treated as frozen. */
export type Payload = Uint8Array

export interface ClientInfo {
  readonly user: string
  /** Id of the connection. */
  readonly client: string
  readonly connInfo?: Payload | undefined
  readonly chanInfo?: Payload | undefined
}

export type Tags = Readonly<Record<string, string>>

export interface Publication {
  readonly data: Payload
  /** True where `data` is known to be one JSON value; otherwise a JSON encoder has to look for itself. */
  readonly isJson?: boolean | undefined
  /** Place in the channel's stream, from 1 on; 0 where the channel keeps no history. */
  readonly offset: number
  /** Only the first publication of a stream (offset 1) tells its epoch. */
  readonly epoch?: string | undefined
  readonly info?: ClientInfo | undefined
  readonly tags?: Tags | undefined
  readonly version?: number | undefined
}

export interface StreamPosition {
  readonly offset: number
  readonly epoch: string
}

/** A subscriber's own filter over publication tags: a leaf compares one tag, a branch combines filters. */
export interface FilterNode {
  readonly op: string
  readonly key: string
  readonly cmp: string
  readonly val: string
  readonly vals: readonly string[]
  readonly nodes: readonly FilterNode[]
}

// ── what clients ask ────────────────────────────────────────────────────────────────────────────────────────────

export interface SubscribeRequest {
  readonly channel: string
  readonly token: string
  readonly recover: boolean
  readonly epoch: string
  readonly offset: number
  readonly data?: Payload | undefined
  readonly positioned: boolean
  readonly recoverable: boolean
  readonly joinLeave: boolean
  /** '' or 'fossil'; anything else is a protocol violation. */
  readonly delta: string
  readonly tagsFilter?: FilterNode | undefined
  /** Bits: 1 channel compaction understood, 2 error 112 in place of `recovered: false`. */
  readonly flag: number
  /** 0 stream, 1-3 map subscriptions, 4 shared poll. */
  readonly type: number
}

export interface ConnectRequest {
  readonly token: string
  readonly data?: Payload | undefined
  /** Recovery positions of server-side subscriptions, and channels the client would like to have. */
  readonly subs: ReadonlyMap<string, SubscribeRequest>
  readonly name: string
  readonly version: string
  readonly headers: Readonly<Record<string, string>>
}

export interface PublishRequest {
  readonly channel: string
  readonly data?: Payload | undefined
  /** 0 stream, 1 map. */
  readonly type: number
}

export interface HistoryRequest {
  readonly channel: string
  readonly limit: number
  readonly since?: StreamPosition | undefined
  readonly reverse: boolean
}

export interface RpcRequest {
  readonly data?: Payload | undefined
  readonly method: string
}

export interface SubRefreshRequest {
  readonly channel: string
  readonly token: string
  /** 0 refreshes the token; 1 and 2 belong to shared poll. */
  readonly type: number
}

/** One request of a client, by kind. `id` 0 stands for a command that wants no reply. */
export type Command =
  | { readonly kind: 'connect'; readonly id: number; readonly request: ConnectRequest }
  | { readonly kind: 'subscribe'; readonly id: number; readonly request: SubscribeRequest }
  | { readonly kind: 'unsubscribe'; readonly id: number; readonly request: { readonly channel: string } }
  | { readonly kind: 'publish'; readonly id: number; readonly request: PublishRequest }
  | { readonly kind: 'presence'; readonly id: number; readonly request: { readonly channel: string } }
  | { readonly kind: 'presenceStats'; readonly id: number; readonly request: { readonly channel: string } }
  | { readonly kind: 'history'; readonly id: number; readonly request: HistoryRequest }
  | { readonly kind: 'rpc'; readonly id: number; readonly request: RpcRequest }
  | { readonly kind: 'send'; readonly id: number; readonly request: { readonly data?: Payload | undefined } }
  | { readonly kind: 'refresh'; readonly id: number; readonly request: { readonly token: string } }
  | { readonly kind: 'subRefresh'; readonly id: number; readonly request: SubRefreshRequest }
  /** An answer to a ping: any command without id that is not `send`. */
  | { readonly kind: 'pong' }
  /** Well-formed, but asks for nothing we know (a lone `ping` field too): a protocol violation. */
  | { readonly kind: 'unknown'; readonly id: number }

export type CommandKind = Command['kind']
export type CommandOf<Kind extends CommandKind> = Extract<Command, { kind: Kind }>

// ── what the server answers ─────────────────────────────────────────────────────────────────────────────────────

export interface SubscribeResult {
  readonly expires?: boolean
  /** Seconds. */
  readonly ttl?: number
  readonly recoverable?: boolean
  readonly epoch?: string
  readonly publications?: readonly DeliveredPublication[]
  readonly recovered?: boolean
  readonly offset?: number
  readonly positioned?: boolean
  readonly data?: Payload | undefined
  readonly wasRecovering?: boolean
  readonly delta?: boolean
}

/**
 * A publication in the form one subscriber gets it. With delta negotiated, `data` is either the full payload or a
 * fossil patch (`delta: true`), and JSON connections carry both as a JSON string (`asString`).
 */
export interface DeliveredPublication extends Publication {
  readonly delta?: boolean
  readonly asString?: boolean
}

export interface ConnectResult {
  readonly client: string
  readonly version: string
  readonly expires?: boolean
  /** Seconds. */
  readonly ttl?: number
  readonly data?: Payload | undefined
  readonly subs?: ReadonlyMap<string, SubscribeResult>
  /** Whole seconds between pings. */
  readonly ping?: number
  readonly pong?: boolean
  readonly session?: string
  readonly node?: string
  /** Unix time in milliseconds. */
  readonly time?: number
}

export interface RefreshResult {
  readonly client?: string
  readonly version?: string
  readonly expires?: boolean
  readonly ttl?: number
}

export interface HistoryResult {
  readonly publications: readonly Publication[]
  readonly epoch: string
  readonly offset: number
}

export type Reply =
  | {
      readonly kind: 'error'
      readonly id: number
      readonly error: { code: number; message: string; temporary?: boolean }
    }
  | { readonly kind: 'connect'; readonly id: number; readonly result: ConnectResult }
  | { readonly kind: 'subscribe'; readonly id: number; readonly result: SubscribeResult }
  | { readonly kind: 'unsubscribe'; readonly id: number }
  | { readonly kind: 'publish'; readonly id: number }
  | { readonly kind: 'presence'; readonly id: number; readonly result: ReadonlyMap<string, ClientInfo> }
  | {
      readonly kind: 'presenceStats'
      readonly id: number
      readonly result: { readonly numClients: number; readonly numUsers: number }
    }
  | { readonly kind: 'history'; readonly id: number; readonly result: HistoryResult }
  | { readonly kind: 'rpc'; readonly id: number; readonly result: { readonly data?: Payload | undefined } }
  | { readonly kind: 'refresh'; readonly id: number; readonly result: RefreshResult }
  | {
      readonly kind: 'subRefresh'
      readonly id: number
      readonly result: { readonly expires?: boolean; readonly ttl?: number }
    }

// ── what the server says unasked ────────────────────────────────────────────────────────────────────────────────

export type Push =
  | { readonly kind: 'publication'; readonly channel: string; readonly publication: DeliveredPublication }
  | { readonly kind: 'join'; readonly channel: string; readonly info: ClientInfo }
  | { readonly kind: 'leave'; readonly channel: string; readonly info: ClientInfo }
  | { readonly kind: 'unsubscribe'; readonly channel: string; readonly code: number; readonly reason: string }
  | {
      readonly kind: 'subscribe'
      readonly channel: string
      readonly result: Pick<SubscribeResult, 'recoverable' | 'epoch' | 'offset' | 'positioned' | 'data'>
    }
  | { readonly kind: 'message'; readonly data: Payload }
  | { readonly kind: 'connect'; readonly result: ConnectResult }
  | { readonly kind: 'disconnect'; readonly code: number; readonly reason: string }
  | { readonly kind: 'refresh'; readonly expires: boolean; readonly ttl: number }
