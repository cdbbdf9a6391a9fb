import type { Durability } from './broker/broker.ts'

/** A permission of rule R: for whom an action on a channel is open. */
export interface Permission {
  readonly forClient: boolean
  readonly forSubscriber: boolean
  readonly forAnonymous: boolean
}

/** How much of a channel's stream is kept, and for how long. */
export interface Retention {
  readonly size: number
  readonly ttlMs: number
  /** How long offset and epoch outlive the last use. */
  readonly metaTtlMs: number
  readonly durability: Durability
}

/**
 * The rules of one namespace, compiled: every option of the configuration as the hot path wants it. Source of names and
 * defaults: Centrifugo v6 channel options.
 */
export interface ChannelRules {
  /** `''` for channels without a namespace. */
  readonly namespace: string
  readonly subscriptionType: '' | 'stream' | 'map' | 'map_clients' | 'map_users' | 'shared_poll'
  readonly presence: boolean
  readonly joinLeave: boolean
  readonly forcePushJoinLeave: boolean
  /** Absent: no history here. */
  readonly history?: Retention | undefined
  readonly forcePositioning: boolean
  readonly allowPositioning: boolean
  readonly forceRecovery: boolean
  readonly allowRecovery: boolean
  readonly recoveryMode: 'stream' | 'cache'
  readonly autoCacheRecover: boolean
  readonly allowFossilDelta: boolean
  readonly deltaPublish: boolean
  readonly allowTagsFilter: boolean
  readonly allowSubscribeForClient: boolean
  readonly allowSubscribeForAnonymous: boolean
  readonly publish: Permission
  readonly presencePermission: Permission
  readonly historyPermission: Permission
  readonly allowUserLimitedChannels: boolean
  /** Linear-time matcher of `channel_regex`; absent: the whole name must be ASCII. */
  readonly matches?: ((rest: string) => boolean) | undefined
  readonly dataFormat: '' | 'json' | 'json_object' | 'binary'
  /** Names of proxies to ask; absent: none. */
  readonly subscribeProxy?: string | undefined
  readonly publishProxy?: string | undefined
  readonly subRefreshProxy?: string | undefined
}
