import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { errors } from '@xshathra/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HttpProxy } from './http-proxy.ts'
import type { ProxyOptions } from './proxy-options.ts'
import { Backend } from './testing/backend.ts'

let backend: Backend
const open: HttpProxy[] = []

beforeEach(async () => {
  backend = await Backend.start()
})

afterEach(async () => {
  for (const proxy of open.splice(0)) proxy.close()
  await backend.close()
})

const proxyWith = (options: Partial<ProxyOptions> = {}): HttpProxy => {
  const proxy = new HttpProxy(backend.options(options))
  open.push(proxy)
  return proxy
}

const post = (proxy: HttpProxy, body = '{}') => proxy.post(Buffer.from(body), { headers: {}, emulatedHeaders: {} })

it('posts JSON and gives back the bytes of the answer', async () => {
  backend.answerJson('{"é": 1}')
  const answer = await post(proxyWith(), '{"channel":"жук"}')
  expect(answer.ok && answer.value.toString()).toBe('{"é": 1}')
  expect(backend.calls).toMatchObject([
    { method: 'POST', path: '/ask', body: '{"channel":"жук"}', headers: { 'content-type': 'application/json' } },
  ])
})

it('[PX2] keeps connections to the backend open between calls', async () => {
  const proxy = proxyWith()
  for (let call = 0; call < 3; call++) await post(proxy)
  expect(backend.connections).toBe(1)
})

it('[PX2] asks again where a kept connection was closed under its hands', async () => {
  const proxy = proxyWith()
  await post(proxy)
  let isFirst = true
  backend.answerWith((_, response) => {
    if (isFirst) response.socket?.resetAndDestroy()
    else response.end('{}')
    isFirst = false
  })
  expect(await post(proxy)).toMatchObject({ ok: true })
  expect(backend.calls).toHaveLength(3)
})

describe('[PX1] a backend that does not answer as it should', () => {
  const internal = (detail?: unknown) => ({
    ok: false,
    problem: { isMeant: false, refusal: { kind: 'error', error: errors.internal, ...(detail ? { detail } : {}) } },
  })

  it('is error 100 when it takes too long, whether before or amid its answer', async () => {
    const proxy = proxyWith({ timeoutMs: 30 })
    backend.answerWith(() => {})
    expect(await post(proxy)).toMatchObject(internal('no answer within 30 ms'))
    backend.answerWith((_, response) => response.writeHead(200).write('{"result"'))
    expect(await post(proxy)).toMatchObject(internal('no answer within 30 ms'))
  })

  it('is error 100 when it is not there', async () => {
    const proxy = proxyWith()
    await backend.close()
    expect(await post(proxy)).toMatchObject(internal('ECONNREFUSED'))
    backend = await Backend.start()
  })

  it('is error 100 when it hangs up amid its answer, and is not asked twice', async () => {
    backend.answerWith((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{', () => response.socket?.resetAndDestroy())
    })
    expect(await post(proxyWith())).toMatchObject(internal())
    expect(backend.calls).toHaveLength(1)
  })

  it('is error 100 when it never stops talking', async () => {
    backend.answerWith((_, response) => {
      const talk = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      }
      response.on('drain', talk)
      talk()
    })
    expect(await post(proxyWith({ timeoutMs: 10_000 }))).toMatchObject(
      internal('the answer is longer than 1048576 bytes'),
    )
  })

  it.each([201, 204, 302, 400, 500])('is error 100 when it answers %i', async (status) => {
    backend.answerWith((_, response) => response.writeHead(status, { location: '/elsewhere' }).end())
    expect(await post(proxyWith())).toMatchObject(internal())
    expect(backend.calls).toHaveLength(1)
  })
})

it('[PX4] gives statuses the meaning that the options say', async () => {
  const proxy = proxyWith({
    statusToCodeTransforms: [
      { statusCode: 403, toError: { code: 403, message: 'no', temporary: false } },
      { statusCode: 401, toDisconnect: { code: 4501, reason: 'sign in' } },
    ],
  })
  backend.answerJson('', 403)
  expect(await post(proxy)).toMatchObject({
    problem: { isMeant: true, refusal: { kind: 'error', error: { code: 403 } } },
  })
  backend.answerJson('', 401)
  expect(await post(proxy)).toMatchObject({ problem: { isMeant: true, refusal: { disconnect: { code: 4501 } } } })
  backend.answerJson('', 500)
  expect(await post(proxy)).toMatchObject({
    problem: { isMeant: false, refusal: { error: errors.internal, rule: 'proxy answered 500' } },
  })
})

it('closes its connections, but not under a call that is on its way', async () => {
  const proxy = proxyWith()
  const asked = new Promise<ServerResponse>((resolve) => backend.answerWith((_, response) => resolve(response)))
  const answer = post(proxy)
  const response = await asked
  const closed = once(response.socket!, 'close')
  proxy.close()
  response.end('{"result":{}}')
  expect(await answer).toMatchObject({ ok: true })
  await closed
})
