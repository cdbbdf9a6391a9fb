import { describe, expect, it } from 'vitest'
import { loadConfig } from './load-config.ts'
import { planReload, reloadConfig } from './reload.ts'

const load = (document: object) => {
  const config = loadConfig({ text: JSON.stringify(document), env: {} })
  if (!config.ok) throw new Error(JSON.stringify(config.problem))
  return config.value
}

describe('a reload', () => {
  it('[CF16] changes nothing where nothing changed', () => {
    expect(planReload(load({}), load({}))).toMatchObject({ changed: [], needsRestart: [] })
  })

  it('[CF16] takes over namespaces, tokens, limits, origins and proxies', () => {
    const before = { channel: { namespaces: [{ name: 'chat' }, { name: 'gone' }] } }
    const after = {
      channel: { namespaces: [{ name: 'chat', presence: true }, { name: 'news' }] },
      client: { token: { hmac_secret_key: 'new' }, channel_limit: 5, allowed_origins: ['*'] },
      proxies: [{ name: 'pp', endpoint: 'http://x' }],
    }
    const { config, changed, needsRestart } = planReload(load(before), load(after))
    expect(needsRestart).toEqual([])
    expect([...changed].sort()).toEqual([
      'channel.namespaces[chat]',
      'channel.namespaces[gone]',
      'channel.namespaces[news]',
      'client.allowed_origins',
      'client.channel_limit',
      'client.token.hmac_secret_key',
      'proxies[pp]',
    ])
    expect([...config.namespaces.namespaces.keys()]).toEqual(['chat', 'news'])
    expect(config.namespaces.rulesOf('chat')?.presence).toBe(true)
    expect(config.token.hmacSecretKey).toBe('new')
    expect(config.isOriginAllowed('http://x')).toBe(true)
  })

  it('[CF16] reports what needs a restart, and leaves it as it is', () => {
    const after = {
      http_server: { port: 9000 },
      sse: { enabled: true },
      client: { ping_interval: '30s', channel_limit: 5 },
      channel: { namespace_boundary: '/' },
      xshathra: { history: { durability: 'power' } },
    }
    const { config, changed, needsRestart } = planReload(load({}), load(after))
    expect(changed).toEqual(['client.channel_limit'])
    expect([...needsRestart].sort()).toEqual([
      'channel.namespace_boundary',
      'client.ping_interval',
      'http_server.port',
      'sse.enabled',
      'xshathra.history.durability',
    ])
    expect(config.httpServer.port).toBe(8000)
    expect(config.transports.sse.enabled).toBe(false)
    expect(config.client).toMatchObject({ pingIntervalMs: 25_000, channelLimit: 5 })
    expect([config.syntax.namespaceBoundary, config.xshathra.history.durability]).toEqual([':', 'process'])
  })

  it('[CF16] sees that entries only changed their order', () => {
    const [one, two] = [{ name: 'one' }, { name: 'two' }]
    const plan = planReload(
      load({ channel: { namespaces: [one, two] } }),
      load({ channel: { namespaces: [two, one] } }),
    )
    expect(plan.changed).toEqual(['channel.namespaces'])
  })

  it('[CF16] of what cannot be used tells every problem, and no plan', () => {
    const text = JSON.stringify({ client: { insecure: 'maybe' }, http_server: { port: 'abc' } })
    expect(reloadConfig(load({}), { text, env: {} })).toMatchObject({
      ok: false,
      problem: [{ path: 'client.insecure' }, { path: 'http_server.port' }],
    })
    expect(reloadConfig(load({}), { text: '{"client":{"insecure":true}}', env: {} })).toMatchObject({
      ok: true,
      value: { changed: ['client.insecure'] },
    })
  })
})
