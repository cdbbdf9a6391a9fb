import { socketUrl } from '@xshathra/server'
import { Centrifuge, type Options } from 'centrifuge'

/** The published SDK, as our commands use it: one connection to an origin, not started yet. */
export const createClient = (origin: string, options: Partial<Options>): Centrifuge =>
  new Centrifuge(socketUrl(origin), { websocket: WebSocket, name: 'xshathra-cli', ...options })

/** Connects, or throws what the server said. */
export const connect = async (client: Centrifuge, timeoutMs: number): Promise<void> => {
  const refused = new Promise<never>((_resolve, reject) => {
    client.once('disconnected', ({ code, reason }) => reject(new Error(`disconnected with ${code} (${reason})`)))
  })
  client.connect()
  await Promise.race([client.ready(timeoutMs), refused])
}
