import { failed, ok, type RealtimeProblem, type Result } from '../result.ts'
import { type CentrifugoMethod, centrifugoMethods } from './centrifugo-methods.ts'
import type { CallBody, DataPlane, EndpointName } from './data-plane.ts'
import { sendRequest } from './send-request.ts'
import type { Settings } from './settings.ts'

/**
 * Centrifugo's server HTTP API behind the words of Xshathra's. It answers 200 also where it refuses, with an `error` in
 * the body. Source: Centrifugo v6, server API.
 */
export const createCentrifugoPlane = (settings: Settings): DataPlane => ({
  call: async (endpoint, body, isRepeatable, { signal }) => {
    if (endpoint === 'batch') return callBatch(settings, body, isRepeatable, signal)
    const method = methodOf(endpoint)
    const params = method?.encode(body)
    if (method === undefined || params === undefined) return failed(notThere(endpoint))
    const sent = await post(settings, method.path, params, isRepeatable, signal)
    return sent.ok ? readReply(method, sent.value, body) : sent
  },
})

const post = (
  { baseUrl, apiKey, fetch, timeoutMs }: Settings,
  path: string,
  body: unknown,
  isRepeatable: boolean,
  signal: AbortSignal | undefined,
): Promise<Result<unknown>> => {
  const headers = { 'x-api-key': apiKey, 'content-type': 'application/json' }
  const outgoing = {
    url: `${baseUrl}/${path}`,
    method: 'POST' as const,
    headers,
    body: JSON.stringify(body),
    isRepeatable,
  }
  return sendRequest(outgoing, { fetch, timeoutMs, signal })
}

const callBatch = async (
  settings: Settings,
  { commands }: CallBody,
  isRepeatable: boolean,
  signal: AbortSignal | undefined,
): Promise<Result<unknown>> => {
  const calls = (commands as readonly CallBody[]).map((command) => {
    const [endpoint, body] = Object.entries(command)[0] as [EndpointName, CallBody]
    const method = methodOf(endpoint)
    return { endpoint, body, method, params: method?.encode(body) }
  })
  const unknown = calls.find(({ params }) => params === undefined)
  if (unknown !== undefined) return failed(notThere(unknown.endpoint))
  const sent = await post(
    settings,
    'batch',
    { commands: calls.map(({ method, params }) => ({ [method!.path]: params })) },
    isRepeatable,
    signal,
  )
  if (!sent.ok) return sent
  const { error, replies } = Object(sent.value) as Record<string, unknown>
  if (error !== undefined) return failed(readError(error))
  if (!Array.isArray(replies) || replies.length !== calls.length) return failed(strange('batch'))
  return ok({
    replies: calls.map(({ endpoint, body, method }, index) => {
      const reply = Object(replies[index]) as Record<string, unknown>
      const result = readReply(method!, { error: reply.error, result: reply[method!.path] }, body)
      return result.ok ? { [endpoint]: result.value } : { error: result.problem }
    }),
  })
}

const methodOf = (endpoint: EndpointName): CentrifugoMethod | undefined =>
  Object.hasOwn(centrifugoMethods, endpoint) ? centrifugoMethods[endpoint as keyof typeof centrifugoMethods] : undefined

const readReply = (method: CentrifugoMethod, answer: unknown, body: CallBody): Result<unknown> => {
  const { error, result } = Object(answer) as Record<string, unknown>
  if (error !== undefined) return failed(readError(error))
  if (typeof result !== 'object' || result === null) return failed(strange(method.path))
  return ok(method.decode(result as Record<string, unknown>, body, readError))
}

const readError = (error: unknown): RealtimeProblem => {
  const { code, message } = Object(error) as Record<string, unknown>
  return {
    code: codes[Number(code)] ?? 'internal',
    message: `Centrifugo answered with error ${Number(code)}: ${String(message)}.`,
  }
}

/** Source: Centrifugo v6, error codes of the server API. */
const codes: Readonly<Record<number, string>> = {
  101: 'invalid_api_key',
  102: 'unknown_namespace',
  103: 'namespace_not_allowed',
  104: 'not_found',
  107: 'invalid_body',
  108: 'not_available',
  111: 'rate_limited',
  112: 'unrecoverable_position',
}

const notThere = (endpoint: string): RealtimeProblem => ({
  code: 'not_available',
  message: `A bare Centrifugo cannot do this: ${endpoint} as asked for needs an Xshathra server.`,
})

const strange = (path: string): RealtimeProblem => ({
  code: 'invalid_answer',
  message: `The answer to ${path} is none of Centrifugo's. Is CENTRIFUGO_API_URL the address of its server API?`,
})
