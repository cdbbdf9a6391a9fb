import { describe, expect, it, vi } from 'vitest'
import type { ResponseStream } from './response-stream.ts'
import { startTransports } from './testing/start-transports.ts'

const start = async () => {
  const running = await startTransports()
  await running.fetch('/connection/http_stream', { method: 'POST', body: '{}' })
  const connection = await running.host.connection()
  const { session } = connection.transport
  const post = (data: string, changes: Record<string, unknown> = {}) =>
    running.fetch('/emulation', { method: 'POST', body: JSON.stringify({ session, node: 'node-1', data, ...changes }) })
  return { running, connection, session, post }
}

describe('the emulation endpoint', () => {
  it('[TR12] hands commands to the stream of their session', async () => {
    const { connection, post } = await start()
    const response = await post('{"id":2}\n{}')
    expect(response.status).toBe(204)
    expect(connection.frames).toEqual(['{}', '{"id":2}\n{}'])
  })

  it('[TR12] answers only after the commands were handled', async () => {
    const { connection, post } = await start()
    let isHandled = false
    let finish = () => {}
    connection.handle = () =>
      new Promise((resolve) => {
        finish = () => {
          isHandled = true
          resolve()
        }
      })
    const answered = post('{"id":2}').then(() => isHandled)
    await vi.waitFor(() => expect(connection.frames.length).toBe(2))
    finish()
    expect(await answered).toBe(true)
  })

  it('[TR12] reads Protobuf, for streams in Protobuf', async () => {
    const { running, connection, session } = await start()
    const field = (number: number, value: string) => `${String.fromCharCode((number << 3) | 2, value.length)}${value}`
    const body = Buffer.from(field(1, 'node-1') + field(2, session) + field(3, 'raw'))
    const headers = { 'Content-Type': 'application/octet-stream' }
    expect((await running.fetch('/emulation', { method: 'POST', body, headers })).status).toBe(204)
    expect(connection.frames).toEqual(['{}', 'raw'])
  })

  it('[TR12] drops commands for a session that is not open, with 204 all the same', async () => {
    const { running, connection, post } = await start()
    expect((await post('{}', { session: 'nobody' })).status).toBe(204)
    connection.transport.close({ code: 3001, reason: 'shutdown' })
    await connection.untilClosed()
    expect((await post('{}')).status).toBe(204)
    expect(connection.frames).toEqual(['{}'])
    expect(running.rejects).toEqual([])
  })

  it('[TR12] says which requests it cannot serve', async () => {
    const { running, post } = await start()
    expect((await post('{}', { node: 'elsewhere' })).status).toBe(404)
    expect((await running.fetch('/emulation', { method: 'POST', body: '{' })).status).toBe(400)
    expect((await running.fetch('/emulation', { method: 'POST' })).status).toBe(400)
    expect((await running.fetch('/emulation', { method: 'POST', body: 'x'.repeat(65_537) })).status).toBe(413)
    expect((await running.fetch('/emulation')).status).toBe(405)
    expect((await running.fetch('/emulation', { method: 'OPTIONS' })).status).toBe(204)
  })

  it('answers 500 where the engine failed', async () => {
    const { connection, post } = await start()
    connection.handle = () => Promise.reject(new Error('a surprise'))
    expect((await post('{}')).status).toBe(500)
  })

  it('[TR17] lets commands wait in order while the stream is paused, but not without bound', async () => {
    const { connection, post } = await start()
    const stream = connection.transport as ResponseStream
    stream.pause()
    const waiting = Array.from({ length: 64 }, (_, i) => stream.receive(Buffer.from(`${i}`)))
    expect((await post('too many')).status).toBe(503)
    expect(connection.frames).toEqual(['{}'])
    stream.resume()
    expect((await Promise.all(waiting)).every((isTaken) => isTaken)).toBe(true)
    expect(connection.frames.slice(1)).toEqual(waiting.map((_, i) => `${i}`))
  })

  it('lets go of commands that waited when their stream closes', async () => {
    const { connection } = await start()
    const stream = connection.transport as ResponseStream
    stream.pause()
    const waiting = stream.receive(Buffer.from('{"id":9}'))
    stream.close({ code: 3001, reason: 'shutdown' })
    expect(await waiting).toBe(true)
    expect(connection.frames).toEqual(['{}'])
  })
})
