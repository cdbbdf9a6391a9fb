import { describe, expect, inject, it } from 'vitest'
import { connectResult, errors } from './expectations.ts'
import { freePort } from './free-port.ts'
import { API_KEY, prepareServer, type ServerSettings, type WireServer } from './servers.ts'
import { inSeconds, token } from './tokens.ts'
import { connectWebSocket, openWebSocket } from './web-socket-client.ts'

const started = async (settings: ServerSettings): Promise<WireServer> => {
  const server = await prepareServer(settings)
  await server.start()
  return server
}

const subscribe = async (server: WireServer, channel: string): Promise<unknown> => {
  const client = await connectWebSocket(server, { token: token({ sub: 'ann' }) })
  const [reply] = await client.exchange({ id: 2, subscribe: { channel } })
  return reply
}

const json = (port: number, more: object): string =>
  JSON.stringify({ http_server: { address: '127.0.0.1', port }, health: { enabled: true }, ...more })

describe('the file', () => {
  const yaml = (port: number): string => `
http_server:
  address: 127.0.0.1
  port: ${port}
health:
  enabled: true
client:
  token:
    hmac_secret_key: wire-token-secret
channel:
  namespaces:
    - name: chat
      allow_subscribe_for_client: true
`
  const toml = (port: number): string => `
[http_server]
address = "127.0.0.1"
port = ${port}
[health]
enabled = true
[client.token]
hmac_secret_key = "wire-token-secret"
[[channel.namespaces]]
name = "chat"
allow_subscribe_for_client = true
`
  it.each([
    { name: 'config.yaml', text: yaml },
    { name: 'config.yml', text: yaml },
    { name: 'config.toml', text: toml },
  ])('may be $name', async (file) => {
    expect(await subscribe(await started({ file }), 'chat:a')).toEqual({ id: 2, subscribe: {} })
  })

  it.each([
    { what: 'no JSON', more: undefined },
    { what: 'two namespaces of one name', more: { channel: { namespaces: [{ name: 'chat' }, { name: 'chat' }] } } },
    { what: 'a namespace of one letter', more: { channel: { namespaces: [{ name: 'a' }] } } },
    { what: 'a namespace with a space in its name', more: { channel: { namespaces: [{ name: 'a b' }] } } },
    { what: 'history without a time', more: { channel: { without_namespace: { history_size: 10 } } } },
    { what: 'recovery without history', more: { channel: { without_namespace: { force_recovery: true } } } },
    {
      what: 'history of half a second',
      more: { channel: { without_namespace: { history_size: 1, history_ttl: '500ms' } } },
    },
    {
      what: 'history kept longer than its positions',
      more: { channel: { without_namespace: { history_size: 1, history_ttl: '60s', history_meta_ttl: '10s' } } },
    },
    {
      what: 'an unknown recovery mode',
      more: {
        channel: {
          without_namespace: { history_size: 1, history_ttl: '60s', force_recovery: true, force_recovery_mode: 'all' },
        },
      },
    },
    { what: 'an unknown kind of delta', more: { channel: { without_namespace: { allowed_delta_types: ['diff'] } } } },
    { what: 'an unknown data format', more: { channel: { without_namespace: { publication_data_format: 'xml' } } } },
    { what: 'a regular expression that is none', more: { channel: { without_namespace: { channel_regex: '(' } } } },
    {
      what: 'a regular expression that looks back',
      more: { channel: { without_namespace: { channel_regex: '(a)\\1' } } },
    },
    { what: 'pings faster than pongs may be', more: { client: { ping_interval: '5s', pong_timeout: '5s' } } },
    { what: 'a duration that is none', more: { client: { ping_interval: 'soon' } } },
    { what: 'a proxy without an endpoint', more: { client: { proxy: { connect: { enabled: true } } } } },
    {
      what: 'a proxy that nobody describes',
      more: { channel: { without_namespace: { subscribe_proxy_enabled: true, subscribe_proxy_name: 'mine' } } },
    },
    {
      what: 'a namespace that the personal channel has not',
      more: { client: { subscribe_to_user_personal_channel: { enabled: true, personal_channel_namespace: 'me' } } },
    },
    { what: 'a text for a number', more: { client: { channel_limit: 'many' } } },
  ])('with $what is refused', async ({ more }) => {
    const text = (port: number): string => (more ? json(port, more) : 'nonsense')
    const server = await prepareServer({ file: { name: 'config.json', text } })
    expect(await server.startRefused()).not.toBe(0)
  })

  it('with keys that nobody knows starts, and says so', async () => {
    const text = (port: number): string => json(port, { colour: 'red', client: { insecure: true, shade: 1 } })
    const server = await started({ file: { name: 'config.json', text } })
    expect(await (await openWebSocket(server)).connect()).toEqual({ id: 1, connect: connectResult })
    await expect.poll(() => server.output).toContain('colour')
    expect(server.output).toContain('shade')
  })

  it('counts bare numbers as nanoseconds', async () => {
    const text = (port: number): string => json(port, { client: { insecure: true, ping_interval: 30_000_000_000 } })
    const server = await started({ file: { name: 'config.json', text } })
    expect(await (await openWebSocket(server)).connect()).toEqual({ id: 1, connect: { ...connectResult, ping: 30 } })
  })
})

describe('the environment', () => {
  it('wins over the file', async () => {
    const server = await started({
      config: { http_api: { key: 'of the file' }, client: { token: { hmac_secret_key: 'of the file' } } },
      env: {
        CENTRIFUGO_HTTP_API_KEY: API_KEY,
        CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY: 'wire-token-secret',
        CENTRIFUGO_CLIENT_PING_INTERVAL: '30s',
        CENTRIFUGO_CHANNEL_WITHOUT_NAMESPACE_ALLOW_SUBSCRIBE_FOR_CLIENT: 'true',
      },
    })
    const client = await openWebSocket(server)
    expect(await client.connect({ token: token({ sub: 'ann', exp: inSeconds(60) }) })).toEqual({
      id: 1,
      connect: { ...connectResult, ping: 30, expires: true, ttl: expect.any(Number) },
    })
    expect(await client.exchange({ id: 2, subscribe: { channel: 'a' } })).toEqual([{ id: 2, subscribe: {} }])
    expect(await server.publish('a', 1)).toEqual({})
  })

  it('may replace all namespaces', async () => {
    const server = await started({
      config: { channel: { namespaces: [{ name: 'old', allow_subscribe_for_client: true }] } },
      env: { CENTRIFUGO_CHANNEL_NAMESPACES: '[{"name":"new","allow_subscribe_for_client":true}]' },
    })
    expect(await subscribe(server, 'new:a')).toEqual({ id: 2, subscribe: {} })
    expect(await subscribe(server, 'old:a')).toEqual({ id: 2, error: errors.unknownChannel })
  })

  it('may add namespaces by name, for variables of their own to fill', async () => {
    const server = await started({
      config: { channel: { namespaces: [{ name: 'old', allow_subscribe_for_client: true }] } },
      env: {
        CENTRIFUGO_CHANNEL_NAMESPACES: 'new bare',
        CENTRIFUGO_CHANNEL_NAMESPACES_NEW_ALLOW_SUBSCRIBE_FOR_CLIENT: 'true',
      },
    })
    expect(await subscribe(server, 'old:a')).toEqual({ id: 2, subscribe: {} })
    expect(await subscribe(server, 'new:a')).toEqual({ id: 2, subscribe: {} })
    expect(await subscribe(server, 'bare:a')).toEqual({ id: 2, error: errors.permissionDenied })
  })

  it('may change one option of one namespace', async () => {
    const server = await started({
      config: { channel: { namespaces: [{ name: 'my-chat.v1' }, { name: 'other' }] } },
      env: { CENTRIFUGO_CHANNEL_NAMESPACES_MY_CHAT_V1_ALLOW_SUBSCRIBE_FOR_CLIENT: 'true' },
    })
    expect(await subscribe(server, 'my-chat.v1:a')).toEqual({ id: 2, subscribe: {} })
    expect(await subscribe(server, 'other:a')).toEqual({ id: 2, error: errors.permissionDenied })
  })

  it('writes lists with spaces', async () => {
    const server = await started({
      config: { client: { insecure: true } },
      env: { CENTRIFUGO_CLIENT_ALLOWED_ORIGINS: 'https://a.example https://b.example' },
    })
    await expect(openWebSocket(server, { headers: { Origin: 'https://b.example' } })).resolves.toBeDefined()
    await expect(openWebSocket(server, { headers: { Origin: 'https://c.example' } })).rejects.toThrow('403')
  })

  it('that cannot be read stops the start', async () => {
    const server = await prepareServer({ env: { CENTRIFUGO_CLIENT_CHANNEL_LIMIT: 'many' } })
    expect(await server.startRefused()).not.toBe(0)
  })
})

describe('the command line', () => {
  it('wins over the file and the environment', async () => {
    const elsewhere = await freePort()
    const server = await started({
      file: { name: 'config.json', text: () => json(elsewhere, { client: { insecure: true } }) },
      env: { CENTRIFUGO_HTTP_SERVER_PORT: String(elsewhere) },
      args: (port) => [inject('target').name === 'xshathra' ? '--port' : '--http_server.port', String(port)],
    })
    expect(await (await openWebSocket(server)).connect()).toEqual({ id: 1, connect: connectResult })
  })
})

describe('other ways in', () => {
  it('paths are where the configuration says, a slash at their end or not', async () => {
    const server = await started({
      config: {
        client: { insecure: true },
        websocket: { handler_prefix: '/live/' },
        http_api: { handler_prefix: '/manage' },
      },
    })
    const client = await openWebSocket(server, { path: '/live' })
    expect(await client.connect()).toEqual({ id: 1, connect: connectResult })
    await expect(openWebSocket(server)).rejects.toThrow('404')
    const response = await fetch(`${server.httpUrl}/manage/info`, {
      method: 'POST',
      body: '{}',
      headers: { 'X-API-Key': API_KEY },
    })
    expect(response.status).toBe(200)
  })

  it('the size of messages is where the configuration says', async () => {
    const server = await started({ config: { client: { insecure: true }, websocket: { message_size_limit: 1_000 } } })
    const client = await connectWebSocket(server)
    client.sendText(`{"id":2,"unsubscribe":{"channel":"${'x'.repeat(1_000)}"}}`)
    expect(await client.untilClosed()).toEqual([{ close: { code: 1009, reason: '' } }])
  })

  it('the API may be switched off', async () => {
    const server = await started({ config: { http_api: { disabled: true } } })
    expect((await server.apiResponse('info', '{}', { 'X-API-Key': API_KEY })).status).toBe(404)
  })

  it('metrics are served where they are enabled', async () => {
    const server = await started({ config: { client: { insecure: true }, prometheus: { enabled: true } } })
    await connectWebSocket(server)
    const metrics = await (await fetch(`${server.httpUrl}/metrics`)).text()
    for (const name of [
      'centrifugo_node_num_clients',
      'centrifugo_node_build',
      'centrifugo_client_connections_accepted',
    ]) {
      expect(metrics).toContain(name)
    }
  })

  it('a list of errors by HTTP status may be the default of the API', async () => {
    const server = await started({ config: { http_api: { error_mode: 'transport' } } })
    const response = await server.apiResponse('presence', '{"channel":"a"}', { 'X-API-Key': API_KEY })
    expect([response.status, await response.json()]).toEqual([400, errors.notAvailable])
  })

  it('rpc.ping answers with nothing', async () => {
    const server = await started({ config: { client: { insecure: true }, rpc: { ping: { enabled: true } } } })
    const client = await connectWebSocket(server)
    expect(await client.exchange({ id: 2, rpc: { method: 'ping' } }, { id: 3, rpc: { method: 'other' } })).toEqual([
      { id: 2, rpc: {} },
      { id: 3, error: { code: 104, message: 'method not found' } },
    ])
  })
})
