import { describe, expect, it } from 'vitest'
import { delimitLine, delimitVarint } from './framing.ts'

describe('framing of streams', () => {
  it('ends a JSON message with a line feed', () => {
    expect(delimitLine(Buffer.from('{}')).toString()).toBe('{}\n')
  })

  it.each([
    [0, '00'],
    [1, '01'],
    [127, '7f'],
    [128, '8001'],
    [300, 'ac02'],
    [16_384, '808001'],
  ])('puts the length of a Protobuf message of %i bytes before it', (length, head) => {
    const framed = delimitVarint(Buffer.alloc(length, 'x'))
    expect(framed.toString('hex')).toBe(head + '78'.repeat(length))
  })
})
