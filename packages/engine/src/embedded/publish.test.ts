import { describe, expect, it } from 'vitest'
import type { PublishAnswer } from '../tenancy.ts'
import { closedRules, openRules, PlainTenancy } from '../testing/plain-tenancy.ts'
import { createTestCore } from '../testing/test-core.ts'

describe("a client's publish", () => {
  it('[PB1] is refused by the first rule that fails, and then reaches nobody', async () => {
    const namespaces = {
      '': openRules,
      closed: closedRules,
      subscribers: { ...openRules, publish: { forClient: false, forSubscriber: true, forAnonymous: false } },
      object: { ...openRules, dataFormat: 'json_object' as const },
    }
    const test = await createTestCore({ namespaces })
    const client = await test.connect({ user: 'ada', limits: { messageBytes: 10 } })
    const codeOf = async (channel: string, more: object = {}) =>
      (await client.request({ publish: { channel, data: 1, ...more } })).error?.code
    expect(await codeOf('nowhere:a')).toBe(102)
    expect(await codeOf('ü')).toBe(107)
    expect(await codeOf('a', { type: 1 })).toBe(103)
    expect(await codeOf('object:a')).toBe(107)
    expect(await codeOf('a', { data: 'longer than ten' })).toBe(106)
    expect(await codeOf('closed:a')).toBe(103)
    expect(await codeOf('subscribers:a')).toBe(103)
    await client.subscribe('subscribers:a')
    expect(await codeOf('subscribers:a')).toBeUndefined()
    expect(test.seen.filter(({ kind }) => kind === 'publish')).toHaveLength(1)
  })

  it('[PB2] is what whoever is asked makes of it', async () => {
    class Asking extends PlainTenancy {
      answer: PublishAnswer = { kind: 'allowed' }
      authorizePublish = (): PublishAnswer => this.answer
    }
    const tenancy = new Asking({ '': { ...openRules, publishProxy: 'default' } })
    const test = await createTestCore({ tenancy })
    const client = await test.connect({ user: 'ada' })
    await client.subscribe('a')
    const publish = () => client.request({ publish: { channel: 'a', data: 1 } })
    await publish()
    tenancy.answer = { kind: 'allowed', data: Buffer.from('"other"'), tags: { by: 'proxy' } }
    await publish()
    expect(client.messages().map((message) => [message.push.pub.data, message.push.pub.tags])).toEqual([
      [1, undefined],
      ['other', { by: 'proxy' }],
    ])
    tenancy.answer = { kind: 'error', error: { code: 1000, message: 'no', temporary: false }, rule: 'test' }
    expect((await publish()).error).toEqual({ code: 1000, message: 'no' })
    expect(client.messages()).toEqual([])
  })

  it('[PB3] that a JSON subscriber cannot be told ends that subscriber with 3506, and serves the others', async () => {
    const test = await createTestCore()
    const reader = await test.connect()
    const bystander = await test.connect()
    await reader.subscribe('a')
    await test.core.api.publish('', { channel: 'a', data: Buffer.from([0xff]) })
    expect(reader.transport.closedWith?.code).toBe(3506)
    expect(bystander.transport.closedWith).toBeUndefined()
    expect(test.core.node()).toMatchObject({ numClients: 1, numChannels: 0, numSubs: 0 })
  })
})
