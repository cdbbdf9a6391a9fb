import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Codec } from './codec.ts'
import { jsonCodec } from './json-codec.ts'
import type { Command } from './messages.ts'
import { protobufCodec } from './protobuf-codec.ts'
import { anyCommand, anyPush, anyReply } from './testing/arbitraries.ts'
import { decodeProtobuf, encodeProtobuf } from './testing/protobuf-schema.ts'
import { readAll } from './testing/read-all.ts'
import { commandToWire, type WireForm, type WireValue, wireToJson, withTextPayloads } from './testing/wire-form.ts'

const jsonFrame = (commands: readonly Command[]): Buffer =>
  Buffer.from(commands.map((command) => wireToJson(commandToWire(command))).join('\n'))

const protobufFrame = (commands: readonly Command[]): Buffer =>
  Buffer.concat(
    commands.map((command) => {
      const body = encodeProtobuf('Command', commandToWire(command))
      return Buffer.concat([varint(body.length), body])
    }),
  )

const varint = (value: number): Buffer =>
  value < 0x80 ? Buffer.of(value) : Buffer.concat([Buffer.of((value & 0x7f) | 0x80), varint(value >>> 7)])

const wireForms = (said: readonly (Command | 'malformed')[]): unknown[] =>
  said.map((command) => (command === 'malformed' ? command : withTextPayloads(commandToWire(command))))

describe('the two encodings', () => {
  it('read the same commands from what other encoders write', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { minLength: 1, maxLength: 4 }), (commands) => {
        const expected = wireForms(commands)
        expect(wireForms(readAll(jsonCodec, jsonFrame(commands)))).toEqual(expected)
        expect(wireForms(readAll(protobufCodec, protobufFrame(commands)))).toEqual(expected)
      }),
    )
  })

  it('write replies that other decoders take for the same', () => {
    fc.assert(
      fc.property(anyReply, (reply) => {
        const json = jsonCodec.encodeReply(reply)
        expect(comparable(parsed(json))).toEqual(comparable(decodeProtobuf('Reply', protobufCodec.encodeReply(reply))))
      }),
    )
  })

  it('write pushes that other decoders take for the same', () => {
    fc.assert(
      fc.property(anyPush, (push) => {
        const json = parsed(jsonCodec.encodePush(push))
        expect(comparable(json)).toEqual(comparable(decodeProtobuf('Reply', protobufCodec.encodePush(push))))
        const bareJson = parsed(jsonCodec.encodeBarePush(push))
        expect(json).toEqual({ push: bareJson })
        expect(comparable(bareJson)).toEqual(comparable(decodeProtobuf('Push', protobufCodec.encodeBarePush(push))))
      }),
    )
  })

  it('survive every truncation and mutation of a frame', () => {
    const mutation = fc.record({ at: fc.nat(), byte: fc.nat(255), kind: fc.constantFrom('set', 'drop', 'add', 'cut') })
    const frames = fc.array(anyCommand, { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(frames, fc.array(mutation, { minLength: 1, maxLength: 4 }), (commands, mutations) => {
        expectOrderlyEnd(jsonCodec, mutations.reduce(mutate, jsonFrame(commands)))
        expectOrderlyEnd(protobufCodec, mutations.reduce(mutate, protobufFrame(commands)))
      }),
      { numRuns: 500 },
    )
  })

  it('survive any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expectOrderlyEnd(jsonCodec, bytes)
        expectOrderlyEnd(protobufCodec, bytes)
      }),
      { numRuns: 500 },
    )
  })
})

const mutate = (frame: Buffer, mutation: { at: number; byte: number; kind: string }): Buffer => {
  const at = frame.length === 0 ? 0 : mutation.at % frame.length
  const byte = Buffer.of(mutation.byte)
  if (mutation.kind === 'cut') return frame.subarray(0, at)
  const rest = frame.subarray(mutation.kind === 'add' ? at : at + 1)
  return Buffer.concat([frame.subarray(0, at), mutation.kind === 'drop' ? Buffer.alloc(0) : byte, rest])
}

/** Commands, then the end or one `malformed`, and no payload that another subscriber's parser would choke on. */
const expectOrderlyEnd = (codec: Codec, frame: Uint8Array): void => {
  const said = readAll(codec, frame)
  const breakdown = said.indexOf('malformed')
  expect(breakdown === -1 || breakdown === said.length - 1).toBe(true)
  codec.readConnectRequest(frame)
  for (const command of said) {
    if (command === 'malformed' || codec.protocol === 'protobuf') continue
    JSON.parse(wireToJson(commandToWire(command)))
  }
}

const parsed = (json: Buffer): WireForm => {
  const line = json.toString()
  expect(line).not.toMatch(/[\r\n]/)
  return JSON.parse(line) as WireForm
}

const payloadNames = ['data', 'conn_info', 'chan_info']

/**
 * Levels out what the encodings differ in on purpose: payloads are values in JSON and bytes in Protobuf, and JSON sends
 * some zeros that Protobuf leaves out. Empty messages stay, for their presence means something.
 */
const comparable = (form: WireForm): WireForm => {
  const result: WireForm = Object.create(null)
  for (const [name, value] of Object.entries(form)) {
    const leveled = payloadNames.includes(name) ? JSON.stringify(payloadValue(value)) : comparableValue(value)
    if (leveled !== undefined) result[name] = leveled
  }
  return result
}

const payloadValue = (value: WireValue): unknown => (Buffer.isBuffer(value) ? JSON.parse(value.toString()) : value)

const comparableValue = (value: WireValue): WireValue | undefined => {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((item) => comparable(item as WireForm))
  if (typeof value === 'object') return comparable(value as WireForm)
  return value === '' || value === 0 || value === false ? undefined : value
}
