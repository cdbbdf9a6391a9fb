import { describe, expect, it } from 'vitest'
import { RawClient } from './testing/raw-client.ts'
import { startTransports } from './testing/start-transports.ts'
import { StreamReader } from './testing/stream-reader.ts'

const path = '/connection/http_stream'
const connect = '{"id":1,"connect":{}}'
const octets = { 'Content-Type': 'application/octet-stream' }

describe('HTTP streaming', () => {
  it('[TR10] opens a stream for the commands of a POST, and is seen to be open before there is an answer', async () => {
    const running = await startTransports()
    const response = await running.fetch(path, { method: 'POST', body: connect })
    const connection = await running.host.connection()
    expect(connection.frames).toEqual([connect])
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'x-accel-buffering': 'no',
      'cache-control': 'private, no-cache, no-store, must-revalidate, max-age=0',
      pragma: 'no-cache',
      expire: '0',
      'transfer-encoding': 'chunked',
    })
    expect(connection.transport).toMatchObject({
      name: 'http_stream',
      isUnidirectional: false,
      isEmulated: true,
      hasAppPings: true,
      remoteAddress: '127.0.0.1',
    })
    expect(connection.transport.session).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('[TR10] sends each message at once, on a line of its own', async () => {
    const running = await startTransports()
    const stream = new StreamReader(await running.fetch(path, { method: 'POST', body: connect }))
    const connection = await running.host.connection()
    connection.say('{"id":1}')
    await stream.until('{"id":1}\n')
    connection.say('{}')
    await stream.until('{"id":1}\n{}\n')
  })

  it('[TR10] is Protobuf where the body says it is', async () => {
    const running = await startTransports()
    const stream = new StreamReader(await running.fetch(path, { method: 'POST', body: 'xyz', headers: octets }))
    const connection = await running.host.connection()
    expect(connection.transport.form.codec.protocol).toBe('protobuf')
    expect(stream.response.headers.get('content-type')).toBe('application/octet-stream')
    connection.say('abc')
    await stream.until('\x03abc')
  })

  it('[TR7] ends with a disconnect push behind what was written before', async () => {
    const running = await startTransports()
    const stream = new StreamReader(await running.fetch(path, { method: 'POST', body: connect }))
    const connection = await running.host.connection()
    connection.say('{"id":1}')
    connection.transport.close({ code: 3001, reason: 'shutdown' })
    connection.transport.close({ code: 3500, reason: 'too late' })
    connection.say('into the void')
    await stream.untilEnded()
    expect(stream.text).toBe('{"id":1}\n{"push":{"disconnect":{"code":3001,"reason":"shutdown"}}}\n')
    await connection.untilClosed()
    expect(connection.timesClosed).toBe(1)
    expect(running.transports.openCount).toBe(0)
  })

  it('[TR7] says nothing to a client that is gone by itself (3000)', async () => {
    const running = await startTransports()
    const stream = new StreamReader(await running.fetch(path, { method: 'POST', body: connect }))
    const connection = await running.host.connection()
    connection.transport.close({ code: 3000, reason: 'connection closed' })
    await stream.untilEnded()
    expect(stream.text).toBe('')
    await connection.untilClosed()
  })

  it('[TR10] tells the engine at once that the client aborted', async () => {
    const running = await startTransports()
    const controller = new AbortController()
    await running.fetch(path, { method: 'POST', body: connect, signal: controller.signal })
    const connection = await running.host.connection()
    controller.abort()
    await connection.untilClosed()
    expect(running.transports.openCount).toBe(0)
  })

  it('[TR9] ends a stream whose client stopped reading', async () => {
    const running = await startTransports({ writeTimeoutMs: 100 })
    const client = new RawClient(running.port)
    client.send(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}`)
    const connection = await running.host.connection()
    client.socket.pause()
    for (let i = 0; i < 20; i++) connection.say('x'.repeat(1_000_000))
    expect(connection.transport.backlogBytes).toBeGreaterThan(0)
    await connection.untilClosed()
    expect(connection.violations).toEqual([{ code: 3009, reason: 'write error' }])
  })

  it('hands an empty body on: what to make of it is up to the engine', async () => {
    const running = await startTransports()
    expect((await running.fetch(path, { method: 'POST' })).status).toBe(200)
    expect((await running.host.connection()).frames).toEqual([''])
  })

  it('[TR10] answers preflights, and refuses other methods', async () => {
    const running = await startTransports()
    const preflight = await running.fetch(path, { method: 'OPTIONS' })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-max-age')).toBe('300')
    expect(preflight.headers.get('access-control-allow-methods')).toBe('POST, OPTIONS')
    for (const method of ['GET', 'PUT', 'DELETE', 'HEAD']) {
      expect((await running.fetch(path, { method })).status, method).toBe(405)
    }
    expect(running.host.connections).toEqual([])
  })

  it('[TR6] refuses a body above the limit, whether its length was told or not', async () => {
    const running = await startTransports()
    expect((await running.fetch(path, { method: 'POST', body: 'x'.repeat(65_537) })).status).toBe(413)
    const client = new RawClient(running.port)
    client.send(`POST ${path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n${'x'.repeat(65_537)}`)
    await client.untilText('HTTP/1.1 413 ')
    await client.untilEnded()
    expect(running.host.connections).toEqual([])
    expect((await running.fetch(path, { method: 'POST', body: 'x'.repeat(65_536) })).status).toBe(200)
    expect(running.rejects).toEqual(['http_stream 413 body too large', 'http_stream 413 body too large'])
  })

  it('opens nothing for a client that went away while it sent its body', async () => {
    const running = await startTransports()
    const client = new RawClient(running.port)
    client.send(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"id":`)
    client.socket.end()
    await client.untilEnded()
    expect(running.host.connections).toEqual([])
  })
})
