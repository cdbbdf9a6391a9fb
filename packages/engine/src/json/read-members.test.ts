import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readMembers } from './read-members.ts'

const texts = (body: string) => {
  const members = readMembers(Buffer.from(body))
  return members && [...members].map(([name, value]) => [name, value.toString()])
}

describe('the members of a body', () => {
  it('come with their bytes as they are', () => {
    expect(texts(' { "a" : 1.0 , "b":{ "c" : [ ] },"\\u0064" :"\\n" } ')).toEqual([
      ['a', '1.0'],
      ['b', '{ "c" : [ ] }'],
      ['d', '"\\n"'],
    ])
    expect(texts('{}')).toEqual([])
  })

  it('are undefined where the body is not one object in UTF-8', () => {
    for (const body of [
      '',
      'null',
      '[]',
      '1',
      '"a"',
      '{',
      '{"a"}',
      '{"a":}',
      '{"a":1,}',
      '{"a":1}{',
      '{a:1}',
      "{'a':1}",
    ]) {
      expect(texts(body), body).toBeUndefined()
    }
    expect(readMembers(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toBeUndefined()
  })

  it('count once where a name is repeated, as the last one says, escaped or not', () => {
    expect(texts('{"in\\u0066o":1,"info":2}')).toEqual([['info', '2']])
  })

  it('are undefined where arrays and objects stand in one another deeper than 1000', () => {
    const nested = (depth: number) => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`
    expect(texts(nested(1_000))).toHaveLength(1)
    expect(texts(nested(1_001))).toBeUndefined()
  })

  it('are those that JSON.parse finds, in every object it accepts and no other', () => {
    const mutated = fc
      .tuple(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(), fc.option(fc.constantFrom(...'{}[]",:\\0e.-tn \n')))
      .map(([object, at, inserted]) => {
        const text = JSON.stringify(object)
        const cut = at % (text.length + 1)
        return inserted === null ? text : `${text.slice(0, cut)}${inserted}${text.slice(cut)}`
      })
    fc.assert(
      fc.property(mutated, (text) => {
        const expected = parsedObject(text)
        const members = readMembers(Buffer.from(text))
        const parsed = members && [...members].map(([name, value]) => [name, JSON.parse(value.toString())])
        expect(parsed && Object.fromEntries(parsed)).toEqual(expected)
      }),
      { numRuns: 2000 },
    )
  })
})

const parsedObject = (text: string): unknown => {
  try {
    const value: unknown = JSON.parse(text.toWellFormed())
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
