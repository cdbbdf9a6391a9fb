import type { Disconnect, Payload, ProtocolError } from '@xshathra/protocol'
import type { ChannelRules } from './channel-rules.ts'
import type { MaybePromise } from './maybe-promise.ts'
import type { InternalChannel, Scope } from './names.ts'

/**
 * The seam between the engine, which knows no projects, and whoever does.
 *
 * Every connection and every API call carries a {@link Scope} that the engine never looks into. The hub is keyed by
 * internal channel names and by (scope, user), so whatever two scopes may meet in is decided here and nowhere else.
 * The bare engine (`xshathra engine`) has one scope, `''`; the platform has one per project.
 */
export interface Tenancy {
  /** Decides at the connect command who this is. Anything it throws is logged and answered with error 100. */
  admit(request: AdmissionRequest): MaybePromise<Admission>

  /** Reads the token of a `refresh` command of an open connection. */
  readRefreshToken(scope: Scope, token: string): MaybePromise<RefreshReading>

  /** Reads the token of a `subscribe` or `sub_refresh` command. Comparing its user and channel is the engine's. */
  readSubscriptionToken(scope: Scope, token: string): MaybePromise<SubscriptionReading>

  /** Finds the channel that `name` means to a caller of this scope, with the rules in force there. */
  resolve(scope: Scope, name: string): Resolution

  /** The full name under which a caller of this scope knows the channel. */
  display(scope: Scope, channel: InternalChannel): string

  /** Whether a caller of `scope` may be shown what belongs to `owner`: its own scope, or the operator all. */
  sees(scope: Scope, owner: Scope): boolean

  /** Finds whom an API caller of this scope means by `user`; the operator's scope may name users of others. */
  resolveUser(scope: Scope, user: string): { readonly scope: Scope; readonly user: string }

  /** Asked about a subscribe without token that no static rule decides (subscribe proxy); absent where there is none. */
  readonly authorizeSubscribe?: (request: SubscribeQuestion) => MaybePromise<SubscribeAnswer>

  /** Asked about every client publish to a channel whose rules name a publish proxy; absent where there is none. */
  readonly authorizePublish?: (request: PublishQuestion) => MaybePromise<PublishAnswer>

  /** Whether a scope may publish once more just now; no: the client's publish is error 111. Absent: always. */
  readonly takePublish?: ((scope: Scope) => boolean) | undefined

  /**
   * Asked when a connection's time is over (refresh proxy). Where it is there, clients do not refresh: their connect
   * reply tells no expiry, and a `refresh` command ends the connection with 3501.
   */
  readonly extendConnection?: ((connection: ConnectionFacts) => MaybePromise<Extension>) | undefined

  /** Asked when the time of a subscription whose rules name a sub_refresh proxy is over; absent where there is none. */
  readonly extendSubscription?: ((question: SubscriptionQuestion) => MaybePromise<Extension>) | undefined
}

/** What is known of a connection when somebody else is asked about it. */
export interface ConnectionFacts {
  /** Id of the connection. */
  readonly client: string
  readonly scope: Scope
  readonly user: string
  /** `websocket`, `http_stream`, `sse`, `uni_websocket`, `uni_sse`, `uni_http_stream`. */
  readonly transport: string
  readonly protocol: 'json' | 'protobuf'
  /** Headers of the HTTP request that opened the transport, names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Headers the SDK asked to be treated as if sent (browsers cannot set any on a WebSocket). */
  readonly emulatedHeaders: Readonly<Record<string, string>>
  readonly meta?: Payload | undefined
}

export interface AdmissionRequest extends Omit<ConnectionFacts, 'scope' | 'user' | 'meta'> {
  /** `''` where none was sent. */
  readonly token: string
  readonly data?: Payload | undefined
  /** Name and version of the SDK. */
  readonly name: string
  readonly version: string
  /** Channels named in the connect command. */
  readonly channels: readonly string[]
  readonly origin: string | undefined
  /** Address of the peer as the front door resolved it. */
  readonly remoteAddress: string
}

/** A refusal: an error reply, or the end of the connection. `rule` and `detail` are for logs and never hold a secret. */
export type Refusal =
  | { readonly kind: 'error'; readonly error: ProtocolError; readonly rule: string; readonly detail?: string }
  | { readonly kind: 'disconnect'; readonly disconnect: Disconnect; readonly rule: string; readonly detail?: string }

export interface ServerSubscription {
  /** As named in the token or proxy answer; resolved in the connection's scope. */
  readonly channel: string
  readonly chanInfo?: Payload | undefined
  readonly data?: Payload | undefined
  readonly override?: RulesOverride | undefined
  /** Unix seconds. */
  readonly expireAt?: number | undefined
}

/** Per-subscription overrides that a token, a proxy or the API may carry. */
export interface RulesOverride {
  readonly presence?: boolean | undefined
  readonly joinLeave?: boolean | undefined
  readonly forcePushJoinLeave?: boolean | undefined
  readonly forcePositioning?: boolean | undefined
  readonly forceRecovery?: boolean | undefined
}

export interface Credentials {
  readonly scope: Scope
  /** `''` is an anonymous user. */
  readonly user: string
  /** Unix seconds; absent: never. */
  readonly expireAt?: number | undefined
  readonly connInfo?: Payload | undefined
  /** Kept on the server; shown to proxies that ask for it. */
  readonly meta?: Payload | undefined
  readonly subscriptions: readonly ServerSubscription[]
  /** How it was admitted: channels wished for in the connect command are honoured for `token` and `anonymous` only. */
  readonly by: 'token' | 'proxy' | 'anonymous' | 'header'
  /** Identity of the credential (never the token), so that revoking a key can find whom it admitted. */
  readonly credentialId?: string | undefined
  /** Answered in the connect reply. */
  readonly data?: Payload | undefined
  readonly limits?: ConnectionLimits | undefined
}

/** Limits of one scope where they differ from the engine's; absent fields mean the engine's. */
export interface ConnectionLimits {
  readonly connections?: number | undefined
  readonly connectionsPerUser?: number | undefined
  readonly channelsPerConnection?: number | undefined
  readonly messageBytes?: number | undefined
}

export type Admission = ({ readonly kind: 'admitted' } & Credentials) | Refusal

export type RefreshReading =
  | {
      readonly kind: 'read'
      readonly user: string
      readonly expireAt?: number | undefined
      readonly connInfo?: Payload | undefined
      /** Replaces the connection's where there is one. */
      readonly meta?: Payload | undefined
      readonly channels: readonly string[]
      /** The credential the connection rests on from now on; absent: the one that admitted it. */
      readonly credentialId?: string | undefined
    }
  | Refusal

export type SubscriptionReading =
  | {
      readonly kind: 'read'
      readonly user: string
      /** The channel claim, as written; the engine compares what it resolves to. */
      readonly channel: string
      /** Id of the one connection it is for; `''`: any. */
      readonly client: string
      readonly expireAt?: number | undefined
      readonly chanInfo?: Payload | undefined
      readonly data?: Payload | undefined
      readonly override?: RulesOverride | undefined
      /** Identity of the credential that signed it (never the token); absent: the engine's own. */
      readonly credentialId?: string | undefined
    }
  | Refusal

/** Where a channel name leads. */
export type Resolution =
  | {
      readonly kind: 'resolved'
      readonly channel: InternalChannel
      readonly rules: ChannelRules
      readonly anatomy: ChannelAnatomy
    }
  | { readonly kind: 'refused'; readonly error: ProtocolError; readonly rule: string }

export interface ChannelAnatomy {
  /** `''` for channels outside any namespace. */
  readonly namespace: string
  /** What `channel_regex` is matched against: the part behind the namespace boundary, or the whole name. */
  readonly rest: string
  /** Starts with the private prefix: a subscription token is obligatory. */
  readonly isPrivate: boolean
  /** Users named behind the user boundary, where the namespace has user-limited channels. */
  readonly users?: readonly string[] | undefined
}

/** What a question about one connection in one channel always says. */
export interface SubscriptionQuestion {
  readonly connection: ConnectionFacts
  /** As the client wrote it. */
  readonly name: string
  readonly channel: InternalChannel
  readonly rules: ChannelRules
}

export interface SubscribeQuestion extends SubscriptionQuestion {
  readonly token: string
  readonly data?: Payload | undefined
}

export type SubscribeAnswer =
  | {
      readonly kind: 'allowed'
      readonly expireAt?: number | undefined
      readonly chanInfo?: Payload | undefined
      readonly data?: Payload | undefined
      readonly override?: RulesOverride | undefined
    }
  | Refusal

/** What becomes of a connection or subscription whose time is over. */
export type Extension =
  | {
      readonly kind: 'extended'
      /** Unix seconds; absent: for ever. */
      readonly expireAt?: number | undefined
      /** Replaces the connection's or subscription's info where there is one. */
      readonly info?: Payload | undefined
      /** Replaces the connection's where there is one. */
      readonly meta?: Payload | undefined
    }
  /** It ends: 3005 for a connection, 2501 or 3006 for a subscription. */
  | { readonly kind: 'expired' }

export interface PublishQuestion extends SubscriptionQuestion {
  readonly data: Payload
}

export type PublishAnswer =
  | {
      readonly kind: 'allowed'
      /** Replaces what the client sent. */
      readonly data?: Payload | undefined
      readonly skipHistory?: boolean | undefined
      readonly tags?: Readonly<Record<string, string>> | undefined
      readonly idempotencyKey?: string | undefined
      readonly delta?: boolean | undefined
      readonly version?: number | undefined
      readonly versionEpoch?: string | undefined
    }
  | Refusal
