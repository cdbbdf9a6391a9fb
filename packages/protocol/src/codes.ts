/**
 * The numbers both sides agree on. Source of every table: the Centrifuge protocol as Centrifugo 6.9 answers it
 * (errors in replies, disconnect codes in close frames and pushes, unsubscribe codes in pushes).
 */

/** A refusal inside a reply: the connection goes on. `temporary` tells SDKs to try again by themselves. */
export interface ProtocolError {
  readonly code: number
  readonly message: string
  readonly temporary: boolean
}

/** The end of a connection: the code decides whether SDKs come back, see {@link isReconnectCode}. */
export interface Disconnect {
  readonly code: number
  readonly reason: string
}

/** The end of one subscription, told to the subscriber: the code decides whether SDKs subscribe again. */
export interface Unsubscribe {
  readonly code: number
  readonly reason: string
}

export const errors = {
  internal: { code: 100, message: 'internal server error', temporary: true },
  unauthorized: { code: 101, message: 'unauthorized', temporary: false },
  unknownChannel: { code: 102, message: 'unknown channel', temporary: false },
  permissionDenied: { code: 103, message: 'permission denied', temporary: false },
  methodNotFound: { code: 104, message: 'method not found', temporary: false },
  alreadySubscribed: { code: 105, message: 'already subscribed', temporary: false },
  limitExceeded: { code: 106, message: 'limit exceeded', temporary: false },
  badRequest: { code: 107, message: 'bad request', temporary: false },
  notAvailable: { code: 108, message: 'not available', temporary: false },
  tokenExpired: { code: 109, message: 'token expired', temporary: false },
  expired: { code: 110, message: 'expired', temporary: false },
  tooManyRequests: { code: 111, message: 'too many requests', temporary: true },
  unrecoverablePosition: { code: 112, message: 'unrecoverable position', temporary: false },
  concurrentPagination: { code: 113, message: 'concurrent pagination', temporary: true },
} as const satisfies Record<string, ProtocolError>

export const disconnects = {
  connectionClosed: { code: 3000, reason: 'connection closed' },
  shutdown: { code: 3001, reason: 'shutdown' },
  serverError: { code: 3004, reason: 'internal server error' },
  expired: { code: 3005, reason: 'connection expired' },
  subscriptionExpired: { code: 3006, reason: 'subscription expired' },
  slow: { code: 3008, reason: 'slow' },
  writeError: { code: 3009, reason: 'write error' },
  insufficientState: { code: 3010, reason: 'insufficient state' },
  forceReconnect: { code: 3011, reason: 'force reconnect' },
  noPong: { code: 3012, reason: 'no pong' },
  tooManyRequests: { code: 3013, reason: 'too many requests' },
  stateInvalidated: { code: 3014, reason: 'state invalidated' },
  invalidToken: { code: 3500, reason: 'invalid token' },
  badRequest: { code: 3501, reason: 'bad request' },
  stale: { code: 3502, reason: 'stale' },
  forceDisconnect: { code: 3503, reason: 'force disconnect' },
  connectionLimit: { code: 3504, reason: 'connection limit' },
  channelLimit: { code: 3505, reason: 'channel limit' },
  inappropriateProtocol: { code: 3506, reason: 'inappropriate protocol' },
  permissionDenied: { code: 3507, reason: 'permission denied' },
  notAvailable: { code: 3508, reason: 'not available' },
  tooManyErrors: { code: 3509, reason: 'too many errors' },
} as const satisfies Record<string, Disconnect>

export const unsubscribes = {
  client: { code: 0, reason: 'client unsubscribed' },
  disconnect: { code: 1, reason: 'client disconnected' },
  server: { code: 2000, reason: 'server unsubscribe' },
  insufficientState: { code: 2500, reason: 'insufficient state' },
  expired: { code: 2501, reason: 'subscription expired' },
  stateInvalidated: { code: 2502, reason: 'state invalidated' },
} as const satisfies Record<string, Unsubscribe>

/** Whether an SDK that was disconnected with `code` connects again: 3000-3499, 4000-4499 and from 5000 on. */
export const isReconnectCode = (code: number): boolean =>
  (code >= 3000 && code < 3500) || (code >= 4000 && code < 4500) || code >= 5000

/** Whether an SDK that was unsubscribed with `code` subscribes again: 2500-2999. */
export const isResubscribeCode = (code: number): boolean => code >= 2500 && code < 3000

/**
 * What a one-way transport, which has no replies, is told in place of an error reply.
 * Source: Centrifugo, connect errors on unidirectional transports.
 */
export const disconnectForError = (code: number): Disconnect => {
  switch (code) {
    case errors.tokenExpired.code:
    case errors.expired.code:
      return disconnects.expired
    case errors.tooManyRequests.code:
      return disconnects.tooManyRequests
    case errors.permissionDenied.code:
      return disconnects.permissionDenied
    default:
      return disconnects.serverError
  }
}
