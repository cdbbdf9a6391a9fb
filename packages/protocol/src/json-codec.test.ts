import { describe, expect, it } from 'vitest'
import { InappropriatePayload, malformed } from './codec.ts'
import { jsonCodec } from './json-codec.ts'
import type { DeliveredPublication, Push } from './messages.ts'
import { type FrameFixtures, loadFixture } from './testing/fixtures.ts'
import { readAll } from './testing/read-all.ts'
import { commandToWire, pushFromFixture, replyFromFixture, withTextPayloads } from './testing/wire-form.ts'

const fixtures = loadFixture<FrameFixtures & { strictCommands: FrameFixtures['commands'] }>('frames-json.json')

const read = (frame: string | Buffer): unknown[] =>
  readAll(jsonCodec, Buffer.from(frame)).map((said) =>
    said === 'malformed' ? said : withTextPayloads(commandToWire(said)),
  )

const publicationPush = (publication: Partial<DeliveredPublication>): Push => ({
  kind: 'publication',
  channel: 'a',
  publication: { data: Buffer.from('1'), offset: 0, ...publication },
})

const encoded = (push: Push): string => jsonCodec.encodePush(push).toString()

describe('JSON commands', () => {
  it.each([...fixtures.commands, ...fixtures.strictCommands])('$name', ({ frame, decoded }) => {
    expect(read(frame)).toEqual(decoded)
  })

  it('are carried out up to a line that is not UTF-8', () => {
    const bad = Buffer.concat([Buffer.from('{}\n{"id":1,"rpc":{"data":"'), Buffer.of(0xff), Buffer.from('"}}')])
    expect(read(bad)).toEqual([{}, 'malformed'])
  })

  it('are refused for bytes that are not UTF-8 in keys and values nobody reads', () => {
    const bad = Buffer.concat([Buffer.from('{"x":"'), Buffer.of(0xc0, 0x80), Buffer.from('"}')])
    expect(read(bad)).toEqual(['malformed'])
  })

  it('may nest payloads a thousand levels, not more', () => {
    const nested = (depth: number) => `{"id":1,"rpc":{"data":${'['.repeat(depth)}${']'.repeat(depth)}}}`
    expect(read(nested(1000))).not.toContain('malformed')
    expect(read(nested(1001))).toEqual(['malformed'])
    expect(read('['.repeat(60_000))).toEqual(['malformed'])
    expect(read('{"a":'.repeat(10_000))).toEqual(['malformed'])
  })

  it('may nest filters a hundred levels, not more', () => {
    const nested = (depth: number) =>
      `{"id":1,"subscribe":{"tf":${'{"nodes":['.repeat(depth - 1)}{}${']}'.repeat(depth - 1)}}}`
    expect(read(nested(100))).not.toContain('malformed')
    expect(read(nested(101))).toEqual(['malformed'])
  })

  it('give payloads as views into the frame', () => {
    const frame = Buffer.from('{"id":1,"rpc":{"data":{"a":1}}}')
    const [command] = readAll(jsonCodec, frame)
    if (command === undefined || command === 'malformed' || command.kind !== 'rpc') throw new Error('not an RPC')
    expect(command.request.data?.buffer).toBe(frame.buffer)
  })

  it('keep a header called __proto__ a header', () => {
    const [command] = readAll(jsonCodec, Buffer.from('{"id":1,"connect":{"headers":{"__proto__":"x"}}}'))
    if (command === undefined || command === 'malformed' || command.kind !== 'connect') throw new Error('not a connect')
    expect(Object.entries(command.request.headers)).toEqual([['__proto__', 'x']])
  })

  it('are read from any view of bytes', () => {
    const bytes = new Uint8Array(Buffer.from('xx{"id":7}'))
    expect(readAll(jsonCodec, bytes.subarray(2))).toEqual([{ kind: 'unknown', id: 7 }])
  })
})

describe('the request that opens a one-way JSON stream', () => {
  it.each(['', 'null', '{}', ' {}\n'])('may ask for nothing: %j', (frame) => {
    expect(jsonCodec.readConnectRequest(Buffer.from(frame))).toMatchObject({ token: '', name: '' })
  })

  it('may stretch over lines', () => {
    expect(jsonCodec.readConnectRequest(Buffer.from('{\n"token":\r\n"t"}'))).toMatchObject({ token: 't' })
  })

  it.each(['[]', '{} {}', '{"token":1}', ' ', '{'])('is malformed: %j', (frame) => {
    expect(jsonCodec.readConnectRequest(Buffer.from(frame))).toBe(malformed)
  })
})

describe('JSON replies and pushes', () => {
  it.each(fixtures.replies)('reply: $name', ({ frame, decoded }) => {
    expect(jsonCodec.encodeReply(replyFromFixture(decoded)).toString()).toBe(frame)
  })

  it.each(fixtures.pushes)('push: $name', ({ frame, decoded }) => {
    expect(encoded(pushFromFixture(decoded))).toBe(frame)
  })

  it.each(fixtures.barePushes)('bare push: $name', ({ frame, decoded }) => {
    expect(jsonCodec.encodeBarePush(pushFromFixture(decoded)).toString()).toBe(frame)
  })

  it('name an empty presence', () => {
    expect(jsonCodec.encodeReply({ kind: 'presence', id: 5, result: new Map() }).toString()).toBe(
      '{"id":5,"presence":{"presence":{}}}',
    )
  })

  it('take line breaks between tokens out of payloads, and nothing else', () => {
    const data = Buffer.from('{\r\n\t"a" : "\\n"\n}')
    expect(encoded(publicationPush({ data }))).toBe('{"push":{"channel":"a","pub":{"data":{\t"a" : "\\n"}}}}')
  })

  it('refuse payloads that are not JSON in UTF-8', () => {
    for (const data of ['nope', '{"a":1', '1 2', '"\u0001"', Buffer.of(0x22, 0xff, 0x22)]) {
      expect(() => encoded(publicationPush({ data: Buffer.from(data) }))).toThrow(InappropriatePayload)
    }
    const info = { user: '', client: '', connInfo: Buffer.from('x') }
    expect(() => encoded(publicationPush({ info }))).toThrow(InappropriatePayload)
  })

  it('go on unharmed after a message that was refused', () => {
    expect(() => encoded(publicationPush({ data: Buffer.from('nope') }))).toThrow(InappropriatePayload)
    expect(encoded({ kind: 'refresh', expires: true, ttl: 1 })).toBe('{"push":{"refresh":{"expires":true,"ttl":1}}}')
  })

  it('trust whoever says that a payload is JSON', () => {
    expect(encoded(publicationPush({ data: Buffer.from('1'), isJson: true }))).toContain('"data":1}')
  })

  it('carry the text of a payload in a string, line breaks and all', () => {
    const data = Buffer.from('{"a":\n"<é\u2028"}')
    expect(encoded(publicationPush({ data, asString: true }))).toBe(
      '{"push":{"channel":"a","pub":{"data":"{\\"a\\":\\n\\"\\u003cé\\u2028\\"}"}}}',
    )
  })

  it('carry a patch in a string without looking for JSON in it, but never what is not UTF-8', () => {
    const patch = { data: Buffer.from('7\n6@0,:;'), asString: true, delta: true }
    expect(encoded(publicationPush(patch))).toContain('"data":"7\\n6@0,:;","delta":true')
    expect(() => encoded(publicationPush({ ...patch, data: Buffer.of(0xff) }))).toThrow(InappropriatePayload)
    expect(() => encoded(publicationPush({ data: patch.data, asString: true }))).toThrow(InappropriatePayload)
  })

  it('escape what strings must not hold', () => {
    const reason = '"\\\u0000\u001f\n</script>&\u2028\u2029 \ud83d\ude00'
    const push = encoded({ kind: 'disconnect', code: 4000, reason })
    expect(JSON.parse(push).push.disconnect.reason).toBe(reason)
    expect(push).not.toMatch(/[<>&\u2028\u2029]/)
    expect(JSON.parse(encoded({ kind: 'disconnect', code: 4000, reason: 'a\ud800b' })).push.disconnect.reason).toBe(
      'a\ufffdb',
    )
  })

  it('grow with what they carry', () => {
    const text = `é"${'x'.repeat(3_000_000)}`
    const push = encoded({ kind: 'disconnect', code: 4000, reason: text })
    expect(JSON.parse(push).push.disconnect.reason).toBe(text)
  })

  it('answer a ping with an empty object', () => {
    expect(jsonCodec.ping.toString()).toBe('{}')
  })
})
