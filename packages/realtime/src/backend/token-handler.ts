import type { Channel } from '../channels/typed-channel.ts'
import type { RealtimeProblem } from '../result.ts'
import { problemOf } from './create-realtime.ts'
import { defaultRealtime } from './default-realtime.ts'
import type { Realtime } from './realtime.ts'

/** Whom a token is for, and what it carries. */
export interface TokenGrant {
  readonly userId: string
  /** 30 to 3600, by default 900. */
  readonly ttlSeconds?: number | undefined
  /** Shown to others in presence, join and leave. */
  readonly info?: Readonly<Record<string, unknown>> | undefined
  /** What the connection is subscribed to from the start; of connection tokens only. */
  readonly channels?: readonly Channel[] | undefined
}

export interface TokenQuestion {
  /** The channel that a subscription token is asked for; absent where it is a connection token. */
  readonly channel: string | undefined
}

export interface TokenHandlerOptions {
  /**
   * Says who is asking: a user's id, or a grant. Nothing refuses: 401 for a connection token, and 403 where somebody asks
   * for a channel. Told of a channel, it must look whether the user may read there.
   */
  readonly authorize: (
    request: Request,
    question: TokenQuestion,
  ) => Promise<TokenGrant | string | null | undefined> | TokenGrant | string | null | undefined
  /** In place of the server that the environment names. */
  readonly realtime?: Pick<Realtime, 'issueConnectionToken' | 'issueSubscriptionToken'> | undefined
}

const maxBodyBytes = 16 * 1024

/**
 * The route that clients fetch their tokens from, as a function from a Web `Request` to a `Response`: Next, Hono, Deno,
 * Bun and workers take it as it is, Express and Node through `toNodeHandler`. It answers `POST` with `{token}`; the body
 * may be empty, or `{"channel": "…"}` for a subscription token. `fetchToken` of `/client` calls it.
 *
 * @example
 * import { createTokenHandler } from '@xshathra/realtime'
 * declare const readSession: (request: Request) => Promise<{ userId: string; rooms: string[] } | null>
 *
 * export const POST = createTokenHandler({
 *   authorize: async (request, { channel }) => {
 *     const session = await readSession(request)
 *     if (session === null) return null
 *     return channel === undefined || session.rooms.includes(channel) ? session.userId : null
 *   },
 * })
 */
export const createTokenHandler =
  ({ authorize, realtime = defaultRealtime }: TokenHandlerOptions) =>
  async (request: Request): Promise<Response> => {
    if (request.method !== 'POST') return refuse(405, 'method_not_allowed', 'Use POST.', { allow: 'POST' })
    const question = await readQuestion(request)
    if ('status' in question) return question
    try {
      const granted = await authorize(request, question)
      const { channel } = question
      if (!granted) {
        return channel === undefined
          ? refuse(401, 'not_signed_in', 'Sign in first.')
          : refuse(403, 'forbidden', 'This channel is not open to you.')
      }
      const { userId, channels, ...options } = typeof granted === 'string' ? { userId: granted } : granted
      const token =
        channel === undefined
          ? await realtime.issueConnectionToken(userId, { ...options, channels, signal: request.signal })
          : await realtime.issueSubscriptionToken(userId, channel, { ...options, signal: request.signal })
      return answer(200, { token })
    } catch (error) {
      // What goes wrong behind here is for the log of whoever runs it.
      console.error('@xshathra/realtime: no token could be issued:', error instanceof Error ? error.message : error)
      return refuseFor(problemOf(error))
    }
  }

const readQuestion = async (request: Request): Promise<TokenQuestion | Response> => {
  const invalid = (message: string) => refuse(400, 'invalid_body', message)
  if (Number(request.headers.get('content-length') ?? 0) > maxBodyBytes)
    return refuse(413, 'too_large', 'The body is too large.')
  const text = await request.text()
  if (text.length > maxBodyBytes) return refuse(413, 'too_large', 'The body is too large.')
  if (text === '') return { channel: undefined }
  try {
    const { channel } = Object(JSON.parse(text)) as Record<string, unknown>
    if (channel === undefined || (typeof channel === 'string' && channel !== '')) return { channel }
    return invalid('"channel" must be a name.')
  } catch {
    return invalid('The body must be JSON.')
  }
}

/** Problems of the server are not the asker's: 503 says that trying again later makes sense, 500 that it does not. */
const refuseFor = ({ code, retryAfterSeconds }: RealtimeProblem): Response => {
  const mayPass = ['timeout', 'unreachable', 'rate_limited', 'engine_unavailable', 'store_unavailable'].includes(code)
  if (!mayPass) return refuse(500, 'internal', 'Something went wrong on our side.')
  return refuse(503, 'unavailable', 'No token can be issued right now.', {
    'retry-after': String(retryAfterSeconds ?? 1),
  })
}

const refuse = (status: number, code: string, message: string, headers?: Record<string, string>): Response =>
  answer(status, { error: { code, message } }, headers)

/** Tokens must not be kept by anything on the way. */
const answer = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  })
