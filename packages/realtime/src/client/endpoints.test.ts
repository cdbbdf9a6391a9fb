import { afterEach, describe, expect, it, vi } from 'vitest'
import { defaultUrl } from './default-url.ts'
import { docsLink, endpointsOf } from './endpoints.ts'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.unstubAllEnvs()
})

describe('the ways to a server', () => {
  it('stand beside its socket', () => {
    expect(endpointsOf('wss://a.example:8443/realtime/connection/websocket?x=1', false)).toEqual({
      connection: [
        { transport: 'websocket', endpoint: 'wss://a.example:8443/realtime/connection/websocket?x=1' },
        { transport: 'http_stream', endpoint: 'https://a.example:8443/realtime/connection/http_stream?x=1' },
        { transport: 'sse', endpoint: 'https://a.example:8443/realtime/connection/sse?x=1' },
      ],
      emulation: 'https://a.example:8443/realtime/emulation',
    })
  })

  it('may be written with http, as pages know their origin', () => {
    expect(endpointsOf('http://a.example/realtime/connection/websocket', true).connection).toBe(
      'ws://a.example/realtime/connection/websocket',
    )
  })

  it('are the socket alone where it has another path, or a class of its own', () => {
    expect(endpointsOf('ws://a.example/sockets', false).connection).toBe('ws://a.example/sockets')
    expect(endpointsOf('ws://a.example/connection/websocket', true).connection).toBe(
      'ws://a.example/connection/websocket',
    )
  })

  it('have a page about codes only where a platform stands', () => {
    expect(docsLink('wss://a.example/realtime/connection/websocket', 3500)).toBe('https://a.example/docs/errors#3500')
    expect(docsLink('ws://a.example/connection/websocket', 3500)).toBeUndefined()
  })
})

describe('the url that nobody gave', () => {
  it('is the one that was built in, else beside the page', () => {
    vi.stubGlobal('location', { origin: 'https://app.example' })
    expect(defaultUrl()).toBe('wss://app.example/realtime/connection/websocket')
    vi.stubEnv('NEXT_PUBLIC_XSHATHRA_REALTIME_URL', 'wss://rt.example/realtime/connection/websocket')
    expect(defaultUrl()).toBe('wss://rt.example/realtime/connection/websocket')
  })

  it('has to be given where there is neither', () => {
    expect(() => defaultUrl()).toThrow('url must say where to connect')
    vi.stubGlobal('location', { origin: 'null' })
    expect(() => defaultUrl()).toThrow(TypeError)
  })

  it('is found where there is no process', () => {
    vi.stubGlobal('process', undefined)
    vi.stubGlobal('location', { origin: 'http://localhost:3001' })
    expect(defaultUrl()).toBe('ws://localhost:3001/realtime/connection/websocket')
  })
})
