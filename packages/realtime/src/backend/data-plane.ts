import type { Result } from '../result.ts'

/** What a backend can ask of a server, by the names that commands of a batch have too. */
export type EndpointName =
  | 'token'
  | 'subscriptionToken'
  | 'publish'
  | 'broadcast'
  | 'batch'
  | 'presence'
  | 'presenceStats'
  | 'history'
  | 'historyRemove'
  | 'subscribe'
  | 'unsubscribe'
  | 'disconnect'
  | 'refresh'
  | 'channels'
  | 'project'

export interface CallOptions {
  /** Gives up; the answer is then the problem `aborted`. */
  readonly signal?: AbortSignal | undefined
}

/** Body of a call, in the words of Xshathra's HTTP API. */
export type CallBody = Readonly<Record<string, unknown>>

/** The way to a server. Bodies and answers are those of Xshathra's HTTP API, whatever stands behind. Never throws. */
export interface DataPlane {
  /** `isRepeatable`: doing it twice does no harm, so it may be tried again after a failure in the middle. */
  call(endpoint: EndpointName, body: CallBody, isRepeatable: boolean, options: CallOptions): Promise<Result<unknown>>
}
