import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { explainProblems } from './findings.ts'
import { type ConfigSources, loadConfig } from './load-config.ts'
import type { LoadedConfig } from './loaded-config.ts'

type Rest = Partial<ConfigSources>

const read = (document: unknown, rest: Rest = {}) =>
  loadConfig({ text: typeof document === 'string' ? document : JSON.stringify(document), env: {}, ...rest })

const load = (document: unknown, rest: Rest = {}): LoadedConfig => {
  const config = read(document, rest)
  if (!config.ok) throw new Error(explainProblems(config.problem))
  return config.value
}

const problemsOf = (document: unknown, rest: Rest = {}) => {
  const config = read(document, rest)
  return config.ok
    ? []
    : config.problem.map(({ path, message, cure }) => [path, message, cure].filter(Boolean).join(' | '))
}

const warningsOf = (document: unknown, rest: Rest = {}) =>
  load(document, rest).warnings.map(({ kind, path, cure }) => [kind, path, cure].filter(Boolean).join(' | '))

const withNamespace = (options: object) => ({ channel: { namespaces: [{ name: 'chat', ...options }] } })
const chatOf = (config: LoadedConfig) => config.namespaces.rulesOf('chat')

/** As files name a variable that is to be put there. */
const reference = (variable: string): string => `\${${variable}}`

const temporaryFile = (name: string, text: string): string => {
  const directory = mkdtempSync(join(tmpdir(), 'xshathra-config-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const file = join(directory, name)
  writeFileSync(file, text)
  return file
}

describe('sources of a configuration', () => {
  it('[CF2] are all optional: without any, Centrifugo defaults hold', () => {
    const config = load({})
    expect(config.httpServer).toEqual({ address: '', port: 8000 })
    expect(config.client).toMatchObject({ pingIntervalMs: 25_000, pongTimeoutMs: 8_000, channelLimit: 128 })
    expect(config.transports.websocket).toMatchObject({ enabled: true, path: '/connection/websocket' })
    expect(config.transports.sse.enabled).toBe(false)
    expect(config.warnings).toEqual([])
  })

  it('[CF2] are heard in the order default, file, environment, flags', () => {
    const env = { CENTRIFUGO_CLIENT_CHANNEL_LIMIT: '7', CENTRIFUGO_HTTP_SERVER_PORT: '9001' }
    const document = { client: { channel_limit: 6, user_connection_limit: 5 }, http_server: { port: 9000 } }
    const config = load(document, { env, flags: { 'http_server.port': 9002, 'log.level': undefined } })
    expect([config.client.userConnectionLimit, config.client.channelLimit, config.httpServer.port]).toEqual([
      5, 7, 9002,
    ])
    expect(config.log.level).toBe('info')
  })

  it.each([
    ['config.json', '{"channel":{"namespaces":[{"name":"chat","presence":true}]}}'],
    ['config.yaml', 'channel:\n  namespaces:\n    - name: chat\n      presence: true\n'],
    ['config.YML', 'defaults: &on {presence: true}\nchannel: {namespaces: [{<<: *on, name: chat}]}'],
    ['config.toml', '[[channel.namespaces]]\nname = "chat"\npresence = true\n'],
  ])('[CF3] may be a file in the format that its name tells: %s', (name, text) => {
    const config = loadConfig({ file: temporaryFile(name, text), env: {} })
    expect(config.ok && chatOf(config.value)?.presence).toBe(true)
  })

  it.each([
    ['config.json', '{"client": {\n  "insecure": tru }}', 'is not valid JSON at line 2, column 18'],
    ['config.json', '{"client": {"token": {"hmac_secret_key": "hush" "x"}}}', 'is not valid JSON at line 1, column 49'],
    ['config.json', '', 'is not valid JSON at line 1, column 1'],
    ['config.yaml', 'client: {insecure: true', 'is not valid YAML at line 1, column 23: bad indent'],
    ['config.toml', 'a = hush', 'is not valid TOML at line 1, column 5'],
    ['config.ini', 'a=1', 'has a name that tells no format'],
  ])('[CF3] that cannot be parsed is told with its place, and without its text: %s %j', (file, text, message) => {
    const config = loadConfig({ file, text, env: {} })
    expect(config.ok ? [] : config.problem).toMatchObject([{ path: file, message }])
    expect(JSON.stringify(config)).not.toContain('hush')
  })

  it('[CF3] that is not there is told by its path', () => {
    const file = join(tmpdir(), 'xshathra-no-such-directory', 'config.json')
    expect(loadConfig({ file, env: {} })).toMatchObject({
      ok: false,
      problem: [{ path: file, message: 'is not there' }],
    })
  })

  it('throws at a flag that is no option, since that is a mistake of the program', () => {
    expect(() => load({}, { flags: { 'http_server.prt': 1 } })).toThrow('http_server.prt')
    expect(() => load({}, { flags: { 'no.such': 1 } })).toThrow('no.such')
  })
})

describe('values', () => {
  it('[CF4] may be texts where numbers, booleans and single entries of lists are meant; null is absent', () => {
    const { client, allowedOrigins, httpServer } = load({
      http_server: { port: '0x1F90', address: null },
      client: { insecure: 'T', channel_limit: '12', allowed_origins: 'http://a', token: null },
    })
    expect([client.insecure, client.channelLimit, allowedOrigins, httpServer.port]).toEqual([
      true,
      12,
      ['http://a'],
      8080,
    ])
  })

  it('[CF4] are known by keys in any case', () => {
    expect(load({ Client: { INSECURE: true } }).client.insecure).toBe(true)
  })

  it.each([
    [{ http_server: { port: 'abc' } }, 'http_server.port | is "abc" | Give a whole number.'],
    [{ http_server: { port: 70_000 } }, 'http_server.port | is 70000 | Give a number from 0 to 65535.'],
    [{ client: { channel_limit: 1.5 } }, 'client.channel_limit | is 1.5 | Give a whole number.'],
    [{ client: { channel_limit: -1 } }, 'client.channel_limit | is -1 | Give 0 or more.'],
    [{ client: { insecure: 'yes' } }, 'client.insecure | is "yes" | Give true or false.'],
    [{ client: { insecure: {} } }, 'client.insecure | is {} | Give true or false.'],
    [{ client: 'x' }, 'client | is not an object | Give its options as names and values.'],
    [[], 'the document | is not an object | Give its options as names and values.'],
    [{ client: { allowed_origins: [1] } }, 'client.allowed_origins | holds 1 | Give a list of texts in quotes.'],
    [{ channel: { namespaces: {} } }, 'channel.namespaces | is not a list | Give a list of objects.'],
    [
      { channel: { namespaces: [5] } },
      'channel.namespaces[0] | is not an object | Give its options as names and values.',
    ],
    [
      { log: { level: 'inof' } },
      'log.level | "inof" is not one of: trace, debug, info, warn, error, fatal, none | Did you mean info?',
    ],
  ])('[CF4] of the wrong kind are problems: %j', (document, problem) => {
    expect(problemsOf(document)).toContain(problem)
  })

  it.each([
    [1_500_000_000, 1_500],
    ['300ms', 300],
    ['1h30m', 5_400_000],
  ])('[CF5] %j is a duration of %d milliseconds', (value, ms) => {
    expect(load({ client: { stale_close_delay: value } }).client.staleCloseDelayMs).toBe(ms)
  })

  it.each(['25', '', 'soon', '-1s', 1.5, true])('[CF5] %j is no duration', (value) => {
    expect(problemsOf({ client: { stale_close_delay: value } })).toHaveLength(1)
  })

  it('[CF5] durations of history are whole seconds', () => {
    expect(problemsOf(withNamespace({ history_size: 1, history_ttl: '1500ms' }))).toEqual([
      'channel.namespaces[chat].history_ttl | is 1.5s | Only whole seconds count here.',
    ])
  })

  it('[CF6] that are secrets are never shown, whatever is wrong with them', () => {
    const hush = 'hush-hush'
    const problems = problemsOf(
      {
        client: { token: { hmac_secret_key: [hush] } },
        http_api: { key: { [hush]: 1 } },
        proxies: [{ http: { static_headers: [hush] } }],
      },
      {
        env: { CENTRIFUGO_CHANNEL_NAMESPACES: `["${hush}`, CENTRIFUGO_CLIENT_PROXY_CONNECT_HTTP_STATIC_HEADERS: hush },
      },
    )
    expect(problems.length).toBeGreaterThanOrEqual(5)
    expect(problems.join()).not.toContain(hush)
  })

  it('[CF6] that are secrets have to be texts, since a number has lost its zeros', () => {
    expect(problemsOf('client: {token: {hmac_secret_key: 0123}}', { format: 'yaml' })).toEqual([
      'client.token.hmac_secret_key | is not text | Give text in quotes.',
    ])
  })
})

describe('the environment', () => {
  const namespaces = { channel: { namespaces: [{ name: 'chat' }, { name: 'a-b.c' }] } }

  it('[CF7] reaches every option by its path', () => {
    const config = load(
      { client: { allowed_origins: ['http://x'] } },
      {
        env: {
          CENTRIFUGO_CLIENT_ALLOWED_ORIGINS: 'http://a  http://b',
          CENTRIFUGO_CLIENT_INSECURE: 'true',
          CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY: ' s ',
          CENTRIFUGO_CHANNEL_WITHOUT_NAMESPACE_PRESENCE: '1',
          CENTRIFUGO_CHANNEL_PROXY_SUBSCRIBE_ENDPOINT: 'http://y',
        },
      },
    )
    expect(config.allowedOrigins).toEqual(['http://a', 'http://b'])
    expect(config.client.insecure).toBe(true)
    expect(config.token.hmacSecretKey).toBe(' s ')
    expect(config.namespaces.withoutNamespace.presence).toBe(true)
    expect(config.proxies.subscribe.get('default')?.endpoint).toBe('http://y')
  })

  it('[CF7] counts an empty variable as not set', () => {
    expect(
      load({ client: { channel_limit: 5 } }, { env: { CENTRIFUGO_CLIENT_CHANNEL_LIMIT: '' } }).client.channelLimit,
    ).toBe(5)
  })

  it('[CF7] names the variable where its value cannot be read', () => {
    expect(read({}, { env: { CENTRIFUGO_HTTP_SERVER_PORT: 'abc' } })).toMatchObject({
      problem: [{ path: 'http_server.port', origin: 'CENTRIFUGO_HTTP_SERVER_PORT' }],
    })
  })

  it('[CF8] replaces namespaces, and reaches options of single ones, new ones included', () => {
    const config = load(namespaces, {
      env: {
        CENTRIFUGO_CHANNEL_NAMESPACES: '[{"name":"news","join_leave":true}]',
        CENTRIFUGO_CHANNEL_NAMESPACES_NEWS_HISTORY_SIZE: '5',
        CENTRIFUGO_CHANNEL_NAMESPACES_NEWS_HISTORY_TTL: '60s',
      },
    })
    expect([...config.namespaces.namespaces.keys()]).toEqual(['news'])
    expect(config.namespaces.rulesOf('news')).toMatchObject({
      joinLeave: true,
      presence: false,
      history: { size: 5, ttlMs: 60_000 },
    })
  })

  it('[CF8] writes names of namespaces and proxies in upper case, with _ for - and .', () => {
    const config = load(
      { ...namespaces, proxies: [{ name: 'my-p', endpoint: 'http://x' }] },
      {
        env: {
          CENTRIFUGO_CHANNEL_NAMESPACES_A_B_C_PRESENCE: 'true',
          CENTRIFUGO_PROXIES_MY_P_ENDPOINT: 'http://y',
          CENTRIFUGO_PROXIES_MY_P_HTTP_STATIC_HEADERS: '{"X-A":"b"}',
        },
      },
    )
    expect(config.namespaces.rulesOf('a-b.c')?.presence).toBe(true)
    expect(config.proxies.publish.get('my-p')).toMatchObject({ endpoint: 'http://y', staticHeaders: { 'X-A': 'b' } })
  })

  it('[CF8] adds namespaces and proxies by their names alone, for variables of their own to fill', () => {
    const config = load(
      { channel: { namespaces: [{ name: 'chat', presence: true }] } },
      {
        env: {
          CENTRIFUGO_CHANNEL_NAMESPACES: ' news  a-b.c ',
          CENTRIFUGO_CHANNEL_NAMESPACES_NEWS_JOIN_LEAVE: 'true',
          CENTRIFUGO_CHANNEL_NAMESPACES_A_B_C_PRESENCE: 'true',
          CENTRIFUGO_PROXIES: 'back',
          CENTRIFUGO_PROXIES_BACK_ENDPOINT: 'http://y',
        },
      },
    )
    expect([...config.namespaces.namespaces.keys()]).toEqual(['chat', 'news', 'a-b.c'])
    expect(config.namespaces.rulesOf('chat')).toMatchObject({ presence: true, joinLeave: false })
    expect(config.namespaces.rulesOf('news')).toMatchObject({ presence: false, joinLeave: true })
    expect(config.namespaces.rulesOf('a-b.c')).toMatchObject({ presence: true, joinLeave: false })
    expect(config.proxies.publish.get('back')?.endpoint).toBe('http://y')
  })

  it('[CF8] a name that the document already has is there twice', () => {
    expect(read(namespaces, { env: { CENTRIFUGO_CHANNEL_NAMESPACES: 'chat' } })).toMatchObject({
      problem: [{ path: 'channel.namespaces[chat]', origin: 'CENTRIFUGO_CHANNEL_NAMESPACES' }],
    })
  })

  it.each(['news;', '{}', '5', '[5]'])('[CF8] %s for namespaces is a problem', (value) => {
    expect(problemsOf(namespaces, { env: { CENTRIFUGO_CHANNEL_NAMESPACES: value } })).toHaveLength(1)
  })

  it('[CF9] is expanded in values of text maps', () => {
    const headers = {
      'X-Secret': `${reference('CENTRIFUGO_VAR_Q')}:${reference('CENTRIFUGO_VAR_Q')}`,
      'X-Other': `${reference('HOME')} $CENTRIFUGO_VAR_Q`,
    }
    const connect = {
      enabled: true,
      endpoint: `http://${reference('CENTRIFUGO_VAR_Q')}`,
      http: { static_headers: headers },
    }
    const config = load({ client: { proxy: { connect } } }, { env: { CENTRIFUGO_VAR_Q: 'val', HOME: '/root' } })
    expect(config.proxies.connect?.staticHeaders).toEqual({
      'X-Secret': 'val:val',
      'X-Other': `${reference('HOME')} $CENTRIFUGO_VAR_Q`,
    })
  })

  it('[CF9] is not expanded anywhere else', () => {
    const connect = { endpoint: 'http://x', http_headers: [reference('CENTRIFUGO_VAR_Q')], enabled: true }
    const config = load({ client: { proxy: { connect } } }, { env: { CENTRIFUGO_VAR_Q: 'val' } })
    expect(config.proxies.connect?.httpHeaders).toEqual([reference('CENTRIFUGO_VAR_Q')])
  })

  it('[CF9] that lacks a variable to expand is a problem', () => {
    const proxies = [
      { name: 'pp', endpoint: 'http://x', http: { static_headers: { A: reference('CENTRIFUGO_VAR_NO') } } },
    ]
    expect(problemsOf({ proxies })).toEqual([
      'proxies[pp].http.static_headers | names CENTRIFUGO_VAR_NO, which is not set | Set that variable.',
    ])
  })
})

describe('warnings', () => {
  it('[CF10] name what is unknown by its full path, with what was probably meant', () => {
    const document = {
      foo: 1,
      clientt: {},
      client: { insecur: true, allowed_origin: [] },
      namespaces: [],
      token_hmac_secret_key: 'x',
      channel: { namespaces: [{ name: 'chat', presense: true, client_publish_debounce_interval: '50ms' }] },
    }
    expect(warningsOf(document)).toEqual([
      'unknown | foo',
      'unknown | clientt | Did you mean client?',
      'unknown | client.insecur | Did you mean client.insecure?',
      'unknown | client.allowed_origin | Did you mean client.allowed_origins?',
      'unknown | namespaces | Did you mean channel.namespaces?',
      'unknown | token_hmac_secret_key | Did you mean client.token.hmac_secret_key?',
      'unknown | channel.namespaces[chat].presense | Did you mean channel.namespaces[chat].presence?',
      'unknown | channel.namespaces[chat].client_publish_debounce_interval',
    ])
  })

  it('[CF10] name unknown variables, but not those of others', () => {
    const env = {
      CENTRIFUGO_CLIENT_INSECUR: 'true',
      CENTRIFUGO_CHANNEL_NAMESPACES_CHET_PRESENCE: 'true',
      CENTRIFUGO_TOKEN_HMAC_SECRET_KEY: 'x',
      CENTRIFUGO_TOKEN_HMAC_SECRET: 'x',
      CENTRIFUGO_API_KEY: 'x',
      CENTRIFUGO_VAR_ANYTHING: 'x',
      PATH: '/bin',
    }
    const config = load(withNamespace({}), { env })
    expect(config.warnings).toMatchObject([
      {
        path: 'CENTRIFUGO_CLIENT_INSECUR',
        message: 'is not a known variable',
        cure: 'Did you mean CENTRIFUGO_CLIENT_INSECURE?',
      },
      {
        path: 'CENTRIFUGO_CHANNEL_NAMESPACES_CHET_PRESENCE',
        message: 'reaches no entry of channel.namespaces',
        cure: 'Did you mean CENTRIFUGO_CHANNEL_NAMESPACES_CHAT_PRESENCE?',
      },
    ])
    expect([config.token.hmacSecretKey, config.httpApi.key]).toEqual(['', ''])
  })

  it('[CF10] name what is known and not honoured yet, where somebody changed it', () => {
    const document = {
      engine: { type: 'redis', redis: { db: 0, prefix: 'mine' } },
      consumers: [{ name: 'one', type: 'kafka' }],
      channel: {
        namespaces: [
          { name: 'poll', subscription_type: 'map', map: { mode: 'persistent' } },
          { name: 'chat', subscription_type: 'stream' },
        ],
      },
    }
    expect(warningsOf(document).sort()).toEqual([
      'not honoured | channel.namespaces[poll].map',
      'not honoured | channel.namespaces[poll].subscription_type',
      'not honoured | consumers',
      'not honoured | engine.redis',
      'not honoured | engine.type',
    ])
    expect(load(document).namespaces.rulesOf('poll')?.subscriptionType).toBe('map')
  })

  it('[CF10] name what is not acted on among options that are', () => {
    const document = {
      uni_websocket: { join_push_messages: true, write_timeout: '2s' },
      shutdown: { timeout: '5s' },
      http_server: { tls_external: true },
      client: { channel_position_check_delay: '10s', channel_position_max_time_lag: '1s' },
    }
    expect(warningsOf(document).sort()).toEqual([
      'not honoured | client.channel_position_max_time_lag',
      'not honoured | http_server.tls_external',
      'not honoured | shutdown',
      'not honoured | uni_websocket.join_push_messages',
      'not honoured | uni_websocket.write_timeout',
    ])
  })

  it('name an origin that fits nothing because of its case', () => {
    expect(warningsOf({ client: { allowed_origins: ['http://EXAMPLE.com'] } })).toEqual([
      'ineffective | client.allowed_origins | Write it in lower case.',
    ])
  })
})

describe('checks', () => {
  const history = { history_size: 10, history_ttl: '60s' }

  it.each([
    [{ history_size: 10 }, 'history_size'],
    [{ history_ttl: '60s' }, 'history_ttl'],
    [{ ...history, history_ttl: '721h' }, 'history_ttl'],
    [{ ...history, history_meta_ttl: '30s' }, 'history_ttl'],
    [{ force_recovery: true }, 'force_recovery'],
    [{ ...history, auto_cache_recover: true }, 'auto_cache_recover'],
    [{ ...history, auto_cache_recover: true, force_recovery: true }, 'auto_cache_recover'],
    [{ force_recovery_mode: 'disk' }, 'force_recovery_mode'],
    [{ allowed_delta_types: ['diff'] }, 'allowed_delta_types'],
    [{ publication_data_format: 'xml' }, 'publication_data_format'],
    [{ subscription_type: 'tree' }, 'subscription_type'],
    [{ channel_regex: '(' }, 'channel_regex'],
    [{ channel_regex: '(?=a)' }, 'channel_regex'],
    [{ subscribe_proxy_name: 'nobody' }, 'subscribe_proxy_name'],
    [{ publish_proxy_enabled: true, publish_proxy_name: '' }, 'publish_proxy_name'],
    [{ subscribe_stream_proxy_enabled: true }, 'subscribe_stream_proxy_enabled'],
    [{ map: { client_key: 'user_id', publish_proxy_enabled: true } }, 'map.client_key'],
  ])('[CF13] rules of a namespace agree with each other: %j', (options, option) => {
    const config = read(withNamespace(options))
    expect(config.ok ? [] : config.problem.map(({ path }) => path)).toContain(`channel.namespaces[chat].${option}`)
  })

  it.each([
    [withNamespace({ subscribe_proxy_enabled: true }), ['channel.proxy.subscribe.endpoint']],
    [{ channel: { namespaces: [{ name: 'x' }] } }, ['channel.namespaces[x]']],
    [{ channel: { namespaces: [{}] } }, ['channel.namespaces[0]']],
    [{ channel: { namespaces: [{ name: 'aa' }, { name: 'aa' }] } }, ['channel.namespaces[aa]']],
    [{ proxies: [{ name: 'default', endpoint: 'http://x' }] }, ['proxies[default]']],
    [{ proxies: [{ name: 'pp', timeout: '0s' }] }, ['proxies[pp].endpoint', 'proxies[pp].timeout']],
    [{ client: { proxy: { connect: { enabled: true, endpoint: 'grpc://x:1' } } } }, ['client.proxy.connect.endpoint']],
    [{ client: { proxy: { refresh: { enabled: true, endpoint: 'grpc://x:1' } } } }, ['client.proxy.refresh.endpoint']],
    [withNamespace({ sub_refresh_proxy_enabled: true }), ['channel.proxy.sub_refresh.endpoint']],
    [
      {
        ...withNamespace({ publish_proxy_enabled: true, publish_proxy_name: 'pp' }),
        proxies: [{ name: 'pp', endpoint: 'localhost:1' }],
      },
      ['proxies[pp].endpoint'],
    ],
    [{ client: { ping_interval: '8s' } }, ['client.ping_interval']],
    [{ client: { allowed_origins: ['http://[a'] } }, ['client.allowed_origins']],
    [{ client: { token: { issuer_regex: '(' } } }, ['client.token.issuer_regex']],
    [{ client: { token: { user_id_claim: 'a-b' } } }, ['client.token.user_id_claim']],
    [{ client: { user_id_http_header: 'X Y' } }, ['client.user_id_http_header']],
    [
      { client: { subscribe_to_user_personal_channel: { enabled: true, single_connection: true } } },
      ['client.subscribe_to_user_personal_channel.single_connection'],
    ],
    [
      { client: { subscribe_to_user_personal_channel: { enabled: true, personal_channel_namespace: 'user' } } },
      ['client.subscribe_to_user_personal_channel.personal_channel_namespace'],
    ],
    [{ sse: { enabled: true, handler_prefix: '/api/' } }, ['http_api.handler_prefix']],
    [{ websocket: { handler_prefix: '' } }, ['websocket.handler_prefix']],
    [
      { uni_sse: { connect_code_to_http_response: { transforms: [{ code: 1 }] } } },
      ['uni_sse.connect_code_to_http_response.transforms[0].to.status_code'],
    ],
    [{ xshathra: { history: { durability: 'tape' } } }, ['xshathra.history.durability']],
    [{ xshathra: { namespaces: { chat: { durability: 'power' } } } }, ['xshathra.namespaces.chat']],
  ])('[CF13] what contradicts itself is a problem: %j', (document, paths) => {
    const config = read(document)
    expect(config.ok ? [] : config.problem.map(({ path }) => path)).toEqual(paths)
  })

  it.each([
    [{ http_server: { internal_port: '9000' } }, ['http_server.internal_port']],
    [{ http_server: { internal_port: '8000', internal_address: '' } }, []],
    [{ http_server: { internal_address: '10.0.0.1' } }, ['http_server.internal_address']],
    [{ http_server: { address: '10.0.0.1', internal_address: '10.0.0.1' } }, []],
    [{ http_server: { tls: { enabled: true } } }, ['http_server.tls.enabled']],
    [{ http_server: { internal_tls: { enabled: true } } }, ['http_server.internal_tls.enabled']],
    [{ http_server: { tls_autocert: { enabled: true } } }, ['http_server.tls_autocert.enabled']],
  ])('[CF17] what would change who can reach the server is a problem or nothing: %j', (document, paths) => {
    const config = read(document)
    expect(config.ok ? [] : config.problem.map(({ path }) => path)).toEqual(paths)
  })

  it.each([
    [{ status_code: 0, to_error: { code: 1 } }],
    [{ status_code: 500 }],
    [{ status_code: 500, to_error: { code: 1 }, to_disconnect: { code: 2 } }],
    [{ status_code: 500, to_disconnect: { code: 4000, reason: 'é' } }],
    [{ status_code: 500, to_error: { code: 1, message: 'x'.repeat(124) } }],
  ])('[CF13] transforms of proxy answers say one thing: %j', (transform) => {
    const proxies = [{ name: 'pp', endpoint: 'http://x', http: { status_to_code_transforms: [transform] } }]
    expect(problemsOf({ proxies })[0]).toMatch(/^proxies\[pp\]\.http\.status_to_code_transforms\[0\]/)
  })

  it.each([
    ['0s', '8s', 0, 8_000],
    ['-1s', '8s', 0, 8_000],
    ['5s', '-1s', 5_000, 0],
    [-1, -1, 0, 0],
  ])('[CF13] pings %j and pongs %j may be switched off', (ping, pong, pingIntervalMs, pongTimeoutMs) => {
    expect(load({ client: { ping_interval: ping, pong_timeout: pong } }).client).toMatchObject({
      pingIntervalMs,
      pongTimeoutMs,
    })
  })

  it('[CF14] tell every problem at once, with where the value came from and what to do', () => {
    const config = loadConfig({
      file: 'config.json',
      text: JSON.stringify({ client: { insecure: 'maybe' }, ...withNamespace({ history_size: 5 }) }),
      env: { CENTRIFUGO_HTTP_SERVER_PORT: 'abc' },
      flags: { 'log.level': 'inof' },
    })
    expect(config.ok ? '' : explainProblems(config.problem).split('\n')).toEqual([
      'the configuration has 4 problems',
      '  client.insecure                        is "maybe" (from config.json). Give true or false.',
      '  http_server.port                       is "abc" (from CENTRIFUGO_HTTP_SERVER_PORT). Give a whole number.',
      '  log.level                              "inof" is not one of: trace, debug, info, warn, error, fatal, none (from the command line). Did you mean info?',
      '  channel.namespaces[chat].history_size  is set without history_ttl (from config.json). Set both or none.',
    ])
  })

  it('[CF14] do not blame an option for another that cannot be read', () => {
    expect(problemsOf(withNamespace({ history_size: 5, history_ttl: 'soon' }))).toHaveLength(1)
  })
})

describe('a loaded configuration', () => {
  it('[CF15] has the compiled rules of each namespace', () => {
    const config = load({
      channel: {
        publication_data_format: 'json',
        history_meta_ttl: '100h',
        namespaces: [
          {
            name: 'chat',
            history_size: 100,
            history_ttl: '300s',
            force_recovery: true,
            force_recovery_mode: 'cache',
            allowed_delta_types: ['fossil'],
            allow_publish_for_subscriber: true,
            channel_regex: '^room[0-9]+',
            subscribe_proxy_enabled: true,
            publish_proxy_name: 'default',
          },
        ],
        proxy: { subscribe: { endpoint: 'http://x' } },
      },
      xshathra: { history: { durability: 'memory', max_bytes: 1_000 }, namespaces: { chat: { durability: 'power' } } },
    })
    expect(chatOf(config)).toMatchObject({
      namespace: 'chat',
      history: { size: 100, ttlMs: 300_000, metaTtlMs: 360_000_000, durability: 'power' },
      recoveryMode: 'cache',
      allowFossilDelta: true,
      publish: { forClient: false, forSubscriber: true, forAnonymous: false },
      dataFormat: 'json',
      subscribeProxy: 'default',
      publishProxy: undefined,
    })
    expect(config.xshathra.history).toEqual({ durability: 'memory', max_bytes: 1_000 })
    expect(config.namespaces.rulesOf('')).toBe(config.namespaces.withoutNamespace)
    expect(config.namespaces.withoutNamespace).toMatchObject({ namespace: '', history: undefined })
    expect(config.namespaces.rulesOf('nobody')).toBeUndefined()
  })

  it.each([
    ['room', 'the room', true],
    ['^room$', 'the room', false],
    ['^#proj_[0-9A-HJKMNP-TV-Za-z]{26}:[!"$-+\\x2d-~]+$', `#proj_${'0'.repeat(26)}:user_1`, true],
    ['^#proj_[0-9A-HJKMNP-TV-Za-z]{26}:[!"$-+\\x2d-~]+$', `#proj_${'0'.repeat(26)}:u,v`, false],
  ])('[CF15] matches channel_regex %s anywhere in the rest of a name: %s', (channel_regex, rest, expected) => {
    expect(chatOf(load(withNamespace({ channel_regex })))?.matches?.(rest)).toBe(expected)
  })

  it('[CF15] takes the default for limits of 0, so that nothing is unbounded', () => {
    const client = { channel_limit: 0, queue_max_size: 0, stale_close_delay: '0s', presence_update_interval: '0s' }
    expect(load({ client, channel: { max_length: 0, history_meta_ttl: '0s' } }).client).toMatchObject({
      channelLimit: 128,
      queueMaxBytes: 1_048_576,
      staleCloseDelayMs: 10_000,
      presenceUpdateIntervalMs: 27_000,
      channelMaxLength: 255,
    })
  })

  it('has the other options as the rooms of the engine take them', () => {
    const config = load({
      client: {
        allow_anonymous_connect_without_token: true,
        insecure_skip_token_signature_verify: true,
        token: { hmac_secret_key: 's', audience: 'a' },
        subscription_token: { enabled: true, hmac_secret_key: 't' },
        user_id_http_header: 'X-User',
        connect_code_to_unidirectional_disconnect: {
          enabled: true,
          transforms: [{ code: 109, to: { code: 4109, reason: 'r' } }],
        },
        subscribe_to_user_personal_channel: { enabled: true },
      },
      channel: { namespace_boundary: '/' },
      websocket: {
        compression: true,
        compression_level: 3,
        write_timeout: '2s',
        message_size_limit: 10,
        handler_prefix: '/ws/',
      },
      uni_sse: {
        enabled: true,
        connect_code_to_http_response: { enabled: true, transforms: [{ code: 109, to: { status_code: 401 } }] },
      },
      http_api: { key: 'k', error_mode: 'transport', handler_prefix: '/api/' },
      health: { enabled: true },
      rpc: { ping: { enabled: true } },
    })
    expect(config.admission).toEqual({
      allowAnonymousConnectWithoutToken: true,
      disallowAnonymousConnectionTokens: false,
      insecure: false,
      userIdHttpHeader: 'X-User',
    })
    expect(config.token).toMatchObject({ hmacSecretKey: 's', audience: 'a', insecureSkipSignature: true })
    expect(config.subscriptionToken).toMatchObject({ hmacSecretKey: 't', insecureSkipSignature: true })
    expect(config.unidirectionalDisconnects?.get(109)).toEqual({ code: 4109, reason: 'r' })
    expect(config.client).toMatchObject({
      rpcPingMethod: 'ping',
      personalChannel: { namespace: '', singleConnection: false },
    })
    expect(config.syntax).toEqual({ privatePrefix: '$', namespaceBoundary: '/', userBoundary: '#', userSeparator: ',' })
    expect(config.transports).toMatchObject({
      writeTimeoutMs: 2_000,
      websocket: { path: '/ws', messageMaxBytes: 10, compression: { level: 3, minBytes: 0 } },
      uniSse: { enabled: true, connectCodeToHttpResponse: { transforms: [{ code: 109, status: 401, body: '' }] } },
    })
    expect(config.httpApi).toEqual({ enabled: true, path: '/api', key: 'k', insecure: false, errorMode: 'transport' })
    expect([config.health, config.prometheus.enabled]).toEqual([{ enabled: true, path: '/health' }, false])
    expect(config.nodeName).toBe('')
  })

  it('has proxies by name, their answers to statuses included', () => {
    const transforms = [
      { status_code: 404, to_error: { code: 404, message: 'gone' } },
      { status_code: 500, to_disconnect: { code: 4500 } },
    ]
    const config = load({
      ...withNamespace({ publish_proxy_enabled: true, publish_proxy_name: 'pp' }),
      proxies: [
        { name: 'pp', endpoint: 'http://x', timeout: '3s', http: { status_to_code_transforms: transforms } },
        { name: 'over-grpc', endpoint: 'grpc://x:1' },
      ],
    })
    expect([...config.proxies.publish.keys()]).toEqual(['pp'])
    expect(config.proxies.publish.get('pp')).toMatchObject({
      timeoutMs: 3_000,
      statusToCodeTransforms: [
        { statusCode: 404, toError: { code: 404, message: 'gone', temporary: false }, toDisconnect: undefined },
        { statusCode: 500, toError: undefined, toDisconnect: { code: 4500, reason: '' } },
      ],
    })
    expect(config.proxies.connect).toBeUndefined()
    expect(chatOf(config)?.publishProxy).toBe('pp')
  })

  it('is not disturbed by keys that every object has', () => {
    const config = load(
      '{"__proto__":{"insecure":true},"constructor":1,"channel":{"namespaces":[{"name":"toString"}]}}',
    )
    expect(config.client.insecure).toBe(false)
    expect(config.warnings.map(({ path }) => path)).toEqual(['__proto__', 'constructor'])
    expect(config.namespaces.rulesOf('constructor')).toBeUndefined()
  })

  it('[CF14] or its problems are the answer to any document, and never an exception', () => {
    const keys = fc.constantFrom(
      'client',
      'channel',
      'namespaces',
      'name',
      'proxies',
      'http',
      'static_headers',
      'token',
    )
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 6 },
        fc.constantFrom(null, true, -1, 1.5, '', 'x', '5s', '(', '__proto__'),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(keys, tie('tree'), { maxKeys: 4 }),
      ),
    }))
    fc.assert(
      fc.property(tree, (document) => {
        expect(typeof read(document).ok).toBe('boolean')
      }),
    )
  })
})
