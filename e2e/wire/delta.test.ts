import { applyDelta } from 'fossil-delta'
import { describe, expect, it } from 'vitest'
import type { Item } from './arrivals.ts'
import { differs } from './expectations.ts'
import { API_KEY, startServer } from './servers.ts'
import { token } from './tokens.ts'
import { connectWebSocket, openWebSocket, type WebSocketClient } from './web-socket-client.ts'

const history = { history_size: 20, history_ttl: '60s', force_recovery: true }
const fossil = { allowed_delta_types: ['fossil'] }
const server = await startServer({
  client: { insecure: true },
  channel: {
    namespaces: [
      { name: 'kept', ...history, ...fossil },
      { name: 'always', ...history, ...fossil, delta_publish: true },
      { name: 'bare', ...fossil, delta_publish: true },
      { name: 'refused', ...history, delta_publish: true },
      { name: 'tagged', ...history, ...fossil, delta_publish: true, allow_tags_filter: true },
    ],
  },
})

interface Pub {
  readonly data: unknown
  readonly delta?: boolean
  readonly offset?: number
}

const filler = 'the quick brown fox jumps over the lazy dog '.repeat(8)
const documentOf = (n: number): string => `{"n":${n},"filler":"${filler}"}`

/** Publishes JSON text as it stands. */
const publish = async (channel: string, text: string, options = ''): Promise<void> => {
  const response = await server.apiResponse('publish', `{"channel":"${channel}","data":${text}${options}}`, {
    'X-API-Key': API_KEY,
  })
  expect(await response.json()).toEqual({ result: expect.any(Object) })
}

const subscribe = async (channel: string, request: object = {}): Promise<[WebSocketClient, Item]> => {
  const client = await connectWebSocket(server)
  const [reply] = await client.exchange({ id: 2, subscribe: { channel, delta: 'fossil', ...request } })
  return [client, reply!.subscribe as Item]
}

const pubs = async (client: WebSocketClient): Promise<Pub[]> =>
  (await client.received()).map(({ push }) => (push as { pub: Pub }).pub)

/** The texts that a delta subscriber reads, each a patch of the one before where it says so. */
const decode = (publications: readonly Pub[], before = ''): string[] => {
  let text = before
  return publications.map(({ data, delta }) => {
    const bytes = Buffer.from(data as string)
    text = delta ? Buffer.from(applyDelta(Buffer.from(text), bytes) as Uint8Array).toString() : bytes.toString()
    return text
  })
}

const isDelta = (publications: readonly Pub[]): boolean[] => publications.map(({ delta = false }) => delta)

describe('the subscribe reply', () => {
  it.each([
    { channel: 'kept:a', delta: true },
    { channel: 'bare:a', delta: true },
    { channel: 'refused:a', delta: undefined },
  ])('of $channel says delta: $delta', async ({ channel, delta }) => {
    const [, reply] = await subscribe(channel)
    expect(reply.delta).toBe(delta)
  })
})

it('a server-side subscription reads patches where the connect command asks for them', async () => {
  const client = await openWebSocket(server)
  const subs = { 'always:subs': { delta: 'fossil' } }
  const reply = await client.connect({ token: token({ sub: 'ann', channels: ['always:subs'] }), subs })
  expect((reply.connect as { subs: object }).subs).toEqual({
    'always:subs': { recoverable: true, positioned: true, epoch: expect.any(String), delta: true },
  })
  for (const n of [1, 2]) await publish('always:subs', documentOf(n))
  expect(isDelta(await pubs(client))).toEqual([false, true])
})

describe('publications with delta', () => {
  it('are whole at first and patches of the one before from then on', async () => {
    const [client] = await subscribe('always:a')
    const texts = [1, 2, 3].map(documentOf)
    for (const text of texts) await publish('always:a', text)
    const received = await pubs(client)
    expect(isDelta(received)).toEqual([false, true, true])
    expect(decode(received)).toEqual(texts)
    expect(received[1]).toEqual({ data: expect.any(String), delta: true, offset: 2 })
    expect((received[1]!.data as string).length).toBeLessThan(60)
  })

  it('are whole, and strings, where the patch is not shorter', async () => {
    const [client] = await subscribe('always:b')
    for (const text of ['{"a":1}', '[2]', 'null']) await publish('always:b', text)
    expect(await pubs(client)).toEqual([
      { data: '{"a":1}', offset: 1 },
      { data: '[2]', offset: 2 },
      { data: 'null', offset: 3 },
    ])
  })

  it('are asked for by the publisher where the namespace does not always make them', async () => {
    const [client] = await subscribe('kept:asked')
    const texts = [1, 2, 3, 4].map(documentOf)
    await publish('kept:asked', texts[0]!, ',"delta":true')
    await publish('kept:asked', texts[1]!, ',"delta":true')
    await publish('kept:asked', texts[2]!)
    await publish('kept:asked', texts[3]!, ',"delta":true')
    const received = await pubs(client)
    expect(isDelta(received)).toEqual([false, true, false, true])
    expect(decode(received)).toEqual(texts)
  })

  it('are whole without history', async () => {
    const [client] = await subscribe('bare:a')
    await publish('bare:a', documentOf(1))
    await publish('bare:a', documentOf(2))
    expect(await pubs(client)).toEqual([{ data: documentOf(1) }, { data: documentOf(2) }])
  })

  it('reach those who did not ask for patches as ever', async () => {
    const plain = await connectWebSocket(server)
    await plain.exchange({ id: 2, subscribe: { channel: 'always:plain' } })
    await publish('always:plain', '{"a":1}')
    await publish('always:plain', '{"a":2}')
    expect((await pubs(plain)).map(({ data }) => data)).toEqual([{ a: 1 }, { a: 2 }])
  })

  it('are made against the stream, not against what this subscriber has seen', async () => {
    await publish('always:late', documentOf(1))
    const [client] = await subscribe('always:late')
    const texts = [documentOf(2), documentOf(3)]
    for (const text of texts) await publish('always:late', text)
    const received = await pubs(client)
    expect(isDelta(received)).toEqual([false, true])
    expect(decode(received)).toEqual(texts)
  })

  it('keep the bytes of the publisher, newlines among them', async () => {
    const [client] = await subscribe('always:bytes')
    const texts = [`{\n  "n" : 1.0,\n "f": "${filler}" }`, `{\n  "n" : 2.0,\n "f": "${filler}" }`]
    for (const text of texts) await publish('always:bytes', text)
    const received = await pubs(client)
    expect(isDelta(received)).toEqual([false, true])
    expect(decode(received)).toEqual(texts)
  })

  it('stay whole characters with ours when characters of several bytes change', async () => {
    const [client] = await subscribe('always:utf8')
    const texts = ['ä', 'ö', '日', '本', '😀', '😁'].map((sign) => `{"f":"${filler}${sign}${filler}"}`)
    for (const text of texts) await publish('always:utf8', text)
    const received = await pubs(client)
    const read = (): string[] | string => {
      try {
        return decode(received)
      } catch {
        return 'broken'
      }
    }
    expect(read()).toEqual(
      differs<unknown>({
        xshathra: texts,
        centrifugo: 'broken',
        because: 'a patch that cuts a character in two cannot travel in a JSON string',
      }),
    )
  })

  it('keep tags', async () => {
    const [client] = await subscribe('always:tags')
    await publish('always:tags', documentOf(1), ',"tags":{"a":"b"}')
    await publish('always:tags', documentOf(2), ',"tags":{"c":"d"}')
    const received = await pubs(client)
    expect(received[0]).toEqual({ data: documentOf(1), offset: 1, tags: { a: 'b' } })
    expect(received[1]).toEqual({ data: expect.any(String), offset: 2, tags: { c: 'd' }, delta: true })
  })

  it('are bytes on Protobuf connections', async () => {
    const client = await connectWebSocket(server, {}, { subprotocols: ['centrifuge-protobuf'], encoding: 'protobuf' })
    await client.exchange({ id: 2, subscribe: { channel: 'always:proto', delta: 'fossil' } })
    await publish('always:proto', documentOf(1))
    await publish('always:proto', documentOf(2))
    const [first, second] = await pubs(client)
    expect(Buffer.from(first!.data as number[]).toString()).toBe(documentOf(1))
    expect(second!.delta).toBe(true)
    const patched = applyDelta(Buffer.from(documentOf(1)), Buffer.from(second!.data as number[]))
    expect(Buffer.from(patched as Uint8Array).toString()).toBe(documentOf(2))
  })
})

describe('recovery with delta', () => {
  it('gives the first whole and each next as a patch, and the live stream goes on with patches', async () => {
    const texts = [1, 2, 3, 4, 5].map(documentOf)
    for (const text of texts.slice(0, 4)) await publish('always:recovered', text)
    const [client, reply] = await subscribe('always:recovered', { recover: true, offset: 1 })
    const recovered = reply.publications as Pub[]
    expect(reply).toEqual({
      recoverable: true,
      positioned: true,
      epoch: expect.any(String),
      offset: 1,
      recovered: true,
      was_recovering: true,
      delta: true,
      publications: [
        { data: texts[1], offset: 2 },
        { data: expect.any(String), offset: 3, delta: true },
        { data: expect.any(String), offset: 4, delta: true },
      ],
    })
    expect(decode(recovered)).toEqual(texts.slice(1, 4))
    await publish('always:recovered', texts[4]!)
    const live = await pubs(client)
    expect(isDelta(live)).toEqual([true])
    expect(decode(live, texts[3])).toEqual([texts[4]])
  })

  it('of nothing goes on with a patch of what the client has', async () => {
    await publish('always:nothing', documentOf(1))
    const [client] = await subscribe('always:nothing', { recover: true, offset: 1 })
    await publish('always:nothing', documentOf(2))
    const live = await pubs(client)
    expect(isDelta(live)).toEqual([true])
    expect(decode(live, documentOf(1))).toEqual([documentOf(2)])
  })

  it('that fails begins with a whole publication', async () => {
    await publish('always:failed', documentOf(1))
    const [client] = await subscribe('always:failed', { recover: true, offset: 1, epoch: 'other' })
    await publish('always:failed', documentOf(2))
    await publish('always:failed', documentOf(3))
    expect(isDelta(await pubs(client))).toEqual([false, true])
  })
})

describe('elsewhere', () => {
  it('history is never a patch and never a string', async () => {
    await publish('always:history', '{"a":1}')
    const [client] = await subscribe('always:history')
    const [reply] = await client.exchange({ id: 3, history: { channel: 'always:history', limit: 10 } })
    expect(reply).toEqual({
      id: 3,
      history: {
        publications: [{ data: { a: 1 }, offset: 1, epoch: expect.any(String) }],
        epoch: expect.any(String),
        offset: 1,
      },
    })
  })
})
