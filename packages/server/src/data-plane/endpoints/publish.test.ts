import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readJsonBody } from '../json-body.ts'
import { publishBody, readQuickPublish } from './publish.ts'

const bySchema = (body: Buffer) => {
  const read = readJsonBody(body, publishBody)
  if (!read.ok) return undefined
  const { channel, tags, idempotencyKey, skipHistory, delta } = read.value.body
  return { channel, tags, idempotencyKey, skipHistory, delta, data: read.value.raw.member('data')?.toString() }
}

const quickly = (body: Buffer) => {
  const read = readQuickPublish(body)
  if (!read) return undefined
  const { tags, idempotencyKey, skipHistory, delta, data } = read.fields
  return { channel: read.channel, tags, idempotencyKey, skipHistory, delta, data: data.toString() }
}

const text = fc.oneof(fc.string(), fc.constantFrom('', 'chat:x', '\ud800', '\ufffd', '__proto__', 'x'.repeat(256)))
const anything = fc.oneof(text, fc.jsonValue(), fc.boolean(), fc.constant(null))
const body = fc
  .record(
    {
      channel: fc.oneof(text, anything),
      data: fc.jsonValue(),
      tags: fc.oneof(fc.dictionary(text, fc.oneof(text, anything), { maxKeys: 40 }), anything),
      idempotencyKey: fc.oneof(text, anything),
      skipHistory: fc.oneof(fc.boolean(), anything),
      delta: fc.oneof(fc.boolean(), anything),
      other: anything,
    },
    { requiredKeys: ['channel', 'data'] },
  )
  .map((value) => Buffer.from(JSON.stringify(value)))

describe('the quick way to read a publish', () => {
  it('takes nothing that the schema refuses, and reads the same', () => {
    fc.assert(
      fc.property(body, (bytes) => {
        const quick = quickly(bytes)
        if (quick) expect(quick).toEqual(bySchema(bytes))
      }),
      { numRuns: 3000 },
    )
  })

  it('takes nothing of a body that was cut, joined or filled with noise', () => {
    fc.assert(
      fc.property(body, fc.nat(200), fc.uint8Array({ maxLength: 3 }), (bytes, at, noise) => {
        const broken = Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)])
        const quick = quickly(broken)
        if (quick) expect(quick).toEqual(bySchema(broken))
      }),
      { numRuns: 3000 },
    )
  })

  it('is taken for the usual publish, whatever the order and spelling', () => {
    const bodies = [
      '{"channel":"chat:x","data":{"a":[1.0]}}',
      ' { "data" : null , "ch\\u0061nnel" : "chat:x" } ',
      '{"channel":"a","channel":"chat:x","data":1,"tags":{"a":"b"},"idempotencyKey":"k","skipHistory":true,"delta":false}',
    ]
    for (const each of bodies) {
      expect(quickly(Buffer.from(each))).toEqual(bySchema(Buffer.from(each)))
      expect(quickly(Buffer.from(each))?.channel).toBe('chat:x')
    }
  })
})
