import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFrameForms } from './frame-forms.ts'
import { serverFrames } from './testing/raw-client.ts'
import { inflateMessage } from './websocket/deflate.ts'

const forms = createFrameForms()
const hello = Buffer.from('{"id":1}')

describe('frame forms', () => {
  it.each([
    ['jsonWebSocket', '81087b226964223a317d'],
    ['protobufWebSocket', '8209087b226964223a317d'],
    ['bareWebSocket', '81087b226964223a317d'],
  ] as const)('%s puts a WebSocket frame around a message', (name, hex) => {
    expect(forms[name].frame(hello).toString('hex')).toBe(hex)
  })

  it.each([
    ['jsonLines', '{"id":1}\n'],
    ['bareLines', '{"id":1}\n'],
    ['protobufDelimited', '\b{"id":1}'],
    ['sseBlocks', 'data: {"id":1}\n\n'],
    ['bareSseBlocks', 'data: {"id":1}\n\n'],
  ] as const)('%s delimits a message', (name, text) => {
    expect(forms[name].frame(hello).toString()).toBe(text)
  })

  it('carry the empty Protobuf message, a ping, as one zero byte', () => {
    expect(forms.protobufWebSocket.frame(forms.protobufWebSocket.codec.ping).toString('hex')).toBe('820100')
    expect(forms.protobufDelimited.frame(Buffer.alloc(0)).toString('hex')).toBe('00')
  })

  it('compress what is long enough, each message for itself', () => {
    const compressing = createFrameForms({ websocket: { level: 6, minBytes: 20 } })
    fc.assert(
      fc.property(fc.string({ maxLength: 400 }), (text) => {
        const body = Buffer.from(text)
        const [frame] = serverFrames(compressing.compressedJsonWebSocket.frame(body))
        expect(frame?.first).toBe(body.length < 20 ? 0x81 : 0xc1)
        const restored = body.length < 20 ? frame?.payload : inflateMessage(frame?.payload as Buffer, 10_000)
        expect(restored).toEqual(body)
      }),
    )
  })

  it('compress as the endpoint of their streams says', () => {
    const compressing = createFrameForms({
      websocket: { level: 9, minBytes: 20 },
      uniWebsocket: { level: 1, minBytes: 5 },
    })
    const firstBytes = [compressing.compressedJsonWebSocket, compressing.compressedBareWebSocket].map(
      (form) => form.frame(hello)[0],
    )
    expect(firstBytes).toEqual([0x81, 0xc1])
  })
})
