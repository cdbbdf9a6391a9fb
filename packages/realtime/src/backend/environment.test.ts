import { describe, expect, it } from 'vitest'
import { type Environment, readEnvironment } from './environment.ts'

const read = (environment: Environment) => readEnvironment(environment)
const project = { XSHATHRA_SERVER_API_KEY: 'xsk_1', XSHATHRA_ORIGIN: 'http://localhost:3001/' }
const bare = { CENTRIFUGO_TOKEN_HMAC_SECRET: 's', CENTRIFUGO_API_KEY: 'k' }

describe('the environment', () => {
  it('names a project, or a bare Centrifugo with its usual addresses; the project wins', () => {
    const ofProject = {
      kind: 'project',
      baseUrl: 'http://localhost:3001',
      apiKey: 'xsk_1',
      realtimeUrl: 'ws://localhost:3001/realtime/connection/websocket',
    }
    const ofBare = {
      kind: 'centrifugo',
      baseUrl: 'http://localhost:8000/api',
      apiKey: 'k',
      tokenSecret: 's',
      realtimeUrl: 'ws://localhost:8000/connection/websocket',
    }
    expect(read(project)).toMatchObject({ ok: true, value: ofProject })
    expect(read(bare)).toMatchObject({ ok: true, value: ofBare })
    expect(read({ ...bare, ...project })).toMatchObject({ ok: true, value: ofProject })
    expect(read({ ...bare, XSHATHRA_ORIGIN: 'http://localhost:3001' })).toMatchObject({ ok: true, value: ofBare })
  })

  it('may say where clients connect', () => {
    const url = 'wss://rt.example.com/realtime/connection/websocket'
    expect(read({ ...project, NEXT_PUBLIC_XSHATHRA_REALTIME_URL: url })).toMatchObject({ value: { realtimeUrl: url } })
    expect(read({ ...bare, CENTRIFUGO_WS_URL: url })).toMatchObject({ value: { realtimeUrl: url } })
  })

  it('says which variable is missing', () => {
    const missing = (environment: Environment) => {
      const result = read(environment)
      return result.ok ? undefined : [result.problem.code, result.problem.message]
    }
    expect(missing({})).toEqual([
      'not_configured',
      'Realtime is not set up: set XSHATHRA_SERVER_API_KEY and XSHATHRA_ORIGIN.',
    ])
    expect(missing({ ...project, XSHATHRA_ORIGIN: '' })?.[1]).toBe('Realtime is not set up: set XSHATHRA_ORIGIN.')
    expect(missing({ CENTRIFUGO_API_KEY: 'k' })?.[1]).toBe('Realtime is not set up: set CENTRIFUGO_TOKEN_HMAC_SECRET.')
  })

  it('may use the other names of Centrifugo, as long as they agree', () => {
    const others = { CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY: 's', CENTRIFUGO_HTTP_API_KEY: 'k' }
    expect(read(others)).toMatchObject({ ok: true, value: { tokenSecret: 's', apiKey: 'k' } })
    expect(read({ ...bare, ...others })).toMatchObject({ ok: true })
    expect(read({ ...bare, CENTRIFUGO_HTTP_API_KEY: 'other' })).toMatchObject({
      problem: {
        code: 'misconfigured',
        message: 'CENTRIFUGO_API_KEY and CENTRIFUGO_HTTP_API_KEY must say the same, or only one may be set.',
      },
    })
  })

  it('names the variable that is wrong, and not the value of a secret', () => {
    const wrong = (environment: Environment) => read(environment)
    expect(wrong({ ...project, XSHATHRA_ORIGIN: 'localhost:3001' })).toMatchObject({
      problem: {
        code: 'misconfigured',
        message: 'XSHATHRA_ORIGIN must be a URL that begins with http:// or https://.',
      },
    })
    expect(wrong({ ...project, XSHATHRA_SERVER_API_KEY: 'xsk_ secret' })).toMatchObject({
      problem: { message: 'XSHATHRA_SERVER_API_KEY must be printable text without spaces.' },
    })
  })
})
