import { describe, expect, it } from 'vitest'
import { serverFrames } from '../testing/raw-client.ts'
import { emptyCloseFrame, encodeCloseFrame, encodeFrame, pingFrame } from './frame-writer.ts'

describe('encodeFrame', () => {
  it.each([
    [0, '8100'],
    [125, '817d'],
    [126, '817e007e'],
    [65_535, '817effff'],
    [65_536, '817f0000000000010000'],
  ])('writes the shortest header for %i bytes', (length, header) => {
    const frame = encodeFrame(0x81, Buffer.alloc(length, 'x'))
    expect(frame.toString('hex', 0, header.length / 2)).toBe(header)
    expect(serverFrames(frame)).toEqual([{ first: 0x81, payload: Buffer.alloc(length, 'x') }])
  })
})

describe('encodeCloseFrame', () => {
  it('carries code and reason', () => {
    expect(encodeCloseFrame(3501, 'bad request').toString('hex')).toBe(
      Buffer.concat([Buffer.from([0x88, 13, 0x0d, 0xad]), Buffer.from('bad request')]).toString('hex'),
    )
  })

  it('cuts a reason that is too long between characters', () => {
    const frame = encodeCloseFrame(3000, 'é'.repeat(100))
    expect(frame[1]).toBe(124)
    expect(frame.toString('utf8', 4)).toBe('é'.repeat(61))
  })

  it('answers a close without code, and pings, with empty payloads', () => {
    expect(emptyCloseFrame.toString('hex')).toBe('8800')
    expect(pingFrame.toString('hex')).toBe('8900')
  })
})
