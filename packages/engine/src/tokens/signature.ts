import type { MaybePromise } from '../maybe-promise.ts'
import type { TokenParts } from './token-parts.ts'

/**
 * Looks whether a token was signed by somebody who is believed. Answers the rule that failed, or undefined for a good
 * signature. `groups` are the named groups that the patterns of issuer and audience matched.
 */
export type SignatureCheck = (
  parts: TokenParts,
  groups: Readonly<Record<string, string>>,
) => MaybePromise<string | undefined>
