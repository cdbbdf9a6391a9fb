import type { IncomingMessage } from 'node:http'
import type { OriginRule } from '../config/origin-rules.ts'

/**
 * The headers that let a page read our answer; none where its origin is not allowed, and the request is carried out
 * all the same: it is the browser that keeps the answer from the page. Source: Centrifugo, connection endpoints.
 */
export const corsHeaders = (request: IncomingMessage, isOriginAllowed: OriginRule): Record<string, string> => {
  const { origin } = request.headers
  if (!isOriginAllowed(origin)) return {}
  const asked = request.headers['access-control-request-headers']
  return {
    'Access-Control-Allow-Credentials': 'true',
    'Access-Control-Allow-Origin': origin ?? '',
    ...(asked ? { 'Access-Control-Allow-Headers': asked } : {}),
  }
}

/** What a preflight of an endpoint that takes POST is told besides. */
export const preflightHeaders = {
  'Access-Control-Max-Age': '300',
  'Access-Control-Allow-Methods': 'POST, OPTIONS',
} as const
