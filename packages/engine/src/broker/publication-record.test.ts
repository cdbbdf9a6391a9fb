import type { Publication } from '@xshathra/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { readPublication, writePublication } from './publication-record.ts'

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const text = fc.string({ unit: 'grapheme', maxLength: 20 })
const maybe = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined })

const publications: fc.Arbitrary<Publication> = fc.record({
  data: bytes,
  isJson: maybe(fc.boolean()),
  offset: fc.constant(2),
  epoch: fc.constant(undefined),
  info: maybe(fc.record({ user: text, client: text, connInfo: maybe(bytes), chanInfo: maybe(bytes) })),
  tags: maybe(
    fc.array(fc.tuple(fc.oneof(text, fc.constant('__proto__')), text)).map((entries) => Object.fromEntries(entries)),
  ),
  version: maybe(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
})

describe('the record of a publication', () => {
  it('[BR11] is read back as it was written, one after the other', () => {
    fc.assert(
      fc.property(fc.array(publications), (written) => {
        const writer = new ByteWriter(1)
        for (const publication of written) writePublication(writer, publication)
        const reader = new ByteReader(writer.take())
        expect(written.map(() => readPublication(reader, 2, 'epoch'))).toEqual(written)
        expect(reader.atEnd).toBe(true)
      }),
    )
  })

  it('tells the epoch at offset 1 only, and throws where it is cut short', () => {
    const writer = new ByteWriter()
    writePublication(writer, { data: Buffer.from('abc'), offset: 1 })
    const record = writer.take()
    expect(readPublication(new ByteReader(record), 1, 'epoch').epoch).toBe('epoch')
    expect(readPublication(new ByteReader(record), 2, 'epoch').epoch).toBeUndefined()
    for (let length = 0; length < record.byteLength; length += 1) {
      expect(() => readPublication(new ByteReader(record.subarray(0, length)), 1, 'epoch')).toThrow(RangeError)
    }
  })
})
