import type { Channel, Sent } from '../channels/typed-channel.ts'
import type { Result } from '../result.ts'
import type {
  BroadcastOutcome,
  HistoryPage,
  PresenceStats,
  PresentClient,
  ProjectInfo,
  PublishedAt,
  StreamPosition,
} from './answers.ts'
import type { BatchCommand, BatchReply } from './batch.ts'
import type { CallOptions } from './data-plane.ts'

export interface SubscriptionTokenOptions extends CallOptions {
  /** 30 to 3600, by default 900; tokens that are signed here: to 86400, for a bare Centrifugo by default 3600. */
  readonly ttlSeconds?: number | undefined
  /** Shown to others in presence, join and leave. */
  readonly info?: Readonly<Record<string, unknown>> | undefined
}

export interface ConnectionTokenOptions extends SubscriptionTokenOptions {
  /** What the connection is subscribed to from the start; 128 at most. */
  readonly channels?: readonly Channel[] | undefined
}

export interface SignedTokenOptions extends Omit<ConnectionTokenOptions, 'signal'> {
  /** Whose token it is, where the deployment has several projects and clients do not send their `client_api_key`. */
  readonly projectId?: string | undefined
}

export interface PublishOptions extends CallOptions {
  /** 32 at most. */
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** Repeating it in a channel within five minutes publishes nothing. With it, a broken call is safely tried again. */
  readonly idempotencyKey?: string | undefined
  readonly skipHistory?: boolean | undefined
  /** Sends subscribers that can take it the difference to the publication before. */
  readonly delta?: boolean | undefined
}

export interface HistoryOptions extends CallOptions {
  /** 0 to 1000, by default 100. */
  readonly limit?: number | undefined
  /** Exclusive, in both directions. */
  readonly since?: StreamPosition | undefined
  /** Newest first. */
  readonly reverse?: boolean | undefined
}

export interface UserOptions extends CallOptions {
  /** Id of one connection; absent: all of the user's. */
  readonly client?: string | undefined
}

export interface DisconnectOptions extends UserOptions {
  /** 3000 to 4999, by default 3503. Clients come back after 3000–3499 and 4000–4499. */
  readonly code?: number | undefined
  readonly reason?: string | undefined
  /** Refuses tokens of the user for so long. */
  readonly blockSeconds?: number | undefined
}

export interface RefreshOptions extends UserOptions {
  /** By default 900. */
  readonly expireInSeconds?: number | undefined
  /** Ends the connection's time now: its client has to bring a new token. */
  readonly expired?: boolean | undefined
}

/**
 * A server, as a backend sees it. What can fail for reasons of its own answers a {@link Result}; tokens are promised, and
 * the promise is rejected with a `RealtimeError`. A wrong type is a TypeError that names the field.
 */
export interface Realtime {
  /** Mints the token that lets a user's client connect. A number is `ttlSeconds`. */
  issueConnectionToken(userId: string, options?: number | ConnectionTokenOptions): Promise<string>

  /**
   * Mints the token that lets a user's client subscribe to one channel, where a token is asked for. Whether the user may
   * is for the caller to decide.
   */
  issueSubscriptionToken(userId: string, channel: Channel, options?: number | SubscriptionTokenOptions): Promise<string>

  /**
   * Signs a connection token here and now, without asking the server: with the server key of the project, or with the
   * secret of a bare Centrifugo. An Xshathra server in front of a Centrifugo refuses such tokens; there, issue them.
   * Throws a `RealtimeError` where nothing is set up.
   */
  signConnectionToken(userId: string, options?: number | SignedTokenOptions): string

  /**
   * Publishes, and says whether the server accepted it. Never throws or rejects, and takes five seconds at most. `false`
   * without a word where nothing is set up; otherwise the first failure of each kind is warned about on the console.
   */
  publish<Of extends Channel>(channel: Of, data: Sent<Of>, options?: PublishOptions): Promise<boolean>

  /** Publishes, and says where the publication came to stand or why it did not. */
  publishResult<Of extends Channel>(channel: Of, data: Sent<Of>, options?: PublishOptions): Promise<Result<PublishedAt>>

  /** Publishes the same to up to 1000 channels. Outcomes stand in their order; a refused channel is refused alone. */
  broadcast<Of extends Channel>(
    channels: readonly Of[],
    data: Sent<Of>,
    options?: PublishOptions,
  ): Promise<Result<readonly BroadcastOutcome[]>>

  /** Sends up to 1000 commands at once. They are carried out in their order, and each has its own reply. */
  batch(commands: readonly BatchCommand[], options?: CallOptions): Promise<Result<readonly BatchReply[]>>

  /** Who is subscribed now, by id of the connection. */
  presence(channel: Channel, options?: CallOptions): Promise<Result<Readonly<Record<string, PresentClient>>>>

  /** How many are subscribed now. */
  presenceStats(channel: Channel, options?: CallOptions): Promise<Result<PresenceStats>>

  /** A page of what the channel keeps, and where its stream stands. */
  history(channel: Channel, options?: HistoryOptions): Promise<Result<HistoryPage>>

  /** Forgets what the channel keeps. Its stream goes on with the next offset. */
  removeHistory(channel: Channel, options?: CallOptions): Promise<Result<void>>

  /** Subscribes a user's open connections to a channel. */
  subscribeUser(userId: string, channel: Channel, options?: UserOptions): Promise<Result<void>>

  /** Takes a user's open connections out of a channel. */
  unsubscribeUser(userId: string, channel: Channel, options?: UserOptions): Promise<Result<void>>

  /** Closes a user's connections, or those of everybody in the project. */
  disconnect(who: string | { readonly all: true }, options?: DisconnectOptions): Promise<Result<void>>

  /** Changes when a user's open connections expire. */
  refresh(userId: string, options?: RefreshOptions): Promise<Result<void>>

  /** Channels that somebody is subscribed to; a glob narrows them. */
  channels(
    pattern?: string,
    options?: CallOptions,
  ): Promise<Result<Readonly<Record<string, { readonly clients: number }>>>>

  /** What the key opens: the project's id, name and environment, and where its sockets connect. */
  project(options?: CallOptions): Promise<Result<ProjectInfo>>

  /** Whether a server is set up. Says nothing about whether it answers. */
  isRealtimeEnabled(): boolean

  /** Where clients connect; undefined where nothing is set up. */
  realtimeWsUrl(): string | undefined
}
