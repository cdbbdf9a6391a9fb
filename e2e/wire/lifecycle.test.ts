import { describe, expect, it } from 'vitest'
import { closed, differs } from './expectations.ts'
import { openHttpStream } from './http-stream-client.ts'
import { connectSdk } from './sdk-journal.ts'
import { prepareServer, type WireServer } from './servers.ts'
import { connectWebSocket } from './web-socket-client.ts'

const config = {
  client: { insecure: true },
  http_stream: { enabled: true },
  channel: { without_namespace: { history_size: 5, history_ttl: '60s', force_recovery: true } },
}
const started = async (): Promise<WireServer> => {
  const server = await prepareServer({ config })
  await server.start()
  return server
}

describe('a stop', () => {
  it('tells every connection 3001 and ends with code 0', async () => {
    const server = await started()
    const socket = await connectWebSocket(server)
    const stream = await openHttpStream(server, { id: 1, connect: {} })
    await stream.connected()
    const ended = server.stop()
    expect(await socket.untilClosed()).toEqual([closed(3001, 'shutdown')])
    expect((await stream.untilClosed())[0]).toEqual({ push: { disconnect: { code: 3001, reason: 'shutdown' } } })
    expect(await ended).toBe(0)
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('is what %s asks for', async (signal) => {
    const server = await started()
    const socket = await connectWebSocket(server)
    const ended = server.stop(signal)
    expect(await socket.untilClosed()).toEqual([closed(3001, 'shutdown')])
    expect(await ended).toBe(0)
  })

  it('that is a kill closes sockets without a word, and the port is free for the next', async () => {
    const server = await started()
    const socket = await connectWebSocket(server)
    await server.kill()
    expect(await socket.untilClosed()).toEqual([closed(1006, '')])
    await server.start()
    const again = await connectWebSocket(server)
    expect(await again.exchange({ id: 2, subscribe: { channel: 'a' } })).toHaveLength(1)
  })
})

describe('history', () => {
  it('is there after a kill with the data directory of ours, and gone with the memory of Centrifugo', async () => {
    const server = await prepareServer({
      config,
      args: () => differs({ xshathra: ['--data-dir', 'data'], centrifugo: [], because: 'only ours has one' }),
    })
    await server.start()
    const journal = await connectSdk(server)
    journal.subscribe('a')
    await journal.until('subscribed')
    await server.publish('a', 'one')
    await journal.until('publication', 'a', 'one')
    journal.client.disconnect()
    const { epoch } = await server.publish('a', 'two')
    await server.kill()
    await server.start()
    journal.client.connect()
    const survives = differs({ xshathra: true, centrifugo: false, because: 'a publish that was answered is kept' })
    await journal.until('subscribed', 'a', { recovered: survives })
    const next = await server.publish('a', 'three')
    expect([next.offset, next.epoch === epoch]).toEqual(survives ? [3, true] : [1, false])
    const seen = await journal.until('publication', 'a', 'three')
    expect(seen.map(([, , data]) => data)).toEqual(survives ? ['two', 'three'] : ['three'])
  })
})

describe('a start', () => {
  it('on a port that is taken ends with an error that names it', async () => {
    const server = await started()
    const second = await prepareServer({
      file: {
        name: 'config.json',
        text: () => JSON.stringify({ http_server: { address: '127.0.0.1', port: server.port } }),
      },
    })
    expect(await second.startRefused()).not.toBe(0)
    expect(second.output).toContain(String(server.port))
  })
})
