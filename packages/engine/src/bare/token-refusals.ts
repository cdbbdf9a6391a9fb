import { disconnects, errors } from '@xshathra/protocol'
import type { Refusal } from '../tenancy.ts'
import type { ConnectionVerdict, SubscriptionVerdict } from '../tokens/verify-token.ts'

type Failed<Verdict extends { kind: string }> = Exclude<Verdict, { kind: 'valid' }>

/**
 * What a token that does not count is answered, by what it was sent for: whether an SDK fetches a fresh one, gives up
 * the subscription or gives up the connection hangs on it. Source: Centrifugo.
 */
const refusals = {
  connect: {
    expired: { kind: 'error', error: errors.tokenExpired },
    invalid: { kind: 'disconnect', disconnect: disconnects.invalidToken },
  },
  refresh: {
    expired: { kind: 'disconnect', disconnect: disconnects.expired },
    invalid: { kind: 'disconnect', disconnect: disconnects.invalidToken },
  },
  subscription: {
    expired: { kind: 'error', error: errors.tokenExpired },
    invalid: { kind: 'error', error: errors.permissionDenied },
  },
} as const

export const refuseToken = (
  purpose: keyof typeof refusals,
  verdict: Failed<ConnectionVerdict> | Failed<SubscriptionVerdict>,
): Refusal => {
  switch (verdict.kind) {
    case 'expired':
      return { ...refusals[purpose].expired, rule: 'token expired', detail: verdict.claim }
    case 'invalid':
      return { ...refusals[purpose].invalid, rule: 'token invalid', detail: verdict.reason }
    case 'undecodable':
      return { kind: 'error', error: errors.internal, rule: 'token unreadable', detail: verdict.claim }
  }
}
