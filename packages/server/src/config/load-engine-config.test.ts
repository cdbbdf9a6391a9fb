import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadEngineConfig } from './load-engine-config.ts'

const shipped = join(import.meta.dirname, '../../../../centrifugo/config.json')

interface Document {
  client: Record<string, unknown>
  channel: {
    namespaces: { name: string }[]
    proxy: { subscribe: object }
  }
  [section: string]: unknown
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'xshathra-config-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Reads the shipped file with a change made to it. */
const loadChanged = (change: (document: Document) => void) => {
  const document = JSON.parse(readFileSync(shipped, 'utf8')) as Document
  change(document)
  const file = join(folder, 'config.json')
  writeFileSync(file, JSON.stringify(document))
  return loadEngineConfig(file, {})
}

const pathsRefused = (change: (document: Document) => void) => {
  const loaded = loadChanged(change)
  return loaded.ok ? [] : loaded.problem.map(({ path }) => path)
}

const inNamespace = (name: string, options: object) => (document: Document) => {
  Object.assign(document.channel.namespaces.find((each) => each.name === name) ?? {}, options)
}

describe('the configuration file that we ship', () => {
  it('is good as it is, without any variable, and nothing in it is passed over', () => {
    const loaded = loadEngineConfig(shipped, {})
    expect(loaded.ok && loaded.value.warnings).toEqual([])
  })

  it('opens every transport', () => {
    const loaded = loadEngineConfig(shipped, {})
    if (!loaded.ok) throw new Error('refused')
    const { websocket, httpStream, sse, uniWebsocket, uniHttpStream, uniSse } = loaded.value.transports
    const all = [websocket, httpStream, sse, uniWebsocket, uniHttpStream, uniSse]
    expect(all.map(({ enabled }) => enabled)).toEqual([true, true, true, true, true, true])
  })

  it('gives people who paste a connect frame the time to do so', () => {
    const loaded = loadEngineConfig(shipped, {})
    expect(loaded.ok && loaded.value.client.staleCloseDelayMs).toBe(30_000)
  })
})

describe('a configuration file that leads past the projects', () => {
  it.each<[string, (document: Document) => void]>([
    ['client.insecure', ({ client }) => Object.assign(client, { insecure: true })],
    [
      'client.insecure_skip_token_signature_verify',
      ({ client }) => Object.assign(client, { insecure_skip_token_signature_verify: true }),
    ],
    [
      'client.allow_anonymous_connect_without_token',
      ({ client }) => Object.assign(client, { allow_anonymous_connect_without_token: true }),
    ],
    ['client.user_id_http_header', ({ client }) => Object.assign(client, { user_id_http_header: 'X-User' })],
    [
      'client.subscribe_to_user_personal_channel.enabled',
      ({ client }) => Object.assign(client, { subscribe_to_user_personal_channel: { enabled: true } }),
    ],
    ['http_api.insecure', (document) => Object.assign(document, { http_api: { insecure: true } })],
    [
      'client.token.jwks_public_endpoint',
      ({ client }) => Object.assign(client, { token: { jwks_public_endpoint: 'https://id.example.com/jwks' } }),
    ],
    ['client.token.audience', ({ client }) => Object.assign(client, { token: { audience: 'realtime' } })],
    ['channel.user_separator', ({ channel }) => Object.assign(channel, { user_separator: ';' })],
    [
      'client.proxy.connect.endpoint',
      ({ client }) =>
        Object.assign(client, { proxy: { connect: { enabled: true, endpoint: 'http://backend/connect' } } }),
    ],
    [
      'channel.proxy.subscribe.endpoint',
      ({ channel }) => Object.assign(channel.proxy.subscribe, { endpoint: 'http://backend/subscribe' }),
    ],
    [
      'channel.namespaces[public].allow_subscribe_for_client',
      inNamespace('public', { subscribe_proxy_enabled: false, allow_subscribe_for_anonymous: false }),
    ],
    ['channel.namespaces[proto].allow_publish_for_subscriber', inNamespace('proto', { publish_proxy_enabled: false })],
    ['channel.namespaces[chat].allow_history_for_client', inNamespace('chat', { allow_history_for_client: true })],
    ['channel.namespaces[user].channel_regex', inNamespace('user', { channel_regex: '' })],
    [
      'channel.without_namespace.allow_subscribe_for_client',
      ({ channel }) => Object.assign(channel, { without_namespace: { allow_subscribe_for_client: true } }),
    ],
  ])('is refused by the path %s', (path, change) => {
    expect(pathsRefused(change)).toEqual([path])
  })

  it('may ask us under another host', () => {
    const endpoint = 'https://realtime.internal/api/internal/centrifugo/connect'
    const change = ({ client }: Document) => Object.assign(client, { proxy: { connect: { enabled: true, endpoint } } })
    expect(pathsRefused(change)).toEqual([])
  })
})
