import { describe, expect, it } from 'vitest'
import type { FilterNode, Tags } from './messages.ts'
import { compileTagsFilter } from './tags-filter.ts'

const node = (parts: Partial<FilterNode>): FilterNode => ({
  op: '',
  key: '',
  cmp: '',
  val: '',
  vals: [],
  nodes: [],
  ...parts,
})

const leaf = node({ key: 'a', cmp: 'eq', val: '1' })

const passes = (filter: Partial<FilterNode>, tags: Tags | undefined): boolean => {
  const compiled = compileTagsFilter(node(filter))
  if (compiled === undefined) throw new Error('an invalid filter')
  return compiled(tags)
}

/** A chain of negations. */
const nested = (depth: number): FilterNode => (depth === 1 ? leaf : node({ op: 'not', nodes: [nested(depth - 1)] }))

describe('a tags filter', () => {
  it.each<[Partial<FilterNode>, Tags | undefined, boolean]>([
    [{ cmp: 'eq', val: 'x' }, { k: 'x' }, true],
    [{ cmp: 'eq', val: 'x' }, {}, false],
    [{ cmp: 'neq', val: 'x' }, { k: 'y' }, true],
    [{ cmp: 'neq', val: 'x' }, {}, true],
    [{ cmp: 'neq', val: 'x' }, { k: 'x' }, false],
    [{ cmp: 'in', vals: ['x', 'y'] }, { k: 'y' }, true],
    [{ cmp: 'in', vals: ['x'] }, {}, false],
    [{ cmp: 'in', vals: [''] }, undefined, true],
    [{ cmp: 'nin', vals: ['x'] }, {}, true],
    [{ cmp: 'nin', vals: ['x'] }, { k: 'x' }, false],
    [{ cmp: 'nin', vals: [''] }, {}, false],
    [{ cmp: 'ex' }, { k: '' }, true],
    [{ cmp: 'ex' }, {}, false],
    [{ cmp: 'ex' }, undefined, false],
    [{ cmp: 'nex' }, {}, true],
    [{ cmp: 'nex' }, { k: '' }, false],
    [{ cmp: 'sw', val: 'ab' }, { k: 'abc' }, true],
    [{ cmp: 'sw', val: 'bc' }, { k: 'abc' }, false],
    [{ cmp: 'ew', val: 'bc' }, { k: 'abc' }, true],
    [{ cmp: 'ew', val: 'ab' }, {}, false],
    [{ cmp: 'ct', val: 'b' }, { k: 'abc' }, true],
    [{ cmp: 'ct', val: 'd' }, { k: 'abc' }, false],
    [{ cmp: 'gt', val: '9' }, { k: '10' }, true],
    [{ cmp: 'gt', val: '10' }, { k: '10.0' }, false],
    [{ cmp: 'gte', val: '10' }, { k: '+10.0' }, true],
    [{ cmp: 'lt', val: '-1' }, { k: '-1.5' }, true],
    [{ cmp: 'lte', val: '0' }, { k: '-0' }, true],
    [{ cmp: 'lte', val: '1' }, { k: '1e0' }, false],
    [{ cmp: 'gt', val: 'many' }, { k: '1' }, false],
    [{ cmp: 'lt', val: '1' }, {}, false],
  ])('%j over %j is %j', (filter, tags, expected) => {
    expect(passes({ key: 'k', ...filter }, tags)).toBe(expected)
  })

  it('combines others', () => {
    const other = node({ key: 'b', cmp: 'ex' })
    expect(passes({ op: 'and', nodes: [leaf, other] }, { a: '1', b: '' })).toBe(true)
    expect(passes({ op: 'and', nodes: [leaf, other] }, { a: '1' })).toBe(false)
    expect(passes({ op: 'or', nodes: [leaf, other] }, { b: '' })).toBe(true)
    expect(passes({ op: 'or', nodes: [leaf, other] }, {})).toBe(false)
    expect(passes({ op: 'not', nodes: [leaf] }, {})).toBe(true)
    expect(passes({ op: 'and', nodes: [leaf] }, { a: '1' })).toBe(true)
  })

  it('sees only the tags a publication has', () => {
    expect(passes({ key: 'toString', cmp: 'ex' }, {})).toBe(false)
    expect(passes({ key: '__proto__', cmp: 'ex' }, {})).toBe(false)
  })

  it.each<Partial<FilterNode>>([
    {},
    { key: 'a' },
    { key: 'a', cmp: 'like', val: 'x' },
    { op: 'xor', nodes: [leaf] },
    { op: 'and' },
    { op: 'or' },
    { op: 'not' },
    { op: 'not', nodes: [leaf, leaf] },
    { op: 'and', nodes: [leaf, node({})] },
    { cmp: 'eq', val: 'x' },
    { key: 'a', cmp: 'eq' },
    { key: 'a', cmp: 'eq', val: 'x', vals: ['y'] },
    { key: 'a', cmp: 'in' },
    { key: 'a', cmp: 'in', val: 'x', vals: ['y'] },
    { cmp: 'in', vals: ['y'] },
    { key: 'a', cmp: 'ex', val: 'x' },
    { key: 'a', cmp: 'nex', vals: ['x'] },
    { key: 'a', cmp: 'gt' },
  ])('is invalid: %j', (filter) => {
    expect(compileTagsFilter(node(filter))).toBeUndefined()
  })

  it.each<Partial<FilterNode>>([
    { cmp: 'ex' },
    { ...leaf, nodes: [leaf] },
    { op: 'not', key: 'ignored', nodes: [leaf] },
    { key: 'a', cmp: 'gt', val: 'not a number' },
  ])('is valid, as for Centrifugo: %j', (filter) => {
    expect(compileTagsFilter(node(filter))).toBeTypeOf('function')
  })

  it('is limited to 32 levels and 256 nodes', () => {
    expect(compileTagsFilter(nested(32))).toBeTypeOf('function')
    expect(compileTagsFilter(nested(33))).toBeUndefined()
    expect(compileTagsFilter(node({ op: 'or', nodes: Array(255).fill(leaf) }))).toBeTypeOf('function')
    expect(compileTagsFilter(node({ op: 'or', nodes: Array(256).fill(leaf) }))).toBeUndefined()
  })
})
