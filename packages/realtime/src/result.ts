/** What can go wrong, by name. Codes of the server are told as they are; those it may add later are strings too. */
export type ProblemCode =
  /** The environment names no server. */
  | 'not_configured'
  /** What the environment says contradicts itself or cannot be read. */
  | 'misconfigured'
  /** A message does not fit the schema of its channel; see `issues`. */
  | 'invalid_message'
  | 'timeout'
  | 'aborted'
  /** No connection to the server could be made, or it broke. */
  | 'unreachable'
  /** Something answered that does not speak the API. */
  | 'invalid_answer'
  | 'invalid_body'
  | 'invalid_channel'
  | 'invalid_api_key'
  | 'channel_of_another_project'
  | 'namespace_not_allowed'
  | 'project_archived'
  | 'unknown_namespace'
  | 'not_found'
  | 'not_available'
  | 'unrecoverable_position'
  | 'too_large'
  | 'rate_limited'
  | 'internal'
  | 'engine_unavailable'
  | 'store_unavailable'
  | (string & {})

/** One thing a schema has against a message. */
export interface MessageIssue {
  readonly message: string
  /** Where in the message; empty for the whole. */
  readonly path: readonly (string | number)[]
}

/** Why something failed, in words for developers. Never holds a key or a token. */
export interface RealtimeProblem {
  readonly code: ProblemCode
  readonly message: string
  /** HTTP status, where a server answered. */
  readonly status?: number | undefined
  /** The field of the request that is wrong. */
  readonly field?: string | undefined
  /** A page about this code. */
  readonly docs?: string | undefined
  readonly retryAfterSeconds?: number | undefined
  /** What the schema of the channel has against the message. */
  readonly issues?: readonly MessageIssue[] | undefined
}

/** A value, or the problem that stood in its way. */
export type Result<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: RealtimeProblem }

export const ok = <Value>(value: Value): Result<Value> => ({ ok: true, value })

export const failed = (problem: RealtimeProblem): { readonly ok: false; readonly problem: RealtimeProblem } => ({
  ok: false,
  problem,
})

/** Thrown where a function has no other way to fail. */
export class RealtimeError extends Error {
  override readonly name = 'RealtimeError'
  readonly problem: RealtimeProblem

  constructor(problem: RealtimeProblem) {
    super(problem.message)
    this.problem = problem
  }

  get code(): ProblemCode {
    return this.problem.code
  }
}

/** The value of a result; throws its problem. */
export const unwrap = <Value>(result: Result<Value>): Value => {
  if (result.ok) return result.value
  throw new RealtimeError(result.problem)
}
