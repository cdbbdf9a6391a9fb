import { hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { failed, ok, type Result } from '@xshathra/protocol'
import { type HttpRefusal, refuseInWords } from '../http-refusal.ts'
import { deflateAnswer, offersDeflate } from './deflate.ts'

/** What one WebSocket endpoint agrees to. */
export interface HandshakeRules {
  isOriginAllowed(origin: string | undefined): boolean
  /** False: subprotocols are not looked at, and the encoding is JSON. */
  readonly hasSubprotocols: boolean
  readonly mayCompress: boolean
  /** Leaves the answer's subprotocol out where {@link isSoleHandSetSubprotocol}. */
  readonly omitSoleSubprotocolAnswer: boolean
}

/** What both sides agreed on. */
export interface Agreement {
  readonly protocol: 'json' | 'protobuf'
  readonly isCompressed: boolean
  /** Frame pings in place of pings of the client protocol, asked for by tools that cannot answer the latter. */
  readonly hasFramePings: boolean
  /** The whole 101 answer. */
  readonly answer: string
}

const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
/** Base64 of 16 bytes: the last two of the 24 characters pad, and the one before them has four free bits. */
const keyPattern = /^[A-Za-z0-9+/]{21}[AQgw]==$/
const subprotocols: Readonly<Record<string, 'json' | 'protobuf'>> = {
  'centrifuge-json': 'json',
  'centrifuge-protobuf': 'protobuf',
}

/** Reads an opening handshake: RFC 6455 §4.2, and §1.1 and §1.6 of what Centrifugo makes of it. Opens nothing. */
export const readHandshake = (request: IncomingMessage, rules: HandshakeRules): Result<Agreement, HttpRefusal> => {
  const refusal = refusalOf(request, rules)
  if (refusal) return failed(refusal)

  const { headers } = request
  const subprotocol = rules.hasSubprotocols ? chooseSubprotocol(headers['sec-websocket-protocol']) : undefined
  const query = queryOf(request)
  const isCompressed = rules.mayCompress && offersDeflate(headers['sec-websocket-extensions'])
  const isNamed = subprotocol !== undefined && !(rules.omitSoleSubprotocolAnswer && isSoleHandSetSubprotocol(request))
  return ok({
    protocol:
      rules.hasSubprotocols && (subprotocols[subprotocol ?? ''] === 'protobuf' || asksProtobuf(query))
        ? 'protobuf'
        : 'json',
    isCompressed,
    hasFramePings: query?.get('cf_ws_frame_ping_pong') === 'true',
    answer:
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ' +
      hash('sha1', headers['sec-websocket-key'] + guid, 'base64') +
      (isNamed ? `\r\nSec-WebSocket-Protocol: ${subprotocol}` : '') +
      (isCompressed ? `\r\nSec-WebSocket-Extensions: ${deflateAnswer}` : '') +
      '\r\n\r\n',
  })
}

/** The handshake's refusal in Centrifugo's order of checks. */
const refusalOf = (request: IncomingMessage, rules: HandshakeRules): HttpRefusal | undefined => {
  const { headers } = request
  if (!hasToken(headers.connection, 'upgrade')) return badHandshake('no upgrade asked for')
  if (!hasToken(headers.upgrade, 'websocket')) return badHandshake('upgrade to something else')
  if (request.method !== 'GET') return badHandshake('method', 405)
  if (!hasToken(headers['sec-websocket-version'], '13')) return badHandshake('websocket version')
  if (!keyPattern.test(headers['sec-websocket-key'] ?? '')) return badHandshake('websocket key')
  if (!rules.isOriginAllowed(headers.origin)) return badHandshake('origin', 403)
  return undefined
}

const badHandshake = (rule: string, status = 400): HttpRefusal =>
  refuseInWords(status, rule, { 'Sec-WebSocket-Version': '13' })

/** Whether a header that lists tokens has this one, in any case. */
const hasToken = (header: string | undefined, token: string): boolean => {
  if (header === undefined) return false
  const list = header.toLowerCase()
  return list === token || list.split(',').some((item) => item.trim() === token)
}

/** The first one we know in the client's own order; the comparison is exact. */
const chooseSubprotocol = (offered: string | undefined): string | undefined => {
  if (offered === undefined) return undefined
  for (const offer of offered.split(',')) {
    const name = offer.trim()
    if (Object.hasOwn(subprotocols, name)) return name
  }
  return undefined
}

const queryOf = (request: IncomingMessage): URLSearchParams | undefined => {
  const start = request.url?.indexOf('?') ?? -1
  return start < 0 ? undefined : new URLSearchParams(request.url?.slice(start + 1))
}

const asksProtobuf = (query: URLSearchParams | undefined): boolean =>
  query !== undefined && (query.get('format') === 'protobuf' || query.get('cf_protocol') === 'protobuf')

/**
 * Whether `centrifuge-json` alone was offered by a header that a person set by hand on a tool which did not ask for a
 * subprotocol itself, as `wscat -H` does: no Origin, frame pings asked for, and the header in front of the library's
 * own ones. Such a tool refuses an answer that names a subprotocol.
 */
export const isSoleHandSetSubprotocol = (request: IncomingMessage): boolean => {
  const { headers } = request
  if (headers['sec-websocket-protocol']?.trim() !== 'centrifuge-json' || headers.origin !== undefined) return false
  if (queryOf(request)?.get('cf_ws_frame_ping_pong') !== 'true') return false
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i]?.toLowerCase()
    if (name === 'sec-websocket-protocol') return true
    if (name === 'sec-websocket-version') return false
  }
  return false
}
