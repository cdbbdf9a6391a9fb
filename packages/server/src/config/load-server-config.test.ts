import { explainProblems } from '@xshathra/engine'
import { describe, expect, it } from 'vitest'
import { type Environment, loadServerConfig, type ServerConfigSources } from './load-server-config.ts'

const load = (env: Environment = {}, more: Omit<ServerConfigSources, 'env'> = {}) => {
  const loaded = loadServerConfig({ env, ...more })
  if (!loaded.ok) throw new Error(explainProblems(loaded.problem))
  return loaded.value
}

const problemsOf = (env: Environment) => {
  const loaded = loadServerConfig({ env })
  return loaded.ok ? [] : loaded.problem.map(({ path, message, cure }) => [path, message, cure].join('|'))
}

describe("the server's configuration", () => {
  it('is complete when nobody sets anything', () => {
    const { config, warnings } = load()
    expect(config).toMatchObject({
      port: 3001,
      host: '127.0.0.1',
      dataDir: 'data',
      engine: 'embedded',
      engineConfig: 'centrifugo/config.json',
    })
    expect(config.publicUrl).toBeUndefined()
    expect([...config.roles]).toEqual(['realtime', 'api', 'web'])
    expect(warnings).toEqual([])
  })

  it('takes a flag before a variable, and a variable before what the installation says', () => {
    const standards = { XSHATHRA_DATA_DIR: '/srv/data', PORT: '1' }
    expect(load({}, { standards }).config).toMatchObject({ port: 1, dataDir: '/srv/data' })
    expect(load({ PORT: '2' }, { standards }).config.port).toBe(2)
    const flags = { PORT: { flag: '--port', text: '3' } }
    expect(load({ PORT: '2' }, { standards, flags }).config.port).toBe(3)
  })

  it('counts an empty variable as not set', () => {
    expect(load({ PORT: '', XSHATHRA_PUBLIC_URL: '' }).config.port).toBe(3001)
  })

  it('keeps the origin of a public URL and nothing else of it', () => {
    expect(load({ XSHATHRA_PUBLIC_URL: 'https://rt.example.com/' }).config.publicUrl).toBe('https://rt.example.com')
  })

  it.each([
    [{ PORT: 'abc' }, 'PORT|is "abc", which is no port|Give a number from 0 to 65535.'],
    [{ PORT: '70000' }, 'PORT|is "70000", which is no port|Give a number from 0 to 65535.'],
    [
      { XSHATHRA_PUBLIC_URL: 'https://example.com/app' },
      'XSHATHRA_PUBLIC_URL|is "https://example.com/app", which is no origin|Give scheme, host and port only, like https://realtime.example.com.',
    ],
    [
      { XSHATHRA_TRUSTED_PROXIES: '10.0.0.0/8, proxy' },
      'XSHATHRA_TRUSTED_PROXIES|names "proxy", which is no address|Give IP addresses and networks like 10.0.0.0/8, separated by commas.',
    ],
    [
      { XSHATHRA_ENGINE: 'centrifuge' },
      'XSHATHRA_ENGINE|"centrifuge" is not one of: embedded, centrifugo|Did you mean centrifugo?',
    ],
    [
      { XSHATHRA_MASTER_SECRET: 'short' },
      'XSHATHRA_MASTER_SECRET|is shorter than 32 characters|Make one with: openssl rand -hex 32',
    ],
    [
      { XSHATHRA_ROLES: 'api' },
      'XSHATHRA_ROLES|leaves doors closed, which needs Centrifugo as the engine|Leave it out, or name all: realtime,api,web.',
    ],
    [
      { XSHATHRA_OWNER_EMAIL: 'ada@example.com' },
      'XSHATHRA_OWNER_PASSWORD|is missing, and XSHATHRA_OWNER_EMAIL is set|Set both or none.',
    ],
    [
      { CENTRIFUGO_API_KEY: 'one', CENTRIFUGO_HTTP_API_KEY: 'two' },
      'CENTRIFUGO_API_KEY|differs from CENTRIFUGO_HTTP_API_KEY, which means the same|Set one of them.',
    ],
  ])('refuses %j', (env, problem) => {
    expect(problemsOf(env)).toEqual([problem])
  })

  it('tells every problem at once, each with who set the value', () => {
    const loaded = loadServerConfig({
      env: { XSHATHRA_PUBLIC_URL: 'nowhere' },
      flags: { PORT: { flag: '--port', text: 'abc' } },
    })
    expect(loaded).toMatchObject({
      ok: false,
      problem: [
        { path: 'PORT', origin: '--port' },
        { path: 'XSHATHRA_PUBLIC_URL', origin: 'XSHATHRA_PUBLIC_URL' },
      ],
    })
  })

  it('never repeats a secret: not in problems, not in the values in force', () => {
    const secrets = {
      DATABASE_URL: 'hunter2-no-url',
      XSHATHRA_MASTER_SECRET: 'hunter2',
    }
    expect(problemsOf(secrets).join()).not.toContain('hunter2')
    const { config, values } = load({ XSHATHRA_METRICS_TOKEN: 'hunter2' })
    expect(JSON.stringify([config, values])).not.toContain('hunter2')
    expect(values.find(({ name }) => name === 'XSHATHRA_METRICS_TOKEN')).toEqual({
      name: 'XSHATHRA_METRICS_TOKEN',
      text: '[secret]',
      origin: 'XSHATHRA_METRICS_TOKEN',
    })
  })

  it('wants every secret given where several servers share a database', () => {
    expect(problemsOf({ DATABASE_URL: 'postgres://db/x' }).map((text) => text.split('|')[0])).toEqual([
      'XSHATHRA_MASTER_SECRET',
      'CENTRIFUGO_TOKEN_HMAC_SECRET_KEY',
      'CENTRIFUGO_API_KEY',
    ])
  })

  it('reports variables of our own prefix that nobody reads, with the name that was probably meant', () => {
    const { warnings } = load({
      XSHATHRA_DATADIR: '/srv',
      XSHATHRA_SERVER_API_KEY: 'of the SDK',
      NEXT_PUBLIC_XSHATHRA_REALTIME_UR: 'ws://localhost',
      OTHER: '1',
    })
    expect(warnings.map(({ path, cure }) => [path, cure])).toEqual([
      ['XSHATHRA_DATADIR', 'Did you mean XSHATHRA_DATA_DIR?'],
      ['NEXT_PUBLIC_XSHATHRA_REALTIME_UR', 'Did you mean NEXT_PUBLIC_XSHATHRA_REALTIME_URL?'],
    ])
  })
})
