import type { TransportEndpoint } from 'centrifuge'

/** Where a client connects: one socket, or several ways to try in this order. */
export interface Endpoints {
  readonly connection: string | TransportEndpoint[]
  /** Where commands go on the ways that only receive. */
  readonly emulation?: string | undefined
}

const socketPath = /\/connection\/websocket$/

/**
 * The ways to a server by its socket URL. HTTP streaming and server-sent events stand beside the socket, for networks
 * that let no WebSocket through; a socket class of one's own, or a URL of another form, means the socket alone.
 */
export const endpointsOf = (url: string, onlySocket: boolean): Endpoints => {
  const socket = toScheme(url, 'ws')
  const { pathname, search } = new URL(socket)
  if (onlySocket || !socketPath.test(pathname)) return { connection: socket }
  const at = (path: string) => toScheme(new URL(socket).origin, 'http') + pathname.replace(socketPath, path)
  const streams = (['http_stream', 'sse'] as const).map((transport) => ({
    transport,
    endpoint: at(`/connection/${transport}`) + search,
  }))
  return { connection: [{ transport: 'websocket', endpoint: socket }, ...streams], emulation: at('/emulation') }
}

/** The page about a code, on servers that have one: those behind `/realtime`. */
export const docsLink = (url: string, code: number): string | undefined => {
  const { pathname, origin } = new URL(toScheme(url, 'http'))
  return pathname.startsWith('/realtime/') ? `${origin}/docs/errors#${code}` : undefined
}

/** `wss://…` ⇄ `https://…`. */
const toScheme = (url: string, scheme: 'ws' | 'http'): string => url.replace(/^(ws|http)/, scheme)
