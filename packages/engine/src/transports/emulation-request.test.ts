import fc from 'fast-check'
import protobuf from 'protobufjs'
import { describe, expect, it } from 'vitest'
import { parseJsonEmulationRequest, parseProtobufEmulationRequest } from './emulation-request.ts'

const { root } = protobuf.parse(
  'syntax = "proto3"; message Posted { string node = 1; string session = 2; bytes data = 3; uint64 later = 4; }',
)
const Posted = root.lookupType('Posted')
const encode = (fields: Record<string, unknown>) => Buffer.from(Posted.encode(Posted.create(fields)).finish())

describe('parseJsonEmulationRequest', () => {
  const parse = (text: string) => parseJsonEmulationRequest(Buffer.from(text))

  it('takes data as a string of commands', () => {
    expect(parse('{"session":"s","node":"n","data":"{\\"id\\":1}\\n{}"}')).toEqual({
      session: 's',
      node: 'n',
      data: Buffer.from('{"id":1}\n{}'),
    })
  })

  it('takes what is missing for empty', () => {
    expect(parse('{}')).toEqual({ session: '', node: '', data: Buffer.alloc(0) })
  })

  it.each(['', '{', 'null', '1', '"a"', '{"session":1}', '{"data":{"id":1}}', '{"node":null}'])(
    'refuses %s',
    (text) => {
      expect(parse(text)).toBeUndefined()
    },
  )

  it('refuses what is not UTF-8', () => {
    expect(parseJsonEmulationRequest(Buffer.from([0x22, 0xff, 0x22]))).toBeUndefined()
  })
})

describe('parseProtobufEmulationRequest', () => {
  it('reads what another encoder wrote, unknown fields left out', () => {
    const text = fc.string({ maxLength: 300 })
    fc.assert(
      fc.property(text, text, fc.uint8Array({ maxLength: 300 }), fc.nat(), (node, session, data, later) => {
        expect(parseProtobufEmulationRequest(encode({ node, session, data, later }))).toEqual({
          node,
          session,
          data: Buffer.from(data),
        })
      }),
    )
  })

  it.each(['0a', '0a05ff', '0affffffffff', '08', '0880808080808080808080', '0b', '09ff', '0dff', 'ffffffffff'])(
    'refuses the malformed %s',
    (hex) => {
      expect(parseProtobufEmulationRequest(Buffer.from(hex, 'hex'))).toBeUndefined()
    },
  )

  it('never throws, whatever bytes come', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const parsed = parseProtobufEmulationRequest(Buffer.from(bytes))
        expect(parsed === undefined || typeof parsed.session === 'string').toBe(true)
      }),
    )
  })
})
