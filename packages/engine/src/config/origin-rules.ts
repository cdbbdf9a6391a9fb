import { failed, ok, type Result } from '@xshathra/protocol'
import { compileGlob, type GlobMatcher } from './glob.ts'

/** Whether a request with this Origin header may use an endpoint; absent: none was sent. */
export type OriginRule = (origin: string | undefined) => boolean

/** An entry of `client.allowed_origins` that is no glob. */
export interface MalformedOrigin {
  readonly index: number
  readonly pattern: string
}

/**
 * Compiles `client.allowed_origins`. A request without Origin always passes, since no browser sends one such; with one it
 * passes where an entry fits it in lower case. No entries: no origin passes. Linear in the length of the header.
 */
export const compileOriginRules = (patterns: readonly string[]): Result<OriginRule, readonly MalformedOrigin[]> => {
  const malformed: MalformedOrigin[] = []
  const matchers: GlobMatcher[] = []
  for (const [index, pattern] of patterns.entries()) {
    const matcher = compileGlob(pattern)
    if (matcher) matchers.push(matcher)
    else malformed.push({ index, pattern })
  }
  if (malformed.length > 0) return failed(malformed)
  return ok((origin) => !origin || fitsOne(matchers, origin.toLowerCase()))
}

const fitsOne = (matchers: readonly GlobMatcher[], origin: string): boolean =>
  matchers.some((matches) => matches(origin))
