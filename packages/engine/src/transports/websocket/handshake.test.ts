import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { sampleAccept, sampleKey } from '../testing/raw-client.ts'
import { type HandshakeRules, readHandshake } from './handshake.ts'

const rules: HandshakeRules = {
  isOriginAllowed: (origin) => origin !== 'https://evil.example',
  hasSubprotocols: true,
  mayCompress: false,
  omitSoleSubprotocolAnswer: false,
}

const upgradeHeaders = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': sampleKey,
}

const requestOf = (headers: Record<string, string | undefined> = {}, url = '/', method = 'GET'): IncomingMessage => {
  const all = Object.entries({ ...headers, ...upgradeHeaders, ...headers }).filter(([, value]) => value !== undefined)
  const request = new IncomingMessage(new Socket())
  return Object.assign(request, { method, url, headers: Object.fromEntries(all), rawHeaders: all.flat() as string[] })
}

const agree = (headers?: Record<string, string | undefined>, url?: string, changes: Partial<HandshakeRules> = {}) => {
  const handshake = readHandshake(requestOf(headers, url), { ...rules, ...changes })
  if (!handshake.ok) throw new Error(`refused: ${handshake.problem.rule}`)
  const { answer, ...agreement } = handshake.value
  return { ...agreement, lines: answer.trimEnd().split('\r\n').slice(3) }
}

describe('readHandshake', () => {
  it('[TR1] answers 101 with the key of RFC 6455', () => {
    expect(agree()).toEqual({
      protocol: 'json',
      isCompressed: false,
      hasFramePings: false,
      lines: [`Sec-WebSocket-Accept: ${sampleAccept}`],
    })
  })

  it.each([
    ['a POST', {}, 'POST', 405, 'method'],
    ['no Connection token', { connection: 'keep-alive' }, 'GET', 400, 'no upgrade asked for'],
    ['another upgrade', { upgrade: 'h2c' }, 'GET', 400, 'upgrade to something else'],
    ['version 12', { 'sec-websocket-version': '12' }, 'GET', 400, 'websocket version'],
    ['no version', { 'sec-websocket-version': undefined }, 'GET', 400, 'websocket version'],
    ['no key', { 'sec-websocket-key': undefined }, 'GET', 400, 'websocket key'],
    ['a short key', { 'sec-websocket-key': 'abc' }, 'GET', 400, 'websocket key'],
    ['a key that is not Base64', { 'sec-websocket-key': '!!!!!!!!!!!!!!!!!!!!!!==' }, 'GET', 400, 'websocket key'],
    ['an origin that is not allowed', { origin: 'https://evil.example' }, 'GET', 403, 'origin'],
  ])('[TR1] refuses %s', (_name, headers, method, status, rule) => {
    const handshake = readHandshake(requestOf(headers, '/', method), rules)
    expect(handshake).toMatchObject({ ok: false, problem: { status, rule } })
  })

  it('finds its tokens in lists and in any case', () => {
    expect(agree({ connection: 'keep-alive, upgrade', upgrade: 'WebSocket' }).protocol).toBe('json')
  })

  it.each([
    ['nothing offered', undefined, 'json', undefined],
    ['centrifuge-json', 'centrifuge-json', 'json', 'centrifuge-json'],
    ['centrifuge-protobuf', 'centrifuge-protobuf', 'protobuf', 'centrifuge-protobuf'],
    [
      'both: the first in the client’s order',
      'x, centrifuge-protobuf , centrifuge-json',
      'protobuf',
      'centrifuge-protobuf',
    ],
    ['only unknown ones', 'graphql-ws', 'json', undefined],
    ['another spelling', 'Centrifuge-JSON', 'json', undefined],
    ['a name every object has', 'constructor', 'json', undefined],
  ])('[TR2] chooses the encoding: %s', (_name, offered, protocol, named) => {
    const agreement = agree(offered === undefined ? {} : { 'sec-websocket-protocol': offered })
    expect(agreement.protocol).toBe(protocol)
    expect(agreement.lines.slice(1)).toEqual(named ? [`Sec-WebSocket-Protocol: ${named}`] : [])
  })

  it.each(['/?format=protobuf', '/?a=b&cf_protocol=protobuf'])('[TR2] reads Protobuf from the query %s', (url) => {
    expect(agree({}, url)).toMatchObject({ protocol: 'protobuf', lines: [`Sec-WebSocket-Accept: ${sampleAccept}`] })
    expect(agree({ 'sec-websocket-protocol': 'centrifuge-json' }, url).protocol).toBe('protobuf')
  })

  it('knows no subprotocols where an endpoint has none', () => {
    const headers = { 'sec-websocket-protocol': 'centrifuge-protobuf' }
    expect(agree(headers, '/?format=protobuf', { hasSubprotocols: false })).toMatchObject({
      protocol: 'json',
      lines: [`Sec-WebSocket-Accept: ${sampleAccept}`],
    })
  })

  it('agrees to permessage-deflate only where it may', () => {
    const headers = { 'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits' }
    expect(agree(headers).isCompressed).toBe(false)
    expect(agree(headers, '/', { mayCompress: true })).toMatchObject({
      isCompressed: true,
      lines: [
        `Sec-WebSocket-Accept: ${sampleAccept}`,
        'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover',
      ],
    })
  })

  describe('with a sole subprotocol set by hand', () => {
    const byHand = { 'sec-websocket-protocol': 'centrifuge-json' }
    const url = '/?cf_ws_frame_ping_pong=true'
    const named = (headers: Record<string, string | undefined>, at: string, omitSoleSubprotocolAnswer = true) =>
      agree(headers, at, { omitSoleSubprotocolAnswer }).lines.some((line) => line.startsWith('Sec-WebSocket-Protocol'))

    it('[TR3] leaves the subprotocol out of the answer, and speaks it', () => {
      expect(agree(byHand, url, { omitSoleSubprotocolAnswer: true })).toMatchObject({
        protocol: 'json',
        hasFramePings: true,
        lines: [`Sec-WebSocket-Accept: ${sampleAccept}`],
      })
    })

    it('[TR3] names it in every other case', () => {
      const byLibrary = { 'sec-websocket-version': '13', ...byHand }
      expect(named(byHand, url, false)).toBe(true)
      expect(named(byHand, '/')).toBe(true)
      expect(named({ ...byHand, origin: 'https://ok.example' }, url)).toBe(true)
      expect(named({ 'sec-websocket-protocol': 'centrifuge-json, x' }, url)).toBe(true)
      expect(named({ 'sec-websocket-protocol': 'centrifuge-protobuf' }, url)).toBe(true)
      expect(named(byLibrary, url)).toBe(true)
    })
  })
})
