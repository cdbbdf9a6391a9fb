import { answerRefusalRaw } from '@xshathra/engine'
import { pathOf } from '../front-door/access-log.ts'
import { sendProblem } from '../front-door/send-problem.ts'
import { problem } from '../problems.ts'
import type { WebApp } from './web-app.ts'

/** In place of a site: says at `/` what there is, and nothing anywhere else. */
export const createNoWeb = (version: string): WebApp => {
  const status = [
    `Xshathra ${version} is running. This build has no website.`,
    '',
    '/api/health                     what state it is in',
    '/api/realtime/openapi.json      the HTTP API for your backend',
    '/realtime/connection/websocket  the socket, in the Centrifuge protocol',
    '',
  ].join('\n')
  return {
    handle(request, response) {
      const { method, url = '' } = request
      if (pathOf(url) !== '/' || (method !== 'GET' && method !== 'HEAD')) {
        return sendProblem(response, problem('not_found'))
      }
      response
        .writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': Buffer.byteLength(status) })
        .end(status)
    },
    handleUpgrade: (_request, socket) => answerRefusalRaw(socket, { status: 404, rule: 'path' }),
    close: async () => {},
  }
}
