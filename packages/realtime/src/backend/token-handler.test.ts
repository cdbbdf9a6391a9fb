import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { RealtimeError } from '../result.ts'
import { createTestServer } from '../testing/memory-server.ts'
import { toNodeHandler } from './node-handler.ts'
import { createTokenHandler, type TokenHandlerOptions } from './token-handler.ts'

beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => {}))
afterEach(() => void vi.restoreAllMocks())

const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())

const makeHandler = async (authorize: TokenHandlerOptions['authorize']) => {
  const { realtime, close } = await createTestServer()
  onTestFinished(() => close().catch(() => {}))
  return createTokenHandler({ authorize, realtime })
}

/** Users say who they are in a header; only ada may read room 7. */
const authorize: TokenHandlerOptions['authorize'] = (request, { channel }) => {
  const userId = request.headers.get('x-user')
  if (userId === null || (channel !== undefined && !(userId === 'ada' && channel === 'chat:room:7'))) return null
  return { userId, info: { name: userId } }
}

const post = (body?: unknown, user = 'ada'): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...(user === '' ? {} : { 'x-user': user }) },
  ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
})

const ask = async (fetch: (init: RequestInit) => Promise<Response>, init: RequestInit) => {
  const response = await fetch(init)
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) }
}

describe('the token route', () => {
  const withHandler = async (init: RequestInit, who = authorize) => {
    const handler = await makeHandler(who)
    return ask((request) => handler(new Request('http://app.test/token', request)), init)
  }

  it('gives a connection token, or one for a channel', async () => {
    const connection = await withHandler(post())
    expect(connection.status).toBe(200)
    expect(claimsOf(connection.body.token)).toMatchObject({ sub: 'ada', info: { name: 'ada' } })
    expect(connection.headers.get('cache-control')).toBe('no-store')
    const subscription = await withHandler(post({ channel: 'chat:room:7' }))
    expect(claimsOf(subscription.body.token)).toMatchObject({ sub: 'ada', channel: 'chat:room:7' })
  })

  it('refuses whoever is not signed in, and a channel that is not open to them', async () => {
    expect(await withHandler(post({}, ''))).toMatchObject({ status: 401, body: { error: { code: 'not_signed_in' } } })
    expect(await withHandler(post({ channel: 'chat:room:8' }))).toMatchObject({
      status: 403,
      body: { error: { code: 'forbidden' } },
    })
  })

  it('takes nothing but small JSON in a POST', async () => {
    const get = await withHandler({})
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST'])
    expect((await withHandler(post('{'))).status).toBe(400)
    expect((await withHandler(post({ channel: 5 }))).status).toBe(400)
    expect((await withHandler(post({ channel: 'x'.repeat(20_000) }))).status).toBe(413)
  })

  it('tells nobody outside what went wrong inside', async () => {
    const failing = await withHandler(post(), () => {
      throw new Error('the password of the database is secret')
    })
    expect(failing).toMatchObject({ status: 500, body: { error: { message: 'Something went wrong on our side.' } } })
    const wrong = await withHandler(post(), () => ({ userId: '' }))
    expect(wrong.status).toBe(500)
  })

  it('says that trying again later makes sense, where it does', async () => {
    const problem = { code: 'rate_limited', message: 'slow down', retryAfterSeconds: 7 }
    const fail = () => Promise.reject(new RealtimeError(problem))
    const handler = createTokenHandler({
      authorize: () => 'ada',
      realtime: { issueConnectionToken: fail, issueSubscriptionToken: fail },
    })
    const response = await handler(new Request('http://app.test/token', post()))
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '7'])
  })
})

describe('the token route in', () => {
  const listen = async (server: ReturnType<typeof createServer>) => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token?from=test`
    return (init: RequestInit) => fetch(url, init)
  }

  const hosts: readonly (readonly [string, () => Promise<(init: RequestInit) => Promise<Response>>])[] = [
    ['Node', async () => listen(createServer(toNodeHandler(await makeHandler(authorize))))],
    [
      'Express with a body parser',
      async () => {
        const app = express().use(express.json())
        return listen(createServer(app.post('/token', toNodeHandler(await makeHandler(authorize)))))
      },
    ],
    [
      'Express without one',
      async () => listen(createServer(express().post('/token', toNodeHandler(await makeHandler(authorize))))),
    ],
    [
      'Hono',
      async () => {
        const handler = await makeHandler(authorize)
        const app = new Hono().post('/token', (context) => handler(context.req.raw))
        return async (init) => app.request('/token', init)
      },
    ],
  ]

  it.each(hosts)('%s', async (_, open) => {
    const fetch = await open()
    const connection = await ask(fetch, post())
    expect(claimsOf(connection.body.token)).toMatchObject({ sub: 'ada' })
    const subscription = await ask(fetch, post({ channel: 'chat:room:7' }))
    expect(claimsOf(subscription.body.token)).toMatchObject({ channel: 'chat:room:7' })
    expect((await ask(fetch, post({ channel: 'chat:room:8' }))).status).toBe(403)
    expect((await ask(fetch, post(undefined, ''))).status).toBe(401)
  })

  it('Node, with a body larger than it takes', async () => {
    const fetch = await listen(createServer(toNodeHandler(await makeHandler(authorize))))
    expect((await fetch(post('x'.repeat(70_000)))).status).toBe(413)
  })
})
