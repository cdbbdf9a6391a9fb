import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import { applyDelta } from 'fossil-delta'
import { describe, expect, it } from 'vitest'
import { createFossilDelta, createTextFossilDelta } from './fossil-delta.ts'

const apply = (base: Uint8Array, patch: Uint8Array): Buffer => Buffer.from(applyDelta(base, patch))

/** A base, and a target that shares parts of it. */
const related = <Element>(element: fc.Arbitrary<Element>): fc.Arbitrary<{ base: Element[]; target: Element[] }> => {
  const elements = fc.array(element, { maxLength: 300, size: 'max' })
  const piece = fc.oneof(fc.tuple(fc.nat(), fc.nat(120)), fc.array(element, { maxLength: 20 }))
  return fc.tuple(elements, fc.array(piece, { maxLength: 8 })).map(([base, pieces]) => ({
    base,
    target: pieces.flatMap((part) => {
      if (typeof part[0] !== 'number' || part.length !== 2) return part as Element[]
      const start = base.length === 0 ? 0 : part[0] % base.length
      return base.slice(start, start + (part[1] as number))
    }),
  }))
}

/** Few different bytes make many equal blocks, many make few. */
const bytes = fc.oneof(related(fc.constantFrom(0x61, 0x62)), related(fc.integer({ min: 0, max: 255 })))

const character = fc.constantFrom('a', 'b', '"', 'é', 'è', '€', '😀', '😁')

describe('createFossilDelta', () => {
  it('makes patches that turn the base into the target', () => {
    fc.assert(
      fc.property(bytes, ({ base, target }) => {
        const to = Buffer.from(target)
        expect(apply(Buffer.from(base), createFossilDelta(Buffer.from(base), to)).equals(to)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('is never longer than the target by more than its frame', () => {
    fc.assert(
      fc.property(bytes, ({ base, target }) => {
        expect(createFossilDelta(Buffer.from(base), Buffer.from(target)).length).toBeLessThan(target.length + 32)
      }),
    )
  })

  it.each([
    ['', ''],
    ['', 'a'],
    ['a', ''],
    ['same text, every byte of it', 'same text, every byte of it'],
  ])('turns %j into %j', (base, target) => {
    const patch = createFossilDelta(Buffer.from(base), Buffer.from(target))
    expect(apply(Buffer.from(base), patch).toString()).toBe(target)
  })

  it('says what changed in the middle in a few bytes', () => {
    const base = Buffer.from(JSON.stringify(Array.from({ length: 1000 }, (_, id) => ({ id, name: `item ${id}` }))))
    const target = Buffer.from(base.toString().replace('item 500', 'other').replace('item 700', ''))
    expect(createFossilDelta(base, target).length).toBeLessThan(60)
  })

  it('finds parts that moved', () => {
    const [first, second] = ['abcdefghijklmnopqrstuvwxyz0123456789', 'The quick brown fox jumps over the lazy dog']
    const patch = createFossilDelta(Buffer.from(`${first}${second}`), Buffer.from(`${second}${first}`))
    expect(patch.length).toBeLessThan(30)
  })

  it('takes views of bytes that start anywhere', () => {
    const memory = new Uint8Array(Buffer.from(`__${'0123456789'.repeat(10)}__`))
    const target = memory.subarray(2, 80)
    expect(apply(memory.subarray(1), createFossilDelta(memory.subarray(1), target)).equals(target)).toBe(true)
  })
})

describe('createTextFossilDelta', () => {
  it('makes patches that are UTF-8 and shorter than the target, or none', () => {
    let made = 0
    fc.assert(
      fc.property(related(character), ({ base, target }) => {
        const [from, to] = [Buffer.from(base.join('')), Buffer.from(target.join(''))]
        const patch = createTextFossilDelta(from, to)
        if (patch === undefined) return
        made++
        expect(isUtf8(patch)).toBe(true)
        expect(patch.length).toBeLessThan(to.length)
        expect(apply(from, Buffer.from(patch.toString())).equals(to)).toBe(true)
      }),
      { numRuns: 500 },
    )
    expect(made).toBeGreaterThan(50)
  })

  it('does not cut characters that share their first bytes', () => {
    const [base, target] = ['é', 'ê'].map((middle) => Buffer.from(`${'x'.repeat(60)}${middle}${'y'.repeat(60)}`))
    const patch = createTextFossilDelta(base!, target!)
    expect(patch?.toString()).toContain('2:ê')
    expect(apply(base!, patch!).equals(target!)).toBe(true)
    expect(isUtf8(createFossilDelta(base!, target!))).toBe(false)
  })

  it('makes none when nothing is won', () => {
    expect(createTextFossilDelta(Buffer.from('abc'), Buffer.from('xyz'))).toBeUndefined()
    expect(createTextFossilDelta(Buffer.from('abc'), Buffer.alloc(0))).toBeUndefined()
  })

  it('makes none for what is no text', () => {
    const text = Buffer.alloc(100, 'a')
    const binary = Buffer.concat([text, Buffer.of(0xff)])
    expect(createTextFossilDelta(text, binary)).toBeUndefined()
    expect(createTextFossilDelta(binary, text)).toBeUndefined()
  })
})
