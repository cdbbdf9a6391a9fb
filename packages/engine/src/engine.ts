import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ClientInfo, Payload, ProtocolError, Result, StreamPosition, Tags } from '@xshathra/protocol'
import type { HistoryFilter, HistoryPage, PublishOutcome } from './broker/broker.ts'
import type { EventStream } from './events.ts'
import type { MaybePromise } from './maybe-promise.ts'
import type { Scope } from './names.ts'
import type { RulesOverride } from './tenancy.ts'

export interface PublishParams {
  readonly channel: string
  readonly data: Payload
  readonly isJson?: boolean | undefined
  readonly tags?: Tags | undefined
  readonly idempotencyKey?: string | undefined
  readonly skipHistory?: boolean | undefined
  /** Absent: as the namespace says. */
  readonly delta?: boolean | undefined
  readonly version?: number | undefined
  readonly versionEpoch?: string | undefined
}

/** Narrows an action on a user to one connection. */
export interface UserTarget {
  readonly user: string
  /** Id of one connection; absent: all of the user's. */
  readonly client?: string | undefined
  readonly session?: string | undefined
}

export interface SubscribeParams extends UserTarget {
  readonly channel: string
  readonly chanInfo?: Payload | undefined
  readonly data?: Payload | undefined
  /** Unix seconds. */
  readonly expireAt?: number | undefined
  readonly override?: RulesOverride | undefined
  readonly recoverSince?: StreamPosition | undefined
}

export interface DisconnectParams extends UserTarget {
  /** Connections to leave alone. */
  readonly whitelist?: readonly string[] | undefined
  /** Default 3503. */
  readonly code?: number | undefined
  readonly reason?: string | undefined
}

export interface RefreshParams extends UserTarget {
  readonly expired?: boolean | undefined
  /** Unix seconds; 0 or absent: never expires. */
  readonly expireAt?: number | undefined
  readonly connInfo?: Payload | undefined
}

export interface NodeInfo {
  readonly uid: string
  readonly name: string
  readonly version: string
  readonly numClients: number
  readonly numUsers: number
  readonly numChannels: number
  readonly numSubs: number
  readonly uptimeSeconds: number
}

/** One open connection as operators and consoles see it. */
export interface ConnectionView {
  readonly client: string
  readonly scope: Scope
  readonly user: string
  readonly transport: string
  readonly protocol: string
  /** Name and version of the SDK. */
  readonly name: string
  readonly version: string
  readonly remoteAddress: string
  /** Unix time in milliseconds. */
  readonly connectedAtMs: number
  readonly channels: readonly string[]
  readonly credentialId?: string | undefined
  /** Credentials behind the subscription tokens that it has used. */
  readonly subscriptionCredentialIds?: readonly string[] | undefined
}

/** Expected refusals are protocol errors: 102 unknown channel, 107 bad request, 108 not available, 112 … 100 is a failed store. */
export type ApiOutcome<Value> = MaybePromise<Result<Value, ProtocolError>>

/**
 * The server API of an engine, for callers of one {@link Scope}: backends of a project, or the operator. Names and users
 * are read by the tenancy. Shapes follow Centrifugo's server API; permissions of clients do not apply.
 */
export interface EngineApi {
  publish(scope: Scope, params: PublishParams): ApiOutcome<PublishOutcome>
  presence(scope: Scope, channel: string): ApiOutcome<ReadonlyMap<string, ClientInfo>>
  presenceStats(scope: Scope, channel: string): ApiOutcome<{ readonly numClients: number; readonly numUsers: number }>
  history(scope: Scope, channel: string, filter: HistoryFilter): ApiOutcome<HistoryPage>
  historyRemove(scope: Scope, channel: string): ApiOutcome<void>
  subscribe(scope: Scope, params: SubscribeParams): ApiOutcome<void>
  unsubscribe(scope: Scope, params: UserTarget & { readonly channel: string }): ApiOutcome<void>
  disconnect(scope: Scope, params: DisconnectParams): ApiOutcome<void>
  refresh(scope: Scope, params: RefreshParams): ApiOutcome<void>
  /** Channels somebody is subscribed to, by their full names in this scope; a glob narrows them. */
  channels(scope: Scope, pattern?: string): ApiOutcome<ReadonlyMap<string, { readonly numClients: number }>>
  info(): ApiOutcome<{ readonly nodes: readonly NodeInfo[] }>
}

export interface EngineStatus {
  readonly kind: 'embedded' | 'centrifugo'
  readonly ready: boolean
  readonly detail?: string | undefined
}

/**
 * All that stands behind `/realtime`. Two implementations: the embedded engine, and a real Centrifugo behind an adapter.
 * Whoever holds it calls close() once; it disconnects everybody with 3001, drains and closes its stores.
 */
export interface Engine {
  readonly api: EngineApi
  /** Takes over an upgrade request; answers in HTTP what it will not take. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Serves the HTTP transports and the emulation endpoint; false: not a path of the engine, nothing was answered. */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean
  readonly events: EventStream
  status(): EngineStatus
  close(): Promise<void>
}
