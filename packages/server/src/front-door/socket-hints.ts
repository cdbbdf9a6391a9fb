import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HttpRefusal } from '@xshathra/engine'
import { problem, problemBody } from '../problems.ts'

/**
 * What an edge proxy needs so that it passes upgrades on: Apache 2.4.47 and later, nginx, Caddy 2 (which does so unasked).
 */
const proxyLines = {
  apache: ['ProxyPass "/realtime/" "http://127.0.0.1:3001/realtime/" upgrade=websocket timeout=3600'],
  nginx: [
    'location /realtime/ {',
    '  proxy_pass http://127.0.0.1:3001;',
    '  proxy_http_version 1.1;',
    '  proxy_set_header Host $host;',
    '  proxy_set_header Upgrade $http_upgrade;',
    '  proxy_set_header Connection "upgrade";',
    '  proxy_read_timeout 1h;',
    '}',
  ],
  caddy: ['reverse_proxy 127.0.0.1:3001'],
} as const

const missingUpgrade = problem(
  'upgrade_required',
  'This path takes WebSocket upgrades, and this request has no "Upgrade: websocket" header. If your client did send it, a proxy on the way dropped it: let it pass upgrades on, with the lines below.',
)

const missingUpgradeBody = `${JSON.stringify({ ...problemBody(missingUpgrade), proxies: proxyLines }, undefined, 2)}\n`

/** Answers a request on a socket's path that asks for no upgrade: the usual sign of a proxy that does not tunnel. */
export const answerMissingUpgrade = (_request: IncomingMessage, response: ServerResponse): void => {
  response
    .writeHead(426, {
      // RFC 9110 §15.5.22: a 426 says what to upgrade to.
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': Buffer.byteLength(missingUpgradeBody),
    })
    .end(missingUpgradeBody)
}

const tokenInUrl: HttpRefusal = {
  status: 400,
  rule: 'token in the URL',
  headers: { 'Content-Type': 'application/json; charset=utf-8' },
  body: `${JSON.stringify(
    problemBody(
      problem(
        'invalid_body',
        'A token has no place in the URL, where proxies and logs would keep it. Send it in the first frame: {"id":1,"connect":{"token":"…"}}',
      ),
    ),
  )}\n`,
}

/** Turns away a stream that is asked for with a token in its URL, and says where the token belongs. */
export const refuseTokenInUrl = ({ url = '' }: IncomingMessage): HttpRefusal | undefined => {
  const query = url.indexOf('?')
  return query !== -1 && new URLSearchParams(url.slice(query)).has('token') ? tokenInUrl : undefined
}
