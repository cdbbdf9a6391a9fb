import { describe, expect, it } from 'vitest'
import { JsonMembers } from './json-members.ts'

const parse = (text: string) => JsonMembers.parse(Buffer.from(text))!

describe('what is no JSON object', () => {
  it.each(['', 'null', '[]', '"x"', '7', '{', '{"a":1}}', '{"a":1,}', "{'a':1}", '\ufeff{}'])(
    '%j is refused',
    (text) => {
      expect(parse(text)).toBeUndefined()
    },
  )

  it('refuses what is not UTF-8, since raw payloads go on to text frames', () => {
    expect(JsonMembers.parse(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toBeUndefined()
  })
})

it('reads absent and null members as undefined', () => {
  const members = parse('{"a":null}')
  for (const name of ['a', 'b']) {
    expect(members.string(name)).toBeUndefined()
    expect(members.boolean(name)).toBeUndefined()
    expect(members.integer(name)).toBeUndefined()
    expect(members.strings(name)).toBeUndefined()
    expect(members.object(name)).toBeUndefined()
  }
  expect(members.wrongMember).toBeUndefined()
})

it('remembers the first member of a wrong type, however deep, without telling names that are data', () => {
  const members = parse('{"subs":{"secret:1":{"override":{"presence":7}}},"b":1}')
  for (const [, sub] of members.objects('subs')) sub.object('override')?.object('presence')
  members.string('b')
  expect(members.wrongMember).toBe('subs.*.override.presence')
})

it.each(['1.0', '1e3', '0.5', '9223372036854775808', '"1"', 'true'])('takes %s for no integer', (text) => {
  const members = parse(`{"n":${text}}`)
  expect(members.integer('n')).toBeUndefined()
  expect(members.wrongMember).toBe('n')
})

it('keeps raw members byte for byte, a written null too', () => {
  const members = parse('{"a": {"n":9007199254740993 ,"f":1.0} ,"z":null}')
  expect(String(members.raw('a'))).toBe('{"n":9007199254740993 ,"f":1.0}')
  expect(String(members.raw('z'))).toBe('null')
  expect(members.raw('missing')).toBeUndefined()
})

it('does not take what every object inherits for a member', () => {
  const members = parse('{}')
  expect(members.value('constructor')).toBeUndefined()
  expect(members.raw('toString')).toBeUndefined()
})

it('reads members whose names are halves of surrogate pairs', () => {
  const [[name, members] = []] = parse('{"subs":{"\\ud800":{"n":1}}}').objects('subs')
  expect([name, members?.integer('n')]).toEqual(['\ufffd', 1])
})

it('reads a member called __proto__ as a member', () => {
  const members = parse('{"__proto__":{"sub":"u1"}}')
  expect(members.string('sub')).toBeUndefined()
  expect(members.object('__proto__')?.string('sub')).toBe('u1')
})

it.each(['$$$', 'eyJ4IjoxfQ', 'a', '====', 'AA=A', 'A-_A'])('takes %j for no base64', (text) => {
  const members = parse(JSON.stringify({ b64info: text }))
  expect(members.payload('info')).toBeUndefined()
  expect(members.wrongMember).toBe('b64info')
})

it('prefers base64 over JSON where it is not empty', () => {
  expect(String(parse('{"info":1,"b64info":"aGk="}').payload('info'))).toBe('hi')
  expect(String(parse('{"info":1,"b64info":""}').payload('info'))).toBe('1')
})
