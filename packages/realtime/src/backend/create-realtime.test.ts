import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { z } from 'zod'
import { defineChannels } from '../channels/define-channels.ts'
import { RealtimeError } from '../result.ts'
import { createRealtime } from './create-realtime.ts'
import type { Realtime } from './realtime.ts'

interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

type Answering = (response: ServerResponse, seen: Seen) => void

/** A server on a real socket that gives the answers of a test, one after the other, the last of them for ever. */
const serve = async (...answers: readonly Answering[]) => {
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    const { method = '', url = '', headers } = request
    seen.push({ method, path: url, headers, body: text === '' ? undefined : JSON.parse(text) })
    answers[Math.min(seen.length, answers.length) - 1]?.(response, seen.at(-1)!)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

const answer =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answering =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }

const refuse = (status: number, code: string, more: object = {}, headers?: Record<string, string>) =>
  answer(status, { error: { code, message: `it is ${code}`, docs: `/docs/errors#${code}`, ...more } }, headers)

const open = async (...answers: readonly Answering[]) => {
  const { origin, seen } = await serve(...answers)
  return { realtime: createRealtime({ origin, serverApiKey: 'xsk_secret', timeoutMs: 1000 }), seen, origin }
}

const muteWarnings = () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  onTestFinished(() => warn.mockRestore())
  return warn
}

describe('every function', () => {
  const position = { offset: 3, epoch: 'e' }
  const cases: readonly (readonly [string, (realtime: Realtime) => unknown, string, unknown, unknown, unknown])[] = [
    [
      'issueConnectionToken',
      (realtime) => realtime.issueConnectionToken('ada', { ttlSeconds: 60, channels: ['chat:x'], info: { a: 1 } }),
      '/token',
      { userId: 'ada', ttlSeconds: 60, channels: ['chat:x'], info: { a: 1 } },
      { token: 't', expiresInSeconds: 60 },
      't',
    ],
    [
      'issueSubscriptionToken',
      (realtime) => realtime.issueSubscriptionToken('ada', 'chat:x', 60),
      '/subscription-token',
      { userId: 'ada', channel: 'chat:x', ttlSeconds: 60 },
      { token: 't', expiresInSeconds: 60 },
      't',
    ],
    [
      'publishResult',
      (realtime) =>
        realtime.publishResult('chat:x', null, {
          tags: { a: 'b' },
          idempotencyKey: 'k',
          skipHistory: true,
          delta: true,
        }),
      '/publish',
      { channel: 'chat:x', data: null, tags: { a: 'b' }, idempotencyKey: 'k', skipHistory: true, delta: true },
      { ok: true, ...position },
      { ok: true, value: position },
    ],
    [
      'broadcast',
      (realtime) => realtime.broadcast(['chat:x', 'no:y'], 1),
      '/broadcast',
      { channels: ['chat:x', 'no:y'], data: 1 },
      {
        ok: true,
        results: [{ channel: 'chat:x' }, { channel: 'no:y', error: { code: 'unknown_namespace', message: '' } }],
      },
      {
        ok: true,
        value: [{ channel: 'chat:x' }, { channel: 'no:y', error: { code: 'unknown_namespace', message: '' } }],
      },
    ],
    [
      'batch',
      (realtime) => realtime.batch([{ publish: { channel: 'chat:x', data: 1 } }]),
      '/batch',
      { commands: [{ publish: { channel: 'chat:x', data: 1 } }] },
      { replies: [{ publish: { ok: true } }] },
      { ok: true, value: [{ publish: { ok: true } }] },
    ],
    [
      'presence',
      (realtime) => realtime.presence('chat:x'),
      '/presence',
      { channel: 'chat:x' },
      { clients: { c: { userId: 'ada' } } },
      { ok: true, value: { c: { userId: 'ada' } } },
    ],
    [
      'presenceStats',
      (realtime) => realtime.presenceStats('chat:x'),
      '/presence-stats',
      { channel: 'chat:x' },
      { clients: 2, users: 1 },
      { ok: true, value: { clients: 2, users: 1 } },
    ],
    [
      'history',
      (realtime) => realtime.history('chat:x', { limit: 5, since: position, reverse: true }),
      '/history',
      { channel: 'chat:x', limit: 5, since: position, reverse: true },
      { publications: [{ offset: 1, data: 'a' }], ...position },
      { ok: true, value: { publications: [{ offset: 1, data: 'a' }], ...position } },
    ],
    [
      'removeHistory',
      (realtime) => realtime.removeHistory('chat:x'),
      '/history-remove',
      { channel: 'chat:x' },
      { ok: true },
      { ok: true },
    ],
    [
      'subscribeUser',
      (realtime) => realtime.subscribeUser('ada', 'chat:x', { client: 'c' }),
      '/subscribe',
      { userId: 'ada', channel: 'chat:x', client: 'c' },
      { ok: true },
      { ok: true },
    ],
    [
      'unsubscribeUser',
      (realtime) => realtime.unsubscribeUser('ada', 'chat:x'),
      '/unsubscribe',
      { userId: 'ada', channel: 'chat:x' },
      { ok: true },
      { ok: true },
    ],
    [
      'disconnect',
      (realtime) => realtime.disconnect({ all: true }, { code: 3503, reason: 'bye', blockSeconds: 60 }),
      '/disconnect',
      { all: true, code: 3503, reason: 'bye', blockSeconds: 60 },
      { ok: true },
      { ok: true },
    ],
    [
      'refresh',
      (realtime) => realtime.refresh('ada', { expireInSeconds: 60 }),
      '/refresh',
      { userId: 'ada', expireInSeconds: 60 },
      { ok: true },
      { ok: true },
    ],
    [
      'channels',
      (realtime) => realtime.channels('chat:*'),
      '/channels',
      { pattern: 'chat:*' },
      { channels: { 'chat:x': { clients: 1 } } },
      { ok: true, value: { 'chat:x': { clients: 1 } } },
    ],
    [
      'project',
      (realtime) => realtime.project(),
      '/project',
      undefined,
      { projectId: 'p', name: 'n', environment: 'production', realtimeUrl: 'wss://x' },
      { ok: true, value: { projectId: 'p', name: 'n', environment: 'production', realtimeUrl: 'wss://x' } },
    ],
  ]

  it.each(cases)(
    '%s asks as the API wants to be asked, and reads its answer',
    async (_, ask, path, body, reply, value) => {
      const { realtime, seen } = await open(answer(200, reply))
      expect(await ask(realtime)).toEqual(value)
      expect(seen).toMatchObject([{ path: `/api/realtime${path}`, method: path === '/project' ? 'GET' : 'POST', body }])
      expect(seen[0]?.headers.authorization).toBe('apikey xsk_secret')
    },
  )

  it.each(cases)('%s does not take an answer of another form', async (name, ask) => {
    const { realtime } = await open(answer(200, { hello: 'world' }))
    const outcome = await Promise.resolve(ask(realtime)).catch((error: RealtimeError) => ({ problem: error.problem }))
    expect(outcome, name).toMatchObject({ problem: { code: 'invalid_answer' } })
  })
})

describe('failures of a server', () => {
  const problemFrom = async (...answers: readonly Answering[]) => {
    const { realtime, seen, origin } = await open(...answers)
    const result = await realtime.publishResult('chat:x', 1)
    return { problem: result.ok ? undefined : result.problem, tries: seen.length, origin }
  }

  it('are told as the server tells them, with a page about each', async () => {
    const { problem, origin, tries } = await problemFrom(refuse(400, 'invalid_body', { field: 'tags' }))
    expect(problem).toEqual({
      code: 'invalid_body',
      message: 'it is invalid_body',
      status: 400,
      field: 'tags',
      docs: `${origin}/docs/errors#invalid_body`,
    })
    expect(tries).toBe(1)
  })

  it.each([
    [401, 'invalid_api_key'],
    [403, 'forbidden'],
    [413, 'too_large'],
    [502, 'unreachable'],
    [500, 'internal'],
  ])('with status %i and no JSON, from something in front of it, have a name too', async (status, code) => {
    const { problem, tries } = await problemFrom(answer(status, '<h1>nginx</h1>', { 'content-type': 'text/html' }))
    expect(problem).toMatchObject({ code, status })
    expect(tries).toBe(1)
  })

  it('include a page where an answer should be, and a redirect', async () => {
    const page = await problemFrom(answer(200, '<h1>welcome</h1>'))
    expect(page.problem).toMatchObject({ code: 'invalid_answer', message: expect.stringContaining('was not JSON') })
    const redirect = await problemFrom(answer(301, '', { location: 'https://x.example/path?key=1' }))
    expect(redirect.problem?.message).toContain('was a redirect to https://x.example.')
  })

  it('include silence, which ends after the time that was given', async () => {
    const { problem } = await problemFrom(() => {})
    expect(problem).toMatchObject({ code: 'timeout', message: expect.stringContaining('within 1000 ms') })
  })

  it('include an answer that never ends', async () => {
    const { problem } = await problemFrom((response) => response.write('{"ok":'))
    expect(problem).toMatchObject({ code: 'timeout' })
  })

  it('include nobody being there', async () => {
    const realtime = createRealtime({ origin: 'http://127.0.0.1:1', serverApiKey: 'xsk_secret' })
    expect(await realtime.publishResult('chat:x', 1)).toMatchObject({
      problem: { code: 'unreachable', message: expect.stringContaining('127.0.0.1:1') },
    })
  })

  it('never hold the key', async () => {
    const { problem } = await problemFrom(answer(500, 'xsk_secret'))
    expect(JSON.stringify(problem)).not.toContain('xsk_secret')
  })

  it('do not outlast a caller who gives up', async () => {
    const { realtime } = await open(() => {})
    const controller = new AbortController()
    const asked = realtime.publishResult('chat:x', 1, { signal: controller.signal })
    controller.abort()
    expect(await asked).toMatchObject({ problem: { code: 'aborted' } })
    expect(await realtime.presence('chat:x', { signal: controller.signal })).toMatchObject({
      problem: { code: 'aborted' },
    })
  })
})

describe('trying again', () => {
  const accepted = answer(200, { ok: true })

  it('waits as long as a server asks for', async () => {
    const { realtime, seen } = await open(refuse(429, 'rate_limited', {}, { 'retry-after': '0' }), accepted)
    expect(await realtime.publish('chat:x', 1)).toBe(true)
    expect(seen).toHaveLength(2)
  })

  it('is left to the caller where that is longer than the call may take', async () => {
    const { realtime, seen } = await open(refuse(429, 'rate_limited', {}, { 'retry-after': '30' }))
    expect(await realtime.publishResult('chat:x', 1)).toMatchObject({
      problem: { code: 'rate_limited', status: 429, retryAfterSeconds: 30 },
    })
    expect(seen).toHaveLength(1)
  })

  it('follows a refusal by a server that has done nothing', async () => {
    const { realtime, seen } = await open(refuse(503, 'store_unavailable'), accepted)
    expect(await realtime.publish('chat:x', 1)).toBe(true)
    expect(seen).toHaveLength(2)
  })

  it('does not publish twice: a broken call is repeated only with an idempotency key', async () => {
    const broken: Answering = (response) => response.destroy()
    const without = await open(broken, accepted)
    expect(await without.realtime.publishResult('chat:x', 1)).toMatchObject({ problem: { code: 'unreachable' } })
    expect(without.seen).toHaveLength(1)
    const withKey = await open(broken, accepted)
    expect(await withKey.realtime.publish('chat:x', 1, { idempotencyKey: 'k' })).toBe(true)
    expect(withKey.seen.map(({ body }) => body)).toEqual(
      Array.from({ length: 2 }, () => ({ channel: 'chat:x', data: 1, idempotencyKey: 'k' })),
    )
  })

  it('ends after the third time', async () => {
    const { realtime, seen } = await open(answer(502, ''))
    expect(await realtime.presence('chat:x')).toMatchObject({ problem: { code: 'unreachable', status: 502 } })
    expect(seen).toHaveLength(3)
  })
})

describe('publish', () => {
  it('says false whatever goes wrong, and warns once of each kind', async () => {
    const warn = muteWarnings()
    const { realtime } = await open(refuse(404, 'unknown_namespace'))
    expect(await realtime.publish('no:x', 1)).toBe(false)
    expect(await realtime.publish('no:x', 1)).toBe(false)
    expect(warn).toHaveBeenCalledOnce()
    const wrong: readonly (readonly [unknown, unknown, unknown?])[] = [
      [5, 1],
      ['', 1],
      ['chat:x', undefined],
      ['chat:x', 1n],
      ['chat:x', 1, { tags: { a: 1 } }],
      ['chat:x', 1, null],
    ]
    for (const args of wrong) expect(await realtime.publish(...(args as [string, unknown]))).toBe(false)
    expect(warn).toHaveBeenCalledTimes(2)
    expect(warn.mock.lastCall?.[0]).toContain('channel must be a name')
  })

  it('does not send what does not fit the schema of its channel', async () => {
    muteWarnings()
    const { realtime, seen } = await open(answer(200, { ok: true }))
    const channels = defineChannels({ room: { channel: 'chat:{id}', message: z.object({ text: z.string() }) } })
    // @ts-expect-error a number is no text
    expect(await realtime.publish(channels.room({ id: 1 }), { text: 5 })).toBe(false)
    // @ts-expect-error a number is no text
    expect(await realtime.publishResult(channels.room({ id: 1 }), { text: 5 })).toMatchObject({
      problem: { code: 'invalid_message', field: 'data', issues: [{ path: ['text'] }] },
    })
    expect(seen).toEqual([])
    expect(await realtime.publish(channels.room({ id: 1 }), { text: 'hi' })).toBe(true)
    expect(seen).toMatchObject([{ body: { channel: 'chat:1', data: { text: 'hi' } } }])
  })
})

describe('wrong types', () => {
  it('are TypeErrors that name the field', async () => {
    const { realtime, seen } = await open(answer(200, { ok: true }))
    const cases: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['userId', () => realtime.issueConnectionToken(7 as never)],
      ['userId', () => realtime.issueConnectionToken('x'.repeat(256))],
      ['ttlSeconds', () => realtime.issueConnectionToken('ada', 0.5)],
      ['info', () => realtime.issueConnectionToken('ada', { info: 'x' as never })],
      ['channels', () => realtime.issueConnectionToken('ada', { channels: 'chat:x' as never })],
      ['channel', () => realtime.issueSubscriptionToken('ada', undefined as never)],
      ['data', () => realtime.publishResult('chat:x', undefined)],
      ['data', () => realtime.publishResult('chat:x', () => {})],
      ['idempotencyKey', () => realtime.publishResult('chat:x', 1, { idempotencyKey: '' })],
      ['tags.a', () => realtime.publishResult('chat:x', 1, { tags: { a: 1 as never } })],
      ['channels', () => realtime.broadcast('chat:x' as never, 1)],
      ['commands[0]', () => realtime.batch([{ nothing: {} } as never])],
      ['limit', () => realtime.history('chat:x', { limit: 1001 })],
      ['code', () => realtime.disconnect('ada', { code: 1000 })],
      ['pattern', () => realtime.channels('')],
    ]
    for (const [field, ask] of cases) {
      const error = await ask().catch((thrown: unknown) => thrown)
      expect(error, field).toBeInstanceOf(TypeError)
      expect((error as Error).message.startsWith(`${field} `), `${field}: ${(error as Error).message}`).toBe(true)
    }
    expect(seen).toEqual([])
  })

  it('of options are told before anything is sent', () => {
    const key = { serverApiKey: 'xsk_1' }
    expect(() => createRealtime({ origin: 'example.com', ...key })).toThrow('origin must be a URL')
    expect(() => createRealtime({ origin: 'https://a:b@example.com', ...key })).toThrow('origin must not hold')
    expect(() => createRealtime({ origin: 'https://example.com', serverApiKey: '' })).toThrow('serverApiKey must be')
    expect(() => createRealtime({ origin: 'https://example.com', ...key, timeoutMs: 0 })).toThrow('timeoutMs must be')
  })
})

describe('tokens that are signed here', () => {
  const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())

  it('say who, until when, and what else was asked for', () => {
    const realtime = createRealtime({ origin: 'https://example.com', serverApiKey: 'xsk_1' })
    const claims = claimsOf(
      realtime.signConnectionToken('ada', { projectId: 'proj_1', channels: ['chat:x'], info: { a: 1 } }),
    )
    expect(claims).toEqual({
      sub: 'ada',
      iat: expect.any(Number),
      exp: claims.iat + 900,
      channels: ['chat:x'],
      info: { a: 1 },
      projectId: 'proj_1',
    })
    expect(() => realtime.signConnectionToken('ada', 86_401)).toThrow('ttlSeconds')
  })

  it('live for an hour where a bare Centrifugo stands behind', async () => {
    const realtime = createRealtime({ apiKey: 'k', tokenSecret: 's' })
    const claims = claimsOf(await realtime.issueConnectionToken('ada'))
    expect(claims.exp - claims.iat).toBe(3600)
    const { channel } = claimsOf(await realtime.issueSubscriptionToken('ada', 'chat:x'))
    expect(channel).toBe('chat:x')
  })

  it('are refused with the reason where the server refuses to mint one', async () => {
    const { realtime } = await open(refuse(403, 'project_archived'))
    const error = await realtime.issueConnectionToken('ada').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(RealtimeError)
    expect(error).toMatchObject({ code: 'project_archived', problem: { status: 403 } })
  })
})

describe('a bare Centrifugo', () => {
  const openBare = async (...answers: readonly Answering[]) => {
    const { origin, seen } = await serve(...answers)
    return { realtime: createRealtime({ apiUrl: `${origin}/api`, apiKey: 'k', tokenSecret: 's' }), seen }
  }

  it('may say 200 and mean an error', async () => {
    muteWarnings()
    const { realtime } = await openBare(answer(200, { error: { code: 102, message: 'unknown channel' } }))
    expect(await realtime.publish('no:x', 1)).toBe(false)
    expect(await realtime.publishResult('no:x', 1)).toMatchObject({
      problem: { code: 'unknown_namespace', message: 'Centrifugo answered with error 102: unknown channel.' },
    })
  })

  it('is asked with its own key and names', async () => {
    const { realtime, seen } = await openBare(answer(200, { result: {} }))
    expect(await realtime.publishResult('x:y', 1, { idempotencyKey: 'i', skipHistory: true })).toEqual({
      ok: true,
      value: {},
    })
    expect(seen).toMatchObject([
      {
        path: '/api/publish',
        headers: { 'x-api-key': 'k' },
        body: { channel: 'x:y', data: 1, idempotency_key: 'i', skip_history: true },
      },
    ])
  })

  it('does not do what only we can, and is not asked', async () => {
    const { realtime, seen } = await openBare(answer(200, { result: {} }))
    expect(await realtime.disconnect({ all: true })).toMatchObject({ problem: { code: 'not_available' } })
    expect(await realtime.project()).toMatchObject({ problem: { code: 'not_available' } })
    expect(seen).toEqual([])
  })

  it('has to answer as Centrifugo does', async () => {
    const { realtime } = await openBare(answer(200, { hello: 'world' }))
    expect(await realtime.presence('x:y')).toMatchObject({ problem: { code: 'invalid_answer' } })
  })
})
