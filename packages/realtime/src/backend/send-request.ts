import { failed, ok, type RealtimeProblem, type Result } from '../result.ts'
import { type Deadline, startDeadline } from './deadline.ts'
import type { FetchLike } from './settings.ts'

export interface Outgoing {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
  /** Doing it twice does no harm. Otherwise it is repeated only where the server surely did not do it. */
  readonly isRepeatable: boolean
}

export interface Line {
  readonly fetch: FetchLike
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** Larger answers are refused: ten times a page of history at the usual limits. */
const maxAnswerBytes = 32 * 1024 * 1024
const maxAttempts = 3
const firstPauseMs = 100

/**
 * Sends a request and reads its JSON answer. Never throws. Failures that may pass are tried again, up to three times
 * altogether and within the one deadline: refusals with 429 and 503 after what `Retry-After` asks for, refused
 * connections, and, where it is repeatable, broken connections and 5xx.
 */
export const sendRequest = async (outgoing: Outgoing, { fetch, timeoutMs, signal }: Line): Promise<Result<unknown>> => {
  const deadline = startDeadline(timeoutMs, signal)
  try {
    for (let attempt = 1; ; attempt++) {
      const { result, again } = await tryOnce(outgoing, fetch, deadline)
      const pauseMs = Math.max(
        (retryAfterOf(result) ?? 0) * 1000,
        firstPauseMs * 4 ** (attempt - 1) * (0.5 + Math.random()),
      )
      if (!again || attempt === maxAttempts || pauseMs >= deadline.left()) return result
      await deadline.wait(pauseMs)
    }
  } catch {
    return failed(deadlineProblem(deadline, outgoing.url, timeoutMs))
  } finally {
    deadline.close()
  }
}

interface Attempt {
  readonly result: Result<unknown>
  /** Another attempt may fare better, and may be made. */
  readonly again: boolean
}

/** Rejects only where the deadline is over. */
const tryOnce = async (outgoing: Outgoing, fetch: FetchLike, deadline: Deadline): Promise<Attempt> => {
  const { url, method, headers, body, isRepeatable } = outgoing
  let response: Response
  try {
    const init: RequestInit = { method, headers, signal: deadline.signal, redirect: 'manual' }
    response = await deadline.race(fetch(url, body === undefined ? init : { ...init, body }))
  } catch (error) {
    if (deadline.over() !== undefined) throw error
    const isRefused = codeOf(error) === 'ECONNREFUSED'
    return { result: failed(unreachable(url, error)), again: isRepeatable || isRefused }
  }
  try {
    const text = await deadline.race(readText(response))
    const result = readAnswer(response, text, url)
    const { status } = response
    // Nothing was accepted where the server says 429 or 503 itself; what a proxy in front says is no such promise.
    const isOwnRefusal = !result.ok && (status === 429 || (status === 503 && result.problem.docs !== undefined))
    return { result, again: isOwnRefusal || (isRepeatable && (status >= 500 || status === 429)) }
  } catch (error) {
    if (deadline.over() !== undefined) throw error
    const result =
      error instanceof AnswerTooLarge ? invalidAnswer(response, url, error.message) : unreachable(url, error)
    return { result: failed(result), again: isRepeatable && !(error instanceof AnswerTooLarge) }
  }
}

class AnswerTooLarge extends Error {}

const readText = async (response: Response): Promise<string> => {
  const reader = response.body?.getReader()
  if (reader === undefined) return ''
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    bytes += part.value.byteLength
    if (bytes > maxAnswerBytes) {
      await reader.cancel()
      throw new AnswerTooLarge(`was larger than ${maxAnswerBytes} bytes`)
    }
    text += decoder.decode(part.value, { stream: true })
  }
  return text + decoder.decode()
}

const readAnswer = (response: Response, text: string, url: string): Result<unknown> => {
  if (response.status >= 300 && response.status < 400) {
    return failed(invalidAnswer(response, url, `was a redirect to ${pathless(response.headers.get('location') ?? '')}`))
  }
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return failed(response.ok ? invalidAnswer(response, url, 'was not JSON') : statusProblem(response, url))
  }
  return response.ok ? ok(body) : failed(readProblem(body, response, url))
}

/** The failure body of the data plane: `{error: {code, message, field?, docs?}}`. */
const readProblem = (body: unknown, response: Response, url: string): RealtimeProblem => {
  const error = Object(Object(body).error) as Record<string, unknown>
  const told = statusProblem(response, url)
  if (typeof error.code !== 'string' || typeof error.message !== 'string') return told
  return {
    ...told,
    code: error.code,
    message: error.message,
    ...(typeof error.field === 'string' ? { field: error.field } : {}),
    ...(typeof error.docs === 'string' && URL.canParse(error.docs, url) ? { docs: new URL(error.docs, url).href } : {}),
  }
}

/** What a status says by itself, for answers that come from something in front of the server. */
const statusProblem = (response: Response, url: string): RealtimeProblem => {
  const { status } = response
  const after = Number(response.headers.get('retry-after') ?? Number.NaN)
  return {
    code: codeByStatus[status] ?? (status >= 500 ? 'internal' : 'invalid_answer'),
    message: `${hostOf(url)} answered with status ${status}.`,
    status,
    ...(Number.isFinite(after) && after >= 0 ? { retryAfterSeconds: after } : {}),
  }
}

const codeByStatus: Readonly<Record<number, string>> = {
  400: 'invalid_body',
  401: 'invalid_api_key',
  403: 'forbidden',
  404: 'not_found',
  413: 'too_large',
  429: 'rate_limited',
  502: 'unreachable',
  503: 'unreachable',
  504: 'unreachable',
}

const invalidAnswer = (response: Response, url: string, what: string): RealtimeProblem => ({
  code: 'invalid_answer',
  message: `The answer of ${hostOf(url)} ${what}. Is this the address of the server?`,
  status: response.status,
})

const unreachable = (url: string, error: unknown): RealtimeProblem => ({
  code: 'unreachable',
  message: `${hostOf(url)} could not be reached${codeOf(error) === undefined ? '' : ` (${codeOf(error)})`}.`,
})

const deadlineProblem = (deadline: Deadline, url: string, timeoutMs: number): RealtimeProblem =>
  deadline.over() === 'aborted'
    ? { code: 'aborted', message: 'The call was aborted.' }
    : { code: 'timeout', message: `${hostOf(url)} did not answer within ${timeoutMs} ms.` }

/** Node's name for what went wrong, which `fetch` hides in the cause. */
const codeOf = (error: unknown): string | undefined => {
  const code = Object(Object(error).cause).code ?? Object(error).code
  return typeof code === 'string' ? code : undefined
}

const retryAfterOf = (result: Result<unknown>): number | undefined =>
  result.ok ? undefined : result.problem.retryAfterSeconds

const hostOf = (url: string): string => new URL(url).host

/** Scheme and host: a query might hold what is nobody's business. */
const pathless = (location: string): string => (URL.canParse(location) ? new URL(location).origin : 'another page')
