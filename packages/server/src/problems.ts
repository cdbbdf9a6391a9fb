/**
 * Every failure the HTTP APIs answer with: code, status and a sentence for when there is nothing better to say. Each
 * code is an element id on the page `/docs/errors`.
 */
export const problems = {
  invalid_body: { status: 400, message: 'The body is not what this endpoint takes.' },
  invalid_channel: { status: 400, message: 'The channel name is not valid.' },
  invalid_api_key: { status: 401, message: 'The API key is missing or not valid.' },
  not_signed_in: { status: 401, message: 'Sign in first.' },
  channel_of_another_project: { status: 403, message: 'The channel name carries the id of another project.' },
  namespace_not_allowed: { status: 403, message: 'This project may not use the namespace in this way.' },
  project_archived: { status: 403, message: 'The project is archived.' },
  browser_origin: { status: 403, message: 'A server API key must never be used in a browser.' },
  forbidden: { status: 403, message: 'Your role does not allow this.' },
  unknown_namespace: { status: 404, message: 'There is no such namespace.' },
  not_found: { status: 404, message: 'There is nothing here.' },
  method_not_allowed: { status: 405, message: 'This endpoint does not take that method.' },
  not_available: { status: 409, message: 'The namespace does not keep this.' },
  unrecoverable_position: { status: 409, message: 'The position belongs to another life of the stream.' },
  conflict: { status: 409, message: 'That exists already.' },
  too_large: { status: 413, message: 'The body is too large.' },
  unsupported_media_type: { status: 415, message: 'Send JSON: Content-Type: application/json.' },
  unknown_host: { status: 421, message: 'This server does not serve that host name.' },
  upgrade_required: { status: 426, message: 'This path takes WebSocket upgrades only.' },
  rate_limited: { status: 429, message: 'Too many requests.' },
  internal: { status: 500, message: 'Something went wrong on our side.' },
  engine_unavailable: { status: 503, message: 'The realtime engine does not answer.' },
  store_unavailable: { status: 503, message: 'The store cannot be written or read right now.' },
} as const satisfies Record<string, { status: number; message: string }>

export type ProblemCode = keyof typeof problems

/** A failure on its way to the caller. `message` is public; `cause` is for the log alone. */
export interface Problem {
  readonly code: ProblemCode
  readonly message: string
  /** The field of the body that is wrong. */
  readonly field?: string | undefined
  readonly retryAfterSeconds?: number | undefined
  readonly cause?: unknown
}

export const problem = (
  code: ProblemCode,
  message?: string,
  more: Omit<Problem, 'code' | 'message'> = {},
): Problem => ({
  code,
  message: message ?? problems[code].message,
  ...more,
})

/** The body every failure has. */
export const problemBody = ({ code, message, field }: Problem) => ({
  error: { code, message, ...(field === undefined ? {} : { field }), docs: `/docs/errors#${code}` },
})
