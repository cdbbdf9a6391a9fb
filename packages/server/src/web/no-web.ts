import { answerRefusalRaw } from '@xshathra/engine'
import { pathOf } from '../front-door/access-log.ts'
import { sendProblem } from '../front-door/send-problem.ts'
import { problem } from '../problems.ts'
import { setupPage } from './setup-page.ts'
import type { WebApp } from './web-app.ts'

interface Page {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

/** In place of a site: says at `/` what there is, makes the first owner at `/setup`, and has nothing anywhere else. */
export const createNoWeb = (version: string): WebApp => {
  const status = [
    `Xshathra ${version} is running. This build has no website.`,
    '',
    '/api/health                     what state it is in',
    '/api/realtime/openapi.json      the HTTP API for your backend',
    '/realtime/connection/websocket  the socket, in the Centrifuge protocol',
    '',
  ].join('\n')
  const pages: Readonly<Record<string, Page>> = {
    '/': { body: status, headers: { 'Content-Type': 'text/plain; charset=utf-8' } },
    '/setup': setupPage,
  }
  return {
    handle({ method, url = '' }, response) {
      const page = method === 'GET' || method === 'HEAD' ? pages[pathOf(url)] : undefined
      if (page === undefined) return sendProblem(response, problem('not_found'))
      response.writeHead(200, { ...page.headers, 'Content-Length': Buffer.byteLength(page.body) }).end(page.body)
    },
    handleUpgrade: (_request, socket) => answerRefusalRaw(socket, { status: 404, rule: 'path' }),
    close: async () => {},
  }
}
