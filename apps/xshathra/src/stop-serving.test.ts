import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { stopServing } from './stop-serving.ts'

const never = new Promise<void>(() => {})

const serve = async () => {
  const server = createServer((_request, response) => response.end('ok'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close().closeAllConnections())
  return { server, port: (server.address() as AddressInfo).port }
}

describe('stopping', () => {
  it('closes the port, then the engine, and leaves no connection behind', async () => {
    const { server, port } = await serve()
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const order: string[] = []
    const closeEngine = async () => {
      order.push(server.listening ? 'engine while listening' : 'engine')
    }
    expect(await stopServing({ server, closeEngine, insisted: never, deadlineMs: 5_000 })).toBe('closed')
    expect(order).toEqual(['engine'])
    if (!socket.closed) await once(socket, 'close')
  })

  it('is over at once when somebody insists', async () => {
    const { server } = await serve()
    const stopping = { server, closeEngine: () => never, insisted: Promise.resolve(), deadlineMs: 60_000 }
    expect(await stopServing(stopping)).toBe('insisted')
  })

  it('does not wait longer than its deadline', async () => {
    const { server } = await serve()
    expect(await stopServing({ server, closeEngine: () => never, insisted: never, deadlineMs: 10 })).toBe('late')
  })

  it('passes on that closing has failed', async () => {
    const { server } = await serve()
    const closeEngine = () => Promise.reject(new Error('the disk is gone'))
    await expect(stopServing({ server, closeEngine, insisted: never, deadlineMs: 5_000 })).rejects.toThrow(
      'the disk is gone',
    )
  })
})
