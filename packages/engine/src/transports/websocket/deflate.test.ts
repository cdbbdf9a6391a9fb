import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deflateMessage, inflateMessage, offersDeflate } from './deflate.ts'

describe('offersDeflate', () => {
  it.each([
    ['permessage-deflate', true],
    ['permessage-deflate; client_max_window_bits', true],
    ['x-other, Permessage-Deflate;server_max_window_bits=10', true],
    ['x-permessage-deflate', false],
    ['', false],
    [undefined, false],
  ])('looks for the extension by name in %j', (header, expected) => {
    expect(offersDeflate(header)).toBe(expected)
  })
})

describe('permessage-deflate', () => {
  it('restores every message', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 2000 }), fc.integer({ min: 1, max: 9 }), (bytes, level) => {
        expect(inflateMessage(deflateMessage(bytes, level), 2000)).toEqual(Buffer.from(bytes))
      }),
    )
  })

  it('leaves out the bytes that end every flushed block', () => {
    expect(deflateMessage(Buffer.from('hello'), 1).subarray(-4).toString('hex')).not.toBe('0000ffff')
  })

  it('[TR6] stops at the limit instead of unfolding a small message into a large one', () => {
    const bomb = deflateMessage(Buffer.alloc(1_000_000), 9)
    expect(bomb.length).toBeLessThan(2000)
    expect(inflateMessage(bomb, 10_000)).toBe('too-big')
  })

  it('tells corrupt bytes from a message', () => {
    expect(inflateMessage(Buffer.from('ffffffff', 'hex'), 100)).toBe('corrupt')
  })
})
