import type { ProblemCode } from '../result.ts'

/** Place in a channel's stream. */
export interface StreamPosition {
  readonly offset: number
  /** Names one life of the stream. */
  readonly epoch: string
}

/** Where a publication came to stand; empty where the channel keeps no history. */
export type PublishedAt = Partial<StreamPosition>

/** What became of one channel of a broadcast; a refused channel is refused alone. */
export type BroadcastOutcome =
  | ({ readonly channel: string; readonly error?: undefined } & PublishedAt)
  | { readonly channel: string; readonly error: { readonly code: ProblemCode; readonly message: string } }

/** A connection that is subscribed to a channel. */
export interface PresentClient {
  readonly userId: string
  /** `info` of the connection's token. */
  readonly connInfo?: unknown
  /** `info` of the subscription's token. */
  readonly chanInfo?: unknown
}

export interface PresenceStats {
  readonly clients: number
  readonly users: number
}

export interface HistoryPublication {
  readonly offset: number
  readonly data: unknown
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** Who published, where a client did. */
  readonly info?: (PresentClient & { readonly client: string }) | undefined
}

export interface HistoryPage extends StreamPosition {
  readonly publications: readonly HistoryPublication[]
}

export interface ProjectInfo {
  readonly projectId: string
  readonly name: string
  readonly environment: string
  /** Where sockets connect. */
  readonly realtimeUrl: string
}
