import type { IncomingMessage, ServerResponse } from 'node:http'
import type { createLogger } from '@xshathra/engine'
import type { RequestId } from './request-id.ts'

export type Logger = ReturnType<typeof createLogger>

export interface AccessLogNeeds {
  readonly logger: Logger
  readonly clientAddress: (request: IncomingMessage) => string
}

/** Notes how a request ends. */
export type AccessLog = (request: IncomingMessage, response: ServerResponse, id: RequestId) => void

/**
 * Writes one line for each request that ended: what went well at `debug`, what the caller got wrong at `info`, what we did
 * at `error`. Neither query strings nor headers are written: both may hold secrets.
 */
export const createAccessLog = ({ logger, clientAddress }: AccessLogNeeds): AccessLog => {
  const write = (request: IncomingMessage, { statusCode, writableFinished }: ServerResponse, more: object) => {
    const level = statusCode >= 500 ? 'error' : statusCode >= 400 ? 'info' : 'debug'
    if (!logger.isLevelEnabled(level)) return
    const { method, url = '' } = request
    const line = { method, path: pathOf(url), status: statusCode, address: clientAddress(request), ...more }
    logger[level](line, writableFinished ? 'request' : 'request that was not waited for')
  }
  return (request, response, id) => {
    const startedAt = performance.now()
    response.on('close', () => {
      write(request, response, { requestId: id, ms: Math.round((performance.now() - startedAt) * 10) / 10 })
    })
  }
}

/** A path as it may be logged: without its query, and no longer than a line. */
export const pathOf = (url: string): string => {
  const end = url.indexOf('?')
  return (end === -1 ? url : url.slice(0, end)).slice(0, maxPathLength)
}

const maxPathLength = 256
