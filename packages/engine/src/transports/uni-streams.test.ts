import { describe, expect, it } from 'vitest'
import { startTransports } from './testing/start-transports.ts'
import { StreamReader } from './testing/stream-reader.ts'
import { defaultTransportsOptions } from './transport-options.ts'

const request = '{"token":"t"}'
const ssePath = '/connection/uni_sse'
const httpPath = '/connection/uni_http_stream'
const expired = { code: 3005, reason: 'connection expired' }

describe('one-way streams over HTTP', () => {
  it.each([
    ['uni_sse', 'by GET', `${ssePath}?cf_connect=${encodeURIComponent(request)}`, {}, '\r\ndata: {}\n\n'],
    ['uni_sse', 'by POST', ssePath, { method: 'POST', body: request }, '\r\ndata: {}\n\n'],
    ['uni_http_stream', 'by POST', httpPath, { method: 'POST', body: request }, '{}\n'],
  ])('[TR13] %s takes a ConnectRequest %s and sends bare pushes', async (name, _how, url, init, text) => {
    const running = await startTransports()
    const stream = new StreamReader(await running.fetch(url, init))
    const connection = await running.host.connection()
    expect(connection.connectRequests).toEqual([request])
    expect(connection.frames).toEqual([])
    expect(connection.transport).toMatchObject({ name, isUnidirectional: true, isEmulated: false, hasAppPings: true })
    expect(connection.transport.form.bare).toBe(true)
    expect(connection.transport.session).toMatch(/^[0-9a-f-]{36}$/)
    connection.say('{}')
    await stream.until(text)
  })

  it('[TR13] end with a bare disconnect push', async () => {
    const running = await startTransports()
    const stream = new StreamReader(await running.fetch(httpPath, { method: 'POST', body: '{}' }))
    ;(await running.host.connection()).transport.close({ code: 3500, reason: 'invalid token' })
    await stream.untilEnded()
    expect(stream.text).toBe('{"disconnect":{"code":3500,"reason":"invalid token"}}\n')
  })

  it('[TR13] take an absent request of a GET, and null, for an empty one', async () => {
    const running = await startTransports()
    expect((await running.fetch(ssePath)).status).toBe(200)
    expect((await running.fetch(httpPath, { method: 'POST', body: 'null' })).status).toBe(200)
    expect((await running.host.connection(0)).connectRequests).toEqual([''])
    expect((await running.host.connection(1)).connectRequests).toEqual(['null'])
  })

  it.each([
    ['GET', `${ssePath}?cf_connect=%7B`, undefined, 400],
    ['POST', ssePath, '{', 400],
    ['POST', ssePath, '', 400],
    ['POST', httpPath, '[]', 400],
    ['POST', httpPath, '', 400],
    ['POST', ssePath, 'x'.repeat(65_537), 413],
    ['POST', httpPath, 'x'.repeat(65_537), 413],
    ['PUT', ssePath, '{}', 405],
    ['OPTIONS', ssePath, undefined, 405],
    ['GET', httpPath, undefined, 405],
    ['OPTIONS', httpPath, undefined, 204],
  ])('[TR13] answer %s %s with body %.9s by %i', async (method, url, body, status) => {
    const running = await startTransports()
    expect((await running.fetch(url, { method, ...(body === undefined ? {} : { body }) })).status).toBe(status)
    expect(running.host.connections).toEqual([])
  })

  describe('with connect codes as HTTP statuses', () => {
    const connectCodeToHttpResponse = { transforms: [{ code: 109, status: 401, body: 'token expired' }] }
    const start = () =>
      startTransports({
        uniSse: { ...defaultTransportsOptions.uniSse, enabled: true, connectCodeToHttpResponse },
        uniHttpStream: { ...defaultTransportsOptions.uniHttpStream, enabled: true, connectCodeToHttpResponse },
      })

    it('[TR13] answer a refused connect by the status of its error, or else by 500', async () => {
      const running = await start()
      const error = { code: 109, message: 'token expired', temporary: false }
      running.host.prepare = (connection) => {
        connection.onRequest = ({ transport }) => transport.close(expired, error)
      }
      const known = await running.fetch(ssePath)
      expect([known.status, await known.text()]).toEqual([401, 'token expired'])
      running.host.prepare = (connection) => {
        connection.onRequest = ({ transport }) => transport.close(expired)
      }
      const unknown = await running.fetch(httpPath, { method: 'POST', body: '{}' })
      expect([unknown.status, await unknown.text()]).toEqual([500, 'Internal Server Error'])
    })

    it('[TR13] open the stream with the first push, and end it by a push from then on', async () => {
      const running = await start()
      running.host.prepare = (connection) => {
        connection.onRequest = () => connection.say('{"connect":{}}')
      }
      const stream = new StreamReader(await running.fetch(ssePath))
      await stream.until('\r\ndata: {"connect":{}}\n\n')
      ;(await running.host.connection()).transport.close(expired)
      await stream.untilEnded()
      expect(stream.text).toContain('data: {"disconnect":{"code":3005,"reason":"connection expired"}}\n\n')
    })
  })
})
