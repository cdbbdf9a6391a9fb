import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ProjectId } from '../projects/project.ts'
import { type FormLookup, projectOf, readChannelName, shortName } from './channel-grammar.ts'

const a: ProjectId = 'proj_01HF7YAT00AAAAAAAAAAAAAAAA'
const b: ProjectId = 'proj_01HF7YAT00BBBBBBBBBBBBBBBB'

const formOf: FormLookup = (namespace) =>
  (({ chat: 'plain', public: 'plain', 7: 'plain', user: 'personal' }) as const)[namespace as 'chat']

const fullName = (name: string, caller: ProjectId | '' = a) => {
  const read = readChannelName(name, caller, formOf)
  return read.ok ? read.value.fullName : read.problem
}

describe('a channel name read inside a project', () => {
  it.each([
    ['chat:room', `chat:${a}:room`],
    [`chat:${a}:room`, `chat:${a}:room`],
    [`chat:${a.slice(0, 5)}${a.slice(5).toLowerCase()}:room`, `chat:${a}:room`],
    ['$chat:room', `$chat:${a}:room`],
    [`$chat:${a}:room`, `$chat:${a}:room`],
    ['chat:proj_123:room', `chat:${a}:proj_123:room`],
    [`chat:PROJ_${b.slice(5)}:room`, `chat:${a}:PROJ_${b.slice(5)}:room`],
    [`chat:x:${b}:room`, `chat:${a}:x:${b}:room`],
    [`chat:${a}:${b}:room`, `chat:${a}:${b}:room`],
    ['chat::room', `chat:${a}::room`],
    ['chat:::', `chat:${a}:::`],
    ['chat:#u', `chat:${a}:#u`],
    ['7:7', `7:${a}:7`],
    ['user:#u1', `user:#${a}:u1`],
    [`user:#${a}:u1`, `user:#${a}:u1`],
    ['$user:#u1', `$user:#${a}:u1`],
    ['user:#a:b', `user:#${a}:a:b`],
    [`chat:${b.replace('0', '%30')}:room`, `chat:${a}:${b.replace('0', '%30')}:room`],
    [`chat:${b.replace('H', 'Н')}:room`, `chat:${a}:${b.replace('H', 'Н')}:room`],
  ])('%s is %s', (name, expected) => {
    expect(fullName(name)).toBe(expected)
  })

  it.each([
    [`chat:${b}:room`, 'another project'],
    [`chat:${b.slice(0, 5)}${b.slice(5).toLowerCase()}:room`, 'another project'],
    [`$chat:${b}:room`, 'another project'],
    [`chat:${b}`, 'another project'],
    [`user:#${b}:u1`, 'another project'],
    [`user:${b}:#u1`, 'another project'],
    ['chat', 'no namespace'],
    [':chat', 'no namespace'],
    ['$:chat', 'no namespace'],
    ['$chat', 'no namespace'],
    ['', 'no namespace'],
    ['$', 'no namespace'],
    [`${a}:chat:room`, 'unknown namespace'],
    ['Chat:room', 'unknown namespace'],
    [' chat:room', 'unknown namespace'],
    ['chat%3Aroom:x', 'unknown namespace'],
    ['$$chat:room', 'unknown namespace'],
    ['сhat:room', 'unknown namespace'],
    ['chat:', 'empty'],
    [`chat:${a}:`, 'empty'],
    [`chat:${a}`, 'empty'],
    ['user:#', 'empty'],
    [`user:#${a}`, 'empty'],
    ['user:u1', 'not personal'],
    ['user:x#u1', 'not personal'],
    [`user:${a}:#u1`, 'not personal'],
    [`user:#${a}:u1,${b}:u1`, 'not personal'],
    ['user:#u1,u2', 'not personal'],
    ['user:#u#1', 'not personal'],
    ['user:#ü', 'not personal'],
    ['user:#u 1', 'not personal'],
    ['user:#u1\n', 'not personal'],
    ['chat:\ud800', 'ill-formed'],
  ])('%j is refused: %s', (name, fault) => {
    expect(fullName(name)).toBe(fault)
  })

  it('takes 255 bytes in full, and no more', () => {
    const room = 'x'.repeat(255 - `chat:${a}:`.length)
    expect(fullName(`chat:${room}`)).toBe(`chat:${a}:${room}`)
    expect(fullName(`chat:${room}x`)).toBe('too long')
    expect(fullName(`chat:${room.slice(1)}é`)).toBe('too long')
    expect(fullName(`chat:${'é'.repeat(1000)}`)).toBe('too long')
  })
})

it('an operator names channels of every project, in full only', () => {
  expect(fullName(`chat:${b.toLowerCase()}:room`, '')).toBe(`chat:${b}:room`)
  expect(fullName(`user:#${a}:u1`, '')).toBe(`user:#${a}:u1`)
  expect(fullName('chat:room', '')).toBe('short name of an operator')
  expect(fullName('user:#u1', '')).toBe('short name of an operator')
})

/** Pieces that a name could be tricked together of. */
const piece = fc.oneof(
  fc.constantFrom(
    'chat',
    'user',
    '7',
    ':',
    '::',
    '#',
    ',',
    '$',
    '%3A',
    '%23',
    '__proto__',
    'constructor',
    '',
    ' ',
    '\0',
  ),
  fc.constantFrom(
    a,
    b,
    a.toLowerCase(),
    b.toLowerCase(),
    a.slice(5),
    'proj_',
    'PROJ_',
    'рroj_',
    'ſ',
    '\u212a',
    '\ud83d',
  ),
  fc.string({ maxLength: 8 }),
  fc.nat().map(String),
)
const name = fc.oneof(
  fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
  fc.array(piece, { maxLength: 5 }).map((pieces) => `chat:${pieces.join('')}`),
  fc.array(piece, { maxLength: 5 }).map((pieces) => `user:#${pieces.join('')}`),
)

describe('whatever the text', () => {
  it('two projects never mean the same channel', () => {
    fc.assert(
      fc.property(name, name, (one, other) => {
        const mine = readChannelName(one, a, formOf)
        const theirs = readChannelName(other, b, formOf)
        fc.pre(mine.ok && theirs.ok)
        if (mine.ok && theirs.ok) {
          expect(mine.value.fullName).not.toBe(theirs.value.fullName)
          expect(mine.value.projectId).toBe(a)
        }
      }),
      { numRuns: 3000 },
    )
  })

  it('the full name of a channel is read as itself by its project, as itself by the operator, and by no other project', () => {
    fc.assert(
      fc.property(name, (text) => {
        const read = readChannelName(text, a, formOf)
        fc.pre(read.ok)
        if (!read.ok) return
        const full = read.value.fullName
        expect(readChannelName(full, a, formOf)).toEqual(read)
        expect(readChannelName(full, '', formOf)).toEqual(read)
        expect(fullName(full, b)).toBe('another project')
      }),
      { numRuns: 3000 },
    )
  })

  it('short and full name of one channel meet, where there is a short one', () => {
    fc.assert(
      fc.property(name, (text) => {
        const read = readChannelName(text, a, formOf)
        fc.pre(read.ok)
        if (!read.ok) return
        const short = shortName(read.value.fullName)
        if (short !== undefined) expect(fullName(short)).toBe(read.value.fullName)
        else expect(text.toUpperCase()).toContain(a.toUpperCase())
      }),
      { numRuns: 3000 },
    )
  })
})

describe('the project of a full name', () => {
  it.each([
    [`chat:${a}:room`, a],
    [`$chat:${a}:room`, a],
    [`user:#${a}:u1`, a],
    [`chat:${a}:${b}:room`, a],
    [`chat:#${a}:room`, a],
    ['chat:room', ''],
    ['', ''],
  ])('%s is %s', (name, expected) => {
    expect(projectOf(name)).toBe(expected)
  })

  it('is that of whoever the name was read for', () => {
    const rest = fc.string({ minLength: 1, maxLength: 40, unit: 'binary-ascii' })
    fc.assert(
      fc.property(fc.constantFrom('chat:', '$chat:', 'user:#', '7:'), rest, (start, rest) => {
        const read = readChannelName(start + rest, a, formOf)
        if (read.ok) expect(projectOf(read.value.fullName)).toBe(a)
      }),
    )
  })
})
