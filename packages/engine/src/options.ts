import type { Disconnect } from '@xshathra/protocol'

/**
 * What holds for every connection, whoever it belongs to. Names and defaults: Centrifugo v6, section `client`.
 * Times in milliseconds, sizes in bytes; a limit of 0 means no limit.
 */
export interface ClientOptions {
  /** 0 switches pings off. */
  readonly pingIntervalMs: number
  /** 0 switches the check off. */
  readonly pongTimeoutMs: number
  /** From open to a successful connect command. */
  readonly staleCloseDelayMs: number
  readonly expiredCloseDelayMs: number
  readonly expiredSubCloseDelayMs: number
  /** Cadence at which expired subscriptions are looked for. */
  readonly presenceUpdateIntervalMs: number
  readonly channelLimit: number
  readonly channelMaxLength: number
  /** Backlog of one connection at which it is disconnected as slow. */
  readonly queueMaxBytes: number
  /** Commands of one connection handled side by side; 0 and 1: strictly one after the other. */
  readonly concurrency: number
  readonly connectionLimit: number
  /** Connections accepted per second. */
  readonly connectionRateLimit: number
  readonly userConnectionLimit: number
  readonly historyMaxPublicationLimit: number
  readonly recoveryMaxPublicationLimit: number
  readonly connectIncludeServerTime: boolean
  /** Opens subscribe, publish, history and presence to everybody. Never past private channels or unknown namespaces. */
  readonly insecure: boolean
  readonly personalChannel?: { readonly namespace: string; readonly singleConnection: boolean } | undefined
  /** Answers `rpc` with an empty result where the method matches. */
  readonly rpcPingMethod?: string | undefined
  /** What one-way transports are told for the code of a failed connect, where that differs from the usual. */
  readonly unidirectionalDisconnects?: ReadonlyMap<number, Disconnect> | undefined
  /** 105 for a client subscribe to a channel that a server-side subscription holds already; false: it is adopted. */
  readonly strictServerSubscriptions: boolean
}

export const defaultClientOptions: ClientOptions = {
  pingIntervalMs: 25_000,
  pongTimeoutMs: 8_000,
  staleCloseDelayMs: 10_000,
  expiredCloseDelayMs: 25_000,
  expiredSubCloseDelayMs: 25_000,
  presenceUpdateIntervalMs: 27_000,
  channelLimit: 128,
  channelMaxLength: 255,
  queueMaxBytes: 1_048_576,
  concurrency: 0,
  connectionLimit: 0,
  connectionRateLimit: 0,
  userConnectionLimit: 0,
  historyMaxPublicationLimit: 300,
  recoveryMaxPublicationLimit: 300,
  connectIncludeServerTime: false,
  insecure: false,
  strictServerSubscriptions: true,
}
