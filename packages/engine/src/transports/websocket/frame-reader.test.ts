import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clientFrame } from '../testing/raw-client.ts'
import { FrameReader, type FrameSink } from './frame-reader.ts'

/** Writes down what a reader reports, one line each. */
class Recorder implements FrameSink {
  readonly seen: string[] = []
  onEach: () => void = () => {}

  onMessage(payload: Buffer, isCompressed: boolean): void {
    this.#note(`${isCompressed ? 'compressed' : 'message'} ${payload.toString('latin1')}`)
  }
  onPing(payload: Buffer): void {
    this.#note(`ping ${payload.toString('latin1')}`)
  }
  onPong(): void {
    this.#note('pong')
  }
  onCloseFrame(code: number): void {
    this.#note(`close ${code}`)
  }
  onFault(code: number, reason: string): void {
    this.#note(`fault ${code} ${reason}`.trim())
  }
  #note(line: string): void {
    this.seen.push(line)
    this.onEach()
  }
}

const read = (bytes: Buffer, mayCompress = false, maxBytes = 100): string[] => {
  const recorder = new Recorder()
  new FrameReader(maxBytes, mayCompress).push(Buffer.from(bytes), recorder)
  return recorder.seen
}

const code = (value: number, reason: string | Buffer = ''): Buffer =>
  Buffer.concat([Buffer.from([value >> 8, value & 0xff]), Buffer.from(reason)])

describe('FrameReader', () => {
  it.each([
    ['text', clientFrame(1, 'hi'), ['message hi']],
    ['binary', clientFrame(2, 'hi'), ['message hi']],
    ['an empty message', clientFrame(1), ['message']],
    [
      'several frames in one chunk',
      Buffer.concat([clientFrame(1, 'a'), clientFrame(9, 'b'), clientFrame(10)]),
      ['message a', 'ping b', 'pong'],
    ],
    [
      'fragments with a ping between them',
      Buffer.concat([
        clientFrame(1, 'a', { final: false }),
        clientFrame(9, 'p'),
        clientFrame(0, 'b', { final: false }),
        clientFrame(0, 'c'),
      ]),
      ['ping p', 'message abc'],
    ],
    [
      'a length said in more bytes than needed',
      Buffer.from([0x81, 0xfe, 0, 2, 0, 0, 0, 0, 0x68, 0x69]),
      ['message hi'],
    ],
    ['a close code', clientFrame(8, code(1000, 'bye')), ['close 1000']],
    ['a custom close code', clientFrame(8, code(3500)), ['close 3500']],
    ['a close frame without code', clientFrame(8), ['close 1005']],
    ['a close frame of one byte', clientFrame(8, 'x'), ['close 1005']],
  ])('[TR4] reads %s', (_name, bytes, expected) => {
    expect(read(bytes).map((line) => line.trim())).toEqual(expected)
  })

  it.each([
    ['an unmasked frame', clientFrame(1, 'a', { masked: false }), 'fault 1002 frame is not masked'],
    ['RSV1 without an agreement', clientFrame(1, 'a', { reserved: 4 }), 'fault 1002 reserved bit is set'],
    ['RSV2', clientFrame(1, 'a', { reserved: 2 }), 'fault 1002 reserved bit is set'],
    ['RSV3', clientFrame(1, 'a', { reserved: 1 }), 'fault 1002 reserved bit is set'],
    ['an unknown data opcode', clientFrame(3, 'a'), 'fault 1002 unknown opcode 3'],
    ['an unknown control opcode', clientFrame(11), 'fault 1002 unknown opcode 11'],
    ['a fragmented ping', clientFrame(9, 'a', { final: false }), 'fault 1002 control frame is fragmented'],
    ['a ping of 126 bytes', clientFrame(9, Buffer.alloc(126)), 'fault 1002 control frame is too long'],
    ['a continuation of nothing', clientFrame(0, 'a'), 'fault 1002 continuation of nothing'],
    [
      'a message inside a fragmented one',
      Buffer.concat([clientFrame(1, 'a', { final: false }), clientFrame(1, 'b')]),
      'fault 1002 new message inside a fragmented one',
    ],
    ['a reserved close code', clientFrame(8, code(1005)), 'fault 1002 bad close code 1005'],
    ['a close code of nobody', clientFrame(8, code(2000)), 'fault 1002 bad close code 2000'],
    [
      'a close reason that is no text',
      clientFrame(8, code(1000, Buffer.from([0xff]))),
      'fault 1002 close reason is not UTF-8',
    ],
    [
      'a length with its top bit set',
      Buffer.from([0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]),
      'fault 0 length out of range',
    ],
  ])('[TR5] refuses %s', (_name, bytes, expected) => {
    expect(read(bytes)).toEqual([expected])
  })

  it('[TR5] refuses a message above the limit by its header alone, also one made of fragments', () => {
    const whole = clientFrame(1, Buffer.alloc(101)).subarray(0, 8)
    const fragments = Buffer.concat([
      clientFrame(1, Buffer.alloc(60), { final: false }),
      clientFrame(0, Buffer.alloc(41)).subarray(0, 6),
    ])
    expect(read(whole)).toEqual(['fault 1009'])
    expect(read(fragments)).toEqual(['fault 1009'])
    expect(read(clientFrame(1, Buffer.alloc(100, 'a')))).toEqual([`message ${'a'.repeat(100)}`])
    expect(read(Buffer.from([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]))).toEqual([
      'fault 1009',
    ])
  })

  it('reads nothing behind a close frame or a fault', () => {
    expect(read(Buffer.concat([clientFrame(8), clientFrame(1, 'late')]))).toEqual(['close 1005'])
    expect(read(Buffer.concat([clientFrame(3), clientFrame(1, 'late')]))).toEqual(['fault 1002 unknown opcode 3'])
  })

  it('marks compressed messages where compression was agreed on, and allows the bit nowhere else', () => {
    const fragments = [clientFrame(1, 'a', { final: false, reserved: 4 }), clientFrame(0, 'b')]
    expect(read(clientFrame(1, 'a', { reserved: 4 }), true)).toEqual(['compressed a'])
    expect(read(Buffer.concat(fragments), true)).toEqual(['compressed ab'])
    expect(read(clientFrame(9, 'a', { reserved: 4 }), true)).toEqual(['fault 1002 reserved bit is set'])
  })

  it('reports nothing while it is held, and all of it in order afterwards', () => {
    const recorder = new Recorder()
    const reader = new FrameReader(100, false)
    recorder.onEach = () => reader.hold()
    reader.push(Buffer.concat([clientFrame(1, 'a'), clientFrame(1, 'b')]), recorder)
    reader.push(clientFrame(1, 'c'), recorder)
    expect(recorder.seen).toEqual(['message a'])
    reader.release(recorder)
    expect(recorder.seen).toEqual(['message a', 'message b'])
    recorder.onEach = () => {}
    reader.release(recorder)
    expect(recorder.seen).toEqual(['message a', 'message b', 'message c'])
  })

  it('goes on by itself when it is released from within a report', () => {
    const recorder = new Recorder()
    const reader = new FrameReader(100, false)
    recorder.onEach = () => {
      reader.hold()
      reader.release(recorder)
    }
    reader.push(Buffer.concat([clientFrame(1, 'a'), clientFrame(1, 'b')]), recorder)
    expect(recorder.seen).toEqual(['message a', 'message b'])
  })

  it('[TR4] reads the same from chunks cut anywhere, held or not, as a plain model does from the whole', () => {
    fc.assert(
      fc.property(
        fc.array(frames, { maxLength: 8 }),
        fc.array(fc.nat(300)),
        fc.infiniteStream(fc.boolean()),
        (sent, cuts, holds) => {
          const bytes = Buffer.concat(sent.flatMap(({ wire }) => wire))
          const recorder = new Recorder()
          const reader = new FrameReader(maxBytes, false)
          recorder.onEach = () => {
            if (holds.next().value) reader.hold()
          }
          for (const chunk of chunksOf(bytes, cuts)) {
            reader.push(chunk, recorder)
            reader.release(recorder)
          }
          while (reader.isHeld) reader.release(recorder)
          expect(recorder.seen).toEqual(modelOf(sent))
        },
      ),
    )
  })

  it('never throws and never reports more than one end, whatever bytes come', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
        const recorder = new Recorder()
        const reader = new FrameReader(50, true)
        for (const chunk of chunks) reader.push(Buffer.from(chunk), recorder)
        const ends = recorder.seen.filter((line) => line.startsWith('fault') || line.startsWith('close'))
        expect(ends.length).toBeLessThanOrEqual(1)
        if (ends.length > 0) expect(recorder.seen.at(-1)).toBe(ends[0])
      }),
    )
  })
})

const maxBytes = 300

interface Sent {
  readonly wire: readonly Buffer[]
  /** What a reader has to report of it, up to and with the fault it stops at. */
  readonly reports: readonly string[]
  readonly isLast: boolean
}

const ascii = fc.string({ maxLength: 200, unit: 'grapheme-ascii' })

const frames: fc.Arbitrary<Sent> = fc.oneof(
  { arbitrary: ascii.map((text) => sent([clientFrame(1, text)], [`message ${text}`])), weight: 5 },
  {
    arbitrary: fc
      .array(fc.string({ maxLength: 60, unit: 'grapheme-ascii' }), { minLength: 2, maxLength: 4 })
      .map((parts) =>
        sent(
          parts.flatMap((part, i) => [
            clientFrame(i === 0 ? 2 : 0, part, { final: i === parts.length - 1 }),
            ...(i < parts.length - 1 ? [clientFrame(9, `${i}`)] : []),
          ]),
          [...parts.slice(1).map((_, i) => `ping ${i}`), `message ${parts.join('')}`],
        ),
      ),
    weight: 3,
  },
  {
    arbitrary: fc
      .string({ maxLength: 30, unit: 'grapheme-ascii' })
      .map((text) => sent([clientFrame(9, text)], [`ping ${text}`])),
    weight: 2,
  },
  { arbitrary: fc.constant(sent([clientFrame(10, 'x')], ['pong'])), weight: 1 },
  { arbitrary: fc.constant(sent([clientFrame(8, code(4001))], ['close 4001'], true)), weight: 1 },
  { arbitrary: fc.constant(sent([clientFrame(1, Buffer.alloc(301))], ['fault 1009'], true)), weight: 1 },
)

function sent(wire: readonly Buffer[], reports: readonly string[], isLast = false): Sent {
  return { wire, reports, isLast }
}

const modelOf = (sents: readonly Sent[]): string[] => {
  const end = sents.findIndex(({ isLast }) => isLast)
  return (end < 0 ? sents : sents.slice(0, end + 1)).flatMap(({ reports }) => reports)
}

const chunksOf = (bytes: Buffer, cuts: readonly number[]): Buffer[] => {
  const chunks: Buffer[] = []
  let at = 0
  for (const cut of cuts) {
    if (at >= bytes.length) break
    chunks.push(Buffer.from(bytes.subarray(at, at + cut + 1)))
    at += cut + 1
  }
  if (at < bytes.length) chunks.push(Buffer.from(bytes.subarray(at)))
  return chunks
}
