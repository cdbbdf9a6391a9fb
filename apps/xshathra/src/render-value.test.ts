import { describe, expect, it } from 'vitest'
import { renderValue } from './render-value.ts'

describe('an answer for people', () => {
  it('has a line for each field that there is', () => {
    expect(renderValue({ name: 'Shop', archivedAt: undefined, quotas: { connections: 5 }, end: null })).toEqual([
      'name    Shop',
      'quotas  {"connections":5}',
      'end     -',
    ])
  })

  it('is a table of a list, with a column for each field that any row has', () => {
    expect(
      renderValue([
        { name: 'a', since: undefined, n: 1 },
        { name: 'longer', until: 'x' },
      ]),
    ).toEqual(['name    n  until', 'a       1  -', 'longer  -  x'])
  })

  it('is itself where it is one value', () => {
    expect(renderValue('text')).toEqual(['text'])
  })
})
