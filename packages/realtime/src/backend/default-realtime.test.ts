import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as backend from '../index.ts'
import { createTestServer } from '../testing/memory-server.ts'
import { variableNames } from './environment.ts'

beforeEach(() => {
  for (const name of variableNames) vi.stubEnv(name, undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

describe('without a server in the environment', () => {
  it('publishing is a silent no, and nothing is fetched', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const fetch = vi.fn()
    vi.stubGlobal('fetch', fetch)
    expect(await backend.publish('chat:x', 1)).toBe(false)
    expect(backend.isRealtimeEnabled()).toBe(false)
    expect(backend.realtimeWsUrl()).toBeUndefined()
    expect(fetch).not.toHaveBeenCalled()
    expect(warn).not.toHaveBeenCalled()
  })

  it('other functions say what is missing', async () => {
    const message = 'Realtime is not set up: set XSHATHRA_SERVER_API_KEY and XSHATHRA_ORIGIN.'
    expect(await backend.presence('chat:x')).toEqual({ ok: false, problem: { code: 'not_configured', message } })
    await expect(backend.issueConnectionToken('ada')).rejects.toThrow(message)
    expect(() => backend.signConnectionToken('ada')).toThrow(message)
  })
})

describe('with a server in the environment', () => {
  it('functions act on it, from the moment the variables are there', async () => {
    const server = await createTestServer()
    vi.stubGlobal('fetch', server.fetch)
    expect(backend.isRealtimeEnabled()).toBe(false)
    for (const [name, value] of Object.entries(server.environment)) vi.stubEnv(name, value)
    expect(backend.isRealtimeEnabled()).toBe(true)
    expect(backend.realtimeWsUrl()).toBe('ws://realtime.test/realtime/connection/websocket')
    expect(await backend.publish('chat:room:7', { n: 1 })).toBe(true)
    expect(server.published('chat:room:7')).toMatchObject([{ data: { n: 1 } }])
    await server.close()
  })

  it('a variable that is wrong counts as off, and is warned about', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    vi.stubEnv('XSHATHRA_SERVER_API_KEY', 'xsk_1')
    vi.stubEnv('XSHATHRA_ORIGIN', 'localhost')
    expect(backend.isRealtimeEnabled()).toBe(false)
    expect(await backend.publish('chat:x', 1)).toBe(false)
    expect(warn.mock.calls.map(([text]) => text)).toEqual([expect.stringContaining('XSHATHRA_ORIGIN must be a URL')])
  })
})
