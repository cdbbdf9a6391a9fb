import { randomUUID } from 'node:crypto'
import { disconnects, malformed } from '@xshathra/protocol'
import type { Transport } from '../transport.ts'
import { type HttpRefusal, refuseInWords } from './http-refusal.ts'
import { connectQueryOf, type RouteNeeds } from './route.ts'
import { readHandshake } from './websocket/handshake.ts'
import { endpointBasics, handshakeRules, type Upgrade } from './websocket/upgrade.ts'
import { type WebSocketEndpoint, WebSocketTransport } from './websocket/websocket-transport.ts'

/** One-way WebSocket, JSON only: one ConnectRequest in the query or in the first message, and pushes out. */
export const createUniWebSocketUpgrade = (needs: RouteNeeds): Upgrade => {
  const { options, host, forms, open } = needs
  const { disableClosingHandshake, disableDisconnectPush } = options.uniWebsocket
  const rules = handshakeRules(needs, options.uniWebsocket, false)
  const hasAsked = new WeakSet<Transport>()
  const endpoint: WebSocketEndpoint = {
    ...endpointBasics(needs, options.uniWebsocket),
    name: 'uni_websocket',
    isUnidirectional: true,
    hasClosingHandshake: !disableClosingHandshake,
    receive(transport, events, message) {
      // Whatever comes after the request is read only to see the client's pongs and its close frame.
      if (hasAsked.has(transport)) return
      hasAsked.add(transport)
      const isRequest = message.length > 0 && forms.bareWebSocket.codec.readConnectRequest(message) !== malformed
      if (isRequest) void events.onConnectRequest(message)
      else transport.refuse(disconnects.badRequest)
    },
    ...(disableDisconnectPush ? {} : { farewell: encodeDisconnectPush }),
  }
  return (request, socket) => {
    const connectRequest = Buffer.from(connectQueryOf(request))
    if (forms.bareWebSocket.codec.readConnectRequest(connectRequest) === malformed) return malformedRequest
    const handshake = readHandshake(request, rules)
    if (!handshake.ok) return handshake.problem
    const { answer, isCompressed } = handshake.value
    socket.write(answer, 'latin1')
    const form = isCompressed ? forms.compressedBareWebSocket : forms.bareWebSocket
    const opening = { form, session: randomUUID(), isCompressed, hasFramePings: true, rawHeaders: request.rawHeaders }
    const transport = new WebSocketTransport(socket, endpoint, opening, host)
    open.add(transport)
    if (connectRequest.length > 0) transport.onMessage(connectRequest, false)
    return undefined
  }
}

const malformedRequest: HttpRefusal = {
  ...refuseInWords(400, 'malformed connect request'),
  body: 'invalid connect request\n',
}

const encodeDisconnectPush: WebSocketEndpoint['farewell'] = (form, { code, reason }) =>
  form.frame(form.codec.encodeBarePush({ kind: 'disconnect', code, reason }))
