import { describe, expect, it } from 'vitest'
import { malformed } from './codec.ts'
import { protobufCodec } from './protobuf-codec.ts'
import { type FrameFixtures, loadFixture } from './testing/fixtures.ts'
import { decodeProtobuf, encodeProtobuf } from './testing/protobuf-schema.ts'
import { readAll } from './testing/read-all.ts'
import { commandToWire, pushFromFixture, replyFromFixture, withTextPayloads } from './testing/wire-form.ts'

const fixtures = loadFixture<FrameFixtures & { strictCommands: FrameFixtures['commands'] }>('frames-protobuf.json')

const read = (hex: string): unknown[] =>
  readAll(protobufCodec, Buffer.from(hex, 'hex')).map((said) =>
    said === 'malformed' ? said : withTextPayloads(commandToWire(said)),
  )

describe('Protobuf commands', () => {
  it.each([...fixtures.commands, ...fixtures.strictCommands])('$name', ({ frame, decoded }) => {
    expect(read(frame)).toEqual(decoded)
  })

  it('may nest filters a hundred levels, not more', () => {
    const nested = (depth: number): Buffer => {
      let filter: Buffer = Buffer.alloc(0)
      for (let level = 1; level < depth; level++) filter = lengthDelimited(6, filter)
      const command = lengthDelimited(5, lengthDelimited(13, filter))
      return Buffer.concat([varint(command.length + 2), Buffer.of(0x08, 0x01), command])
    }
    expect(readAll(protobufCodec, nested(100))).toMatchObject([{ kind: 'subscribe' }])
    expect(readAll(protobufCodec, nested(101))).toEqual(['malformed'])
    expect(readAll(protobufCodec, nested(5000))).toEqual(['malformed'])
  })

  it('keep a header called __proto__ a header', () => {
    const entry = Buffer.concat([lengthDelimited(1, Buffer.from('__proto__')), lengthDelimited(2, Buffer.from('x'))])
    const request = protobufCodec.readConnectRequest(lengthDelimited(6, entry))
    if (request === malformed) throw new Error('malformed')
    expect(Object.entries(request.headers)).toEqual([['__proto__', 'x']])
  })

  it('read U+FFFD where a client wrote it', () => {
    expect(protobufCodec.readConnectRequest(encodeProtobuf('ConnectRequest', { name: '\ufffd' }))).toMatchObject({
      name: '\ufffd',
    })
  })
})

describe('the request that opens a one-way Protobuf stream', () => {
  it('may ask for nothing', () => {
    expect(protobufCodec.readConnectRequest(Buffer.alloc(0))).toMatchObject({ token: '', name: '' })
  })

  it('comes without a length', () => {
    expect(protobufCodec.readConnectRequest(encodeProtobuf('ConnectRequest', { token: 't' }))).toMatchObject({
      token: 't',
    })
  })

  it('is malformed when it breaks off', () => {
    expect(protobufCodec.readConnectRequest(Buffer.from('0a05', 'hex'))).toBe(malformed)
  })
})

describe('Protobuf replies and pushes', () => {
  it.each(fixtures.replies)('reply: $name', ({ frame, decoded }) => {
    expect(protobufCodec.encodeReply(replyFromFixture(decoded)).toString('hex')).toBe(frame)
  })

  it.each(fixtures.pushes)('push: $name', ({ frame, decoded }) => {
    expect(protobufCodec.encodePush(pushFromFixture(decoded)).toString('hex')).toBe(frame)
  })

  it('say an empty presence by an empty result', () => {
    const reply = protobufCodec.encodeReply({ kind: 'presence', id: 5, result: new Map() })
    expect(decodeProtobuf('Reply', reply)).toEqual({ id: 5, presence: {} })
  })

  it.each([0, 1, 126, 127, 128, 129, 16_383, 16_384, 16_385, 20_000, 2_100_000])(
    'get the length of a payload of %i bytes right',
    (length) => {
      const data = Buffer.alloc(length, 'x')
      const push = protobufCodec.encodePush({
        kind: 'publication',
        channel: 'é'.repeat(60),
        publication: { data, offset: 1 },
      })
      const decoded = decodeProtobuf('Reply', push) as unknown as PublicationReply
      expect(decoded.push.channel).toBe('é'.repeat(60))
      expect(Buffer.compare(decoded.push.pub.data ?? Buffer.alloc(0), data)).toBe(0)
    },
  )

  it.each([2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 49 + 1, Number.MAX_SAFE_INTEGER])('carry the offset %i', (offset) => {
    const push = protobufCodec.encodeBarePush({
      kind: 'publication',
      channel: 'a',
      publication: { data: Buffer.from('1'), offset },
    })
    expect(decodeProtobuf('Push', push)).toMatchObject({ pub: { offset } })
  })

  it('carry any bytes as data', () => {
    const data = Buffer.from('00ff80', 'hex')
    const push = protobufCodec.encodeBarePush({ kind: 'message', data })
    expect(decodeProtobuf('Push', push)).toEqual({ message: { data } })
  })

  it('ping with nothing', () => {
    expect(protobufCodec.ping).toHaveLength(0)
  })
})

interface PublicationReply {
  readonly push: { readonly channel: string; readonly pub: { readonly data?: Uint8Array } }
}

const varint = (value: number): Buffer =>
  value < 0x80 ? Buffer.of(value) : Buffer.concat([Buffer.of((value & 0x7f) | 0x80), varint(value >>> 7)])

const lengthDelimited = (field: number, body: Buffer): Buffer =>
  Buffer.concat([varint(field * 8 + 2), varint(body.length), body])
