import type { FrameForm } from '../transport.ts'
import type { RouteNeeds } from './route.ts'
import { type Agreement, readHandshake } from './websocket/handshake.ts'
import { endpointBasics, handshakeRules, type Upgrade } from './websocket/upgrade.ts'
import { type WebSocketEndpoint, WebSocketTransport } from './websocket/websocket-transport.ts'

/** Two-way WebSocket: frames of commands in, frames of replies and pushes out. */
export const createWebSocketUpgrade = (needs: RouteNeeds): Upgrade => {
  const { options, host, open } = needs
  const rules = handshakeRules(needs, options.websocket, true)
  const endpoint: WebSocketEndpoint = {
    ...endpointBasics(needs, options.websocket),
    name: 'websocket',
    isUnidirectional: false,
    hasClosingHandshake: true,
    receive: (_transport, events, message) => void events.onFrame(message),
  }
  return (request, socket) => {
    const handshake = readHandshake(request, rules)
    if (!handshake.ok) return handshake.problem
    const { answer, isCompressed, hasFramePings } = handshake.value
    socket.write(answer, 'latin1')
    const form = formFor(needs, handshake.value)
    const opening = { form, session: '', isCompressed, hasFramePings, rawHeaders: request.rawHeaders }
    open.add(new WebSocketTransport(socket, endpoint, opening, host))
    return undefined
  }
}

const formFor = ({ forms }: RouteNeeds, { protocol, isCompressed }: Agreement): FrameForm => {
  if (protocol === 'protobuf') return isCompressed ? forms.compressedProtobufWebSocket : forms.protobufWebSocket
  return isCompressed ? forms.compressedJsonWebSocket : forms.jsonWebSocket
}
