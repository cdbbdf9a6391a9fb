import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { failed, ok } from '@xshathra/protocol'
import { socketUrl } from '@xshathra/server'
import { reasonOf, type StepResult } from './walk.ts'

const timeoutMs = 10_000

/** Whether a server of ours answers, and whether its parts can be used. */
export const checkHealth = async (origin: string): Promise<StepResult> => {
  const response = await fetch(`${origin}/api/health`, { signal: AbortSignal.timeout(timeoutMs) }).catch(
    (error: unknown) => reasonOf(error),
  )
  if (typeof response === 'string') {
    return failed({
      detail: `Nobody answers: ${response}.`,
      cure: 'Start the server, and check host, port and firewall.',
    })
  }
  const text = await response.text()
  if (response.status === 421) return failed(unknownHost)
  if (!text.includes('"live":true')) {
    const detail = `Something answers with ${response.status}, and it is not Xshathra.`
    return failed({ detail, cure: 'Check the URL, and that the proxy in front hands /api on.' })
  }
  if (response.ok) return ok('live and ready')
  return failed({
    detail: `The server is up and not ready: ${text.trim()}`,
    cure: 'The part that is not ready says why in the log.',
  })
}

const unknownHost = {
  detail: 'The server does not serve this host name (421).',
  cure: 'Set XSHATHRA_PUBLIC_URL to this origin.',
}

/** How far the clock of the server is from ours. */
export const checkClock = async (origin: string): Promise<StepResult> => {
  const askedAtMs = Date.now()
  const response = await fetch(`${origin}/api/health`, { signal: AbortSignal.timeout(timeoutMs) })
  await response.arrayBuffer()
  const middleMs = (askedAtMs + Date.now()) / 2
  const theirsMs = Date.parse(response.headers.get('date') ?? '')
  if (Number.isNaN(theirsMs))
    return failed({ detail: 'Answers carry no Date.', cure: 'Let the proxy keep that header.' })
  // The header counts whole seconds.
  const skewSeconds = Math.round((theirsMs + 500 - middleMs) / 1000)
  if (Math.abs(skewSeconds) <= bearableSkewSeconds) return ok(`${skewSeconds} s apart`)
  return failed({
    detail: `The clocks are ${skewSeconds} s apart.`,
    cure: 'Synchronise them (NTP): tokens signed on one machine end too early or too late on the other.',
  })
}

const bearableSkewSeconds = 5

interface UpgradeAnswer {
  readonly status: number
  readonly subprotocol: string | undefined
}

/** Whether the way to the socket lets upgrades through. */
export const checkUpgrade = async (origin: string): Promise<StepResult> => {
  const { status } = await upgrade(origin, {})
  if (status === 101) return ok('the socket opens')
  if (status === 421) return failed(unknownHost)
  return failed({
    detail: `The upgrade was answered with ${status}.`,
    cure:
      status === 426
        ? `A proxy drops the Upgrade header. GET ${origin}/realtime/connection/websocket says which lines it lacks.`
        : 'Let the proxy hand /realtime on, upgrades included.',
  })
}

/** Whether the subprotocol survives the way, as clients that name one need. */
export const checkSubprotocol = async (origin: string): Promise<StepResult> => {
  const { status, subprotocol } = await upgrade(origin, { 'Sec-WebSocket-Protocol': 'centrifuge-json' })
  if (status === 101 && subprotocol === 'centrifuge-json') return ok('centrifuge-json is agreed on')
  return failed({
    detail: `The answer was ${status} with ${subprotocol ? `the subprotocol ${subprotocol}` : 'no subprotocol'}.`,
    cure: 'Let the proxy hand the Sec-WebSocket-Protocol header on, both ways.',
  })
}

/** Asks for an upgrade by hand: the SDK does not say how a handshake failed. */
const upgrade = (origin: string, headers: Readonly<Record<string, string>>): Promise<UpgradeAnswer> =>
  new Promise((resolve, reject) => {
    const url = new URL(socketUrl(origin).replace(/^ws/, 'http'))
    const send = url.protocol === 'https:' ? requestHttps : requestHttp
    const request = send(url, {
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'eHNoYXRocmEtZG9jdG9yLg==',
        ...headers,
      },
      signal: AbortSignal.timeout(timeoutMs),
    })
    request.once('upgrade', ({ statusCode = 0, headers: answered }, socket) => {
      socket.destroy()
      resolve({ status: statusCode, subprotocol: answered['sec-websocket-protocol'] })
    })
    request.once('response', (response) => {
      response.resume()
      resolve({ status: response.statusCode ?? 0, subprotocol: undefined })
    })
    request.once('error', reject)
    request.end()
  })
