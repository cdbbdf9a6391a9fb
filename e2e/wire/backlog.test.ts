import { describe, expect, it } from 'vitest'
import { startServer } from './servers.ts'
import { connectWebSocket } from './web-socket-client.ts'

const server = await startServer({
  client: { insecure: true, queue_max_size: 100_000 },
  channel: { without_namespace: { presence: true } },
})

describe('a connection that does not read', () => {
  it('is disconnected as slow, and nobody else waits for it or loses anything', async () => {
    const slow = await connectWebSocket(server)
    const reader = await connectWebSocket(server)
    await slow.exchange({ id: 2, subscribe: { channel: 'flood' } })
    await reader.exchange({ id: 2, subscribe: { channel: 'flood' } })
    slow.socket.pause()
    const data = 'x'.repeat(50_000)
    let published = 0
    const remaining = async (): Promise<unknown> =>
      ((await server.api('presence_stats', { channel: 'flood' })).result as { num_clients: number }).num_clients
    while ((await remaining()) === 2 && published < 1_000) {
      await server.publish('flood', { n: ++published, data })
    }
    expect(await remaining()).toBe(1)
    const numbers = (await reader.received()).map(({ push }) => (push as { pub: { data: { n: number } } }).pub.data.n)
    expect(numbers).toEqual(Array.from({ length: published }, (_, n) => n + 1))
    slow.socket.resume()
    const { close } = (await slow.untilClosed()).at(-1)!
    // The close frame is behind what the kernel holds: it arrives if this side reads again before the server lets go.
    expect([3008, 1006]).toContain((close as { code: number }).code)
  })
})
