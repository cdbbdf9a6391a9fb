import type { IncomingMessage, ServerResponse } from 'node:http'
import { problem } from '../problems.ts'
import type { Secret } from '../secrets/secret.ts'
import { createBearerCheck } from './bearer-check.ts'
import { isForwarded } from './proxy-trust.ts'
import { sendProblem } from './send-problem.ts'

export interface MetricsDoorNeeds {
  /** Answers a scrape. */
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void
  readonly token?: Secret | undefined
  /** Whether the deployment is known to be reached from elsewhere: it has a public URL or trusted proxies. */
  readonly isPublic: boolean
}

/**
 * Lets scrapers in: with the token, and without it only while nothing says that the outside can reach us, neither the
 * configuration nor a header of the request.
 */
export const createMetricsDoor = ({ handler, token, isPublic }: MetricsDoorNeeds) => {
  const hasToken = token ? createBearerCheck(token.reveal()) : () => false
  return (request: IncomingMessage, response: ServerResponse): void => {
    if (hasToken(request) || !(isPublic || isForwarded(request.headers))) return handler(request, response)
    const message = `Metrics need "Authorization: Bearer …" with the XSHATHRA_METRICS_TOKEN of this server${token ? '' : ', which is not set'}.`
    sendProblem(response, problem('invalid_api_key', message), { 'WWW-Authenticate': 'Bearer' })
  }
}
