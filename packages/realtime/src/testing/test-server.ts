import type { PublishedAt } from '../backend/answers.ts'
import type { ConnectionTokenOptions, Realtime } from '../backend/realtime.ts'
import type { FetchLike } from '../backend/settings.ts'
import type { Channel, Sent } from '../channels/typed-channel.ts'
import type { MemorySocket } from './memory-socket.ts'
import type { TestNamespace } from './test-namespaces.ts'

export interface TestServerOptions {
  /** In place of those that a server ships with: `public`, `chat`, `match`, `lobby`, `announce`, `user`, `proto`. */
  readonly namespaces?: Readonly<Record<string, TestNamespace>> | undefined
  /** Admits connections that bring `clientApiKey` and no token. */
  readonly allowAnonymous?: boolean | undefined
}

/** A publication that the server accepted. */
export interface SeenPublication extends PublishedAt {
  /** Full name: `chat:proj_…:room:7`. */
  readonly channel: string
  readonly data: unknown
  readonly tags?: Readonly<Record<string, string>> | undefined
}

/** An open connection. */
export interface SeenConnection {
  readonly client: string
  readonly userId: string
  /** Full names. */
  readonly channels: readonly string[]
}

/**
 * A server in memory, with one project. It is the engine of the real one and speaks its protocol; only sockets, files
 * and the network are missing. Channels may be given by their short names. Close it when the test ends.
 */
export interface TestServer {
  // ── the ways in ───────────────────────────────────────────────────────────────────────────────────────────────
  /** For the `websocket` option of `subscribe`, `RealtimeProvider` and `Centrifuge`, or in place of the global class. */
  readonly WebSocket: new (
    url: string,
  ) => MemorySocket
  /** Any socket URL leads here. */
  readonly url: string
  /** For the `fetch` option of `createRealtime`, or in place of the global function; answers the data-plane API. */
  readonly fetch: FetchLike
  /** What a backend has in its environment: functions of `@xshathra/realtime` then need only `fetch`. */
  readonly environment: { readonly XSHATHRA_ORIGIN: string; readonly XSHATHRA_SERVER_API_KEY: string }
  /** Backend functions that lead here. */
  readonly realtime: Realtime
  readonly projectId: string
  readonly clientApiKey: string
  /** A connection token; a number is `ttlSeconds`. */
  token(userId: string, options?: number | ConnectionTokenOptions): Promise<string>
  /** A `getToken` for this user; the same function each time, so that connections are shared. */
  tokensFor(userId: string): () => Promise<string>
  /** Publishes as the backend. A refusal rejects. */
  publish<Of extends Channel>(channel: Of, data: Sent<Of>): Promise<PublishedAt>

  // ── what went on ──────────────────────────────────────────────────────────────────────────────────────────────
  connections(): readonly SeenConnection[]
  /** Users who are subscribed, one entry for each connection. */
  subscribers(channel: Channel): readonly string[]
  /** All that was published since the start, by whomever. */
  published(channel?: Channel): readonly SeenPublication[]
  /**
   * Settles once the condition holds; it is asked again after everything that happens in the server. Rejects when the
   * server is closed before.
   */
  until(condition: () => boolean): Promise<void>

  // ── faults ────────────────────────────────────────────────────────────────────────────────────────────────────
  /** Breaks every connection, without a goodbye. Clients come back. */
  dropConnections(): void
  /** Breaks every connection, and lets none come until `goOnline`. */
  goOffline(): void
  goOnline(): void
  /** Messages vanish in both directions, and nobody is told; until `restore`. */
  goSilent(): void
  /** Every message travels for so long, until `restore`. */
  delayMessages(ms: number): void
  /** Refuses connections with a disconnect code (3500–3999 and 4500–4999 for good), until `restore`. */
  refuseConnections(code: number, reason?: string): void
  /** Asks for a subscription token in a namespace: others get error 103; until `restore`. */
  lock(namespace: string): void
  /** Every token in use is too old now: its connection ends, and the client has to fetch another. */
  expireTokens(): void
  /** Breaks every connection and loses a publication of the channel meanwhile: subscribers come back to a gap. */
  makeGap(channel: Channel): Promise<void>
  /** Ends silence, delays, refusals, locks and being offline. */
  restore(): void

  /** Moves the server's clock ahead: tokens, history and pings fall due. It goes on by itself besides. */
  advance(ms: number): void
  close(): Promise<void>
}
