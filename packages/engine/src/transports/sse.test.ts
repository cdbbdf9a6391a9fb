import { once } from 'node:events'
import { EventSource } from 'eventsource'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startTransports } from './testing/start-transports.ts'
import { StreamReader } from './testing/stream-reader.ts'

const path = '/connection/sse'
const connect = '{"id":1,"connect":{"name":"a+b %"}}'
const connectUrl = `${path}?cf_connect=${encodeURIComponent(connect)}`

describe('SSE', () => {
  it.each([
    ['the query of a GET', connectUrl, {}],
    ['the body of a POST', path, { method: 'POST', body: connect }],
  ])('[TR11] opens a stream for the commands in %s', async (_name, url, init) => {
    const running = await startTransports()
    const stream = new StreamReader(await running.fetch(url, init))
    const connection = await running.host.connection()
    expect(connection.frames).toEqual([connect])
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(stream.response.headers.get('x-accel-buffering')).toBe('no')
    await stream.until('\r\n')
    connection.say('{"id":1}')
    connection.say('{}')
    await stream.until('\r\ndata: {"id":1}\n\ndata: {}\n\n')
    expect(connection.transport).toMatchObject({ name: 'sse', isEmulated: true, isUnidirectional: false })
  })

  it('[TR11] speaks to the EventSource of a browser', async () => {
    const running = await startTransports()
    const source = new EventSource(running.url + connectUrl)
    onTestFinished(() => source.close())
    const received = once(source as never, 'message')
    ;(await running.host.connection()).say('{"id":1}')
    expect((await received)[0].data).toBe('{"id":1}')
  })

  it('[TR7] ends with a disconnect push', async () => {
    const running = await startTransports()
    const stream = new StreamReader(await running.fetch(connectUrl))
    ;(await running.host.connection()).transport.close({ code: 3503, reason: 'force disconnect' })
    await stream.untilEnded()
    expect(stream.text).toBe('\r\ndata: {"push":{"disconnect":{"code":3503,"reason":"force disconnect"}}}\n\n')
  })

  it('[TR11] refuses a GET without commands, other methods, and a body above the limit', async () => {
    const running = await startTransports()
    expect((await running.fetch(path)).status).toBe(400)
    expect((await running.fetch(`${path}?cf_connect=`)).status).toBe(400)
    for (const method of ['OPTIONS', 'PUT', 'HEAD']) expect((await running.fetch(path, { method })).status).toBe(405)
    expect((await running.fetch(path, { method: 'POST', body: 'x'.repeat(65_537) })).status).toBe(413)
    expect(running.host.connections).toEqual([])
  })

  it('tells the engine at once that the client aborted', async () => {
    const running = await startTransports()
    const controller = new AbortController()
    await running.fetch(connectUrl, { signal: controller.signal })
    controller.abort()
    await (await running.host.connection()).untilClosed()
  })
})
