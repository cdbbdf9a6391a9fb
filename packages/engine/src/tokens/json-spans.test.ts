import fc from 'fast-check'
import { expect, it } from 'vitest'
import { memberSpans } from './json-spans.ts'

const spansOf = (text: string): Record<string, string> =>
  Object.fromEntries(Array.from(memberSpans(Buffer.from(text)), ([name, span]) => [name, span.toString()]))

it('finds each value as it was written', () => {
  const text =
    ' { "a" : 9007199254740993, "b":{ "x" : [1, "}"] } ,"c":"q\\"uote\\\\","d" : 1.0\n, "e":null, "f":[[]], "g":-1e3}'
  expect(spansOf(text)).toEqual({
    a: '9007199254740993',
    b: '{ "x" : [1, "}"] }',
    c: '"q\\"uote\\\\"',
    d: '1.0',
    e: 'null',
    f: '[[]]',
    g: '-1e3',
  })
})

it('reads escaped names, and the last of repeated ones', () => {
  expect(spansOf('{"in\\u0066o":1,"info":2}')).toEqual({ info: '2' })
})

it('finds nothing in an empty object', () => {
  expect(spansOf(' {\t} ')).toEqual({})
})

it('is not led astray by depth', () => {
  const deep = `${'['.repeat(30_000)}${']'.repeat(30_000)}`
  expect(spansOf(`{"a":${deep},"b":1}`)).toEqual({ a: deep, b: '1' })
})

it('agrees with JSON.parse on every object, however it is laid out', () => {
  const objects = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue())
  fc.assert(
    fc.property(objects, fc.constantFrom('', ' ', '\n\t'), (object, indent) => {
      const text = JSON.stringify(object, undefined, indent)
      const parsed = Array.from(memberSpans(Buffer.from(text)), ([name, span]) => [name, JSON.parse(span.toString())])
      expect(parsed).toEqual(Object.entries(JSON.parse(text)))
    }),
  )
})
