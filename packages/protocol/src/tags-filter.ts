import { compareDecimals, parseDecimal } from './decimal.ts'
import type { FilterNode, Tags } from './messages.ts'

/** Whether a publication with these tags passes. */
export type TagsFilter = (tags: Tags | undefined) => boolean

/** Bounds of ours: a filter runs for every publication of its channel. */
const maxDepth = 32
const maxNodes = 256

/**
 * Makes a subscriber's filter ready to run, or returns `undefined` for one that is invalid or larger than 32 levels or
 * 256 nodes. A branch ignores the fields of a leaf and a leaf those of a branch, as in Centrifugo.
 */
export const compileTagsFilter = (node: FilterNode): TagsFilter | undefined => compile(node, 1, { nodes: 0 })

const compile = (node: FilterNode, depth: number, count: { nodes: number }): TagsFilter | undefined => {
  count.nodes++
  if (depth > maxDepth || count.nodes > maxNodes) return undefined
  if (node.op === '') return compileLeaf(node)
  const filters: TagsFilter[] = []
  for (const child of node.nodes) {
    const filter = compile(child, depth + 1, count)
    if (filter === undefined) return undefined
    filters.push(filter)
  }
  return combine(node.op, filters)
}

const combine = (op: string, filters: readonly TagsFilter[]): TagsFilter | undefined => {
  const [first] = filters
  if (first === undefined) return undefined
  switch (op) {
    case 'and':
      return (tags) => filters.every((filter) => filter(tags))
    case 'or':
      return (tags) => filters.some((filter) => filter(tags))
    case 'not':
      return filters.length === 1 ? (tags) => !first(tags) : undefined
    default:
      return undefined
  }
}

const compileLeaf = (node: FilterNode): TagsFilter | undefined => {
  const { key, cmp, val, vals } = node
  switch (cmp) {
    case 'ex':
    case 'nex':
      return val === '' && vals.length === 0 ? presenceFilter(key, cmp === 'ex') : undefined
    case 'in':
    case 'nin':
      return key !== '' && val === '' && vals.length > 0 ? membershipFilter(key, vals, cmp === 'in') : undefined
    default:
      return key !== '' && val !== '' && vals.length === 0 ? comparisonFilter(key, cmp, val) : undefined
  }
}

const presenceFilter =
  (key: string, isWanted: boolean): TagsFilter =>
  (tags) =>
    (tagValue(tags, key) !== undefined) === isWanted

/** A tag that is missing counts as the empty string. */
const membershipFilter = (key: string, vals: readonly string[], isWanted: boolean): TagsFilter => {
  const members = new Set(vals)
  return (tags) => members.has(tagValue(tags, key) ?? '') === isWanted
}

const comparisonFilter = (key: string, cmp: string, val: string): TagsFilter | undefined => {
  switch (cmp) {
    case 'eq':
      return (tags) => tagValue(tags, key) === val
    case 'neq':
      return (tags) => tagValue(tags, key) !== val
    case 'sw':
      return (tags) => tagValue(tags, key)?.startsWith(val) === true
    case 'ew':
      return (tags) => tagValue(tags, key)?.endsWith(val) === true
    case 'ct':
      return (tags) => tagValue(tags, key)?.includes(val) === true
    case 'gt':
      return orderFilter(key, val, (order) => order > 0)
    case 'gte':
      return orderFilter(key, val, (order) => order >= 0)
    case 'lt':
      return orderFilter(key, val, (order) => order < 0)
    case 'lte':
      return orderFilter(key, val, (order) => order <= 0)
    default:
      return undefined
  }
}

/** Compares as decimal numbers. What is no number, on either side, matches nothing. */
const orderFilter = (key: string, val: string, accepts: (order: number) => boolean): TagsFilter => {
  const bound = parseDecimal(val)
  if (bound === undefined) return () => false
  return (tags) => {
    const value = parseDecimal(tagValue(tags, key) ?? '')
    return value !== undefined && accepts(compareDecimals(value, bound))
  }
}

const tagValue = (tags: Tags | undefined, key: string): string | undefined =>
  tags !== undefined && Object.hasOwn(tags, key) ? tags[key] : undefined
