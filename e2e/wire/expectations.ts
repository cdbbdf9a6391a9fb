import { expect, inject } from 'vitest'

/**
 * One expectation per server where ours differs from Centrifugo on purpose. `because` is for the reader: it says why
 * the difference is right.
 */
export const differs = <Value>(expectation: { xshathra: Value; centrifugo: Value; because: string }): Value =>
  expectation[inject('target').name]

/** A version-4 UUID: ids of connections and sessions (RFC 9562 §5.4). */
export const aUuid: string = expect.stringMatching(
  /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
)
export const someText: string = expect.stringMatching(/./)
export const anEpoch: string = someText

/** Whole seconds that have just begun to run down from `total`. */
export const secondsOf = (total: number): number => expect.toSatisfy((value) => value === total || value === total - 1)

/** What the reply to a connect command without anything special says. */
export const connectResult = { client: aUuid, version: someText, ping: 25, pong: true }

/** The last item of a transcript whose connection the server closed. */
export const closed = (code: number, reason: string): { close: { code: number; reason: string } } => ({
  close: { code, reason },
})

export const errors = {
  internal: { code: 100, message: 'internal server error', temporary: true },
  unknownChannel: { code: 102, message: 'unknown channel' },
  permissionDenied: { code: 103, message: 'permission denied' },
  alreadySubscribed: { code: 105, message: 'already subscribed' },
  limitExceeded: { code: 106, message: 'limit exceeded' },
  badRequest: { code: 107, message: 'bad request' },
  notAvailable: { code: 108, message: 'not available' },
  tokenExpired: { code: 109, message: 'token expired' },
  expired: { code: 110, message: 'expired' },
  unrecoverablePosition: { code: 112, message: 'unrecoverable position' },
}

export const BAD_REQUEST = closed(3501, 'bad request')
export const INVALID_TOKEN = closed(3500, 'invalid token')
