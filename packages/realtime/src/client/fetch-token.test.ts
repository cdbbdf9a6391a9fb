import { UnauthorizedError } from 'centrifuge'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { fetchToken } from './fetch-token.ts'

afterEach(() => void vi.unstubAllGlobals())

const answer = (status: number, body: string) => {
  const fetch = vi.fn(async () => new Response(body, { status }))
  vi.stubGlobal('fetch', fetch)
  return fetch
}

describe('fetchToken', () => {
  it('posts to the route, with the channel where there is one', async () => {
    const fetch = answer(200, '{"token":"t"}')
    expect(await fetchToken('/token')()).toBe('t')
    expect(await fetchToken('/token')({ channel: 'chat:x' })).toBe('t')
    const init = { method: 'POST', headers: { 'content-type': 'application/json' } }
    expect(fetch.mock.calls).toEqual([
      ['/token', { ...init, body: '{}' }],
      ['/token', { ...init, body: '{"channel":"chat:x"}' }],
    ])
  })

  it('is one function for each url, so that connections are shared', () => {
    expect(fetchToken('/a')).toBe(fetchToken('/a'))
    expect(fetchToken('/a')).not.toBe(fetchToken('/b'))
  })

  it.each([401, 403])('gives up at status %i', async (status) => {
    answer(status, '{}')
    await expect(fetchToken('/token')()).rejects.toBeInstanceOf(UnauthorizedError)
  })

  it.each([
    [500, ''],
    [200, '{}'],
    [200, '<h1>sign in</h1>'],
  ])('fails in passing at status %i with body "%s"', async (status, body) => {
    answer(status, body)
    const error = await fetchToken('/token')().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Error)
    expect(error).not.toBeInstanceOf(UnauthorizedError)
  })
})
