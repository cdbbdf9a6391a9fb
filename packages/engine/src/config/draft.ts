import { isDeepStrictEqual } from 'node:util'
import type { Findings } from './findings.ts'
import type { Fields, Group, LeafOption, OptionNode, ValueOf } from './option-kinds.ts'

/**
 * The options of one group that somebody has set, each already of its kind: drafts of groups and dictionaries, arrays of
 * drafts for lists, values for the rest. What is absent has its default.
 */
export interface Draft {
  [name: string]: unknown
}

/** A draft without a prototype, so that no key of a file can reach one. */
export const createDraft = (): Draft => Object.create(null) as Draft

export const childPath = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)

/** Where an entry of a list stands: by its name if it has one, so that the path outlives a change of order. */
export const entryPath = (path: string, entry: Draft, index: number): string =>
  `${path}[${typeof entry.name === 'string' && entry.name !== '' ? entry.name : index}]`

/** The entries of a list or dictionary in a draft, with their paths. */
export const entriesOf = (node: OptionNode, value: unknown, path: string): (readonly [string, Draft])[] => {
  if (node.kind === 'list') return ((value ?? []) as Draft[]).map((entry, i) => [entryPath(path, entry, i), entry])
  if (node.kind !== 'dictionary') return []
  return Object.entries((value ?? {}) as Draft).map(([name, entry]) => [childPath(path, name), entry as Draft])
}

/** Puts defaults where nobody has set anything. */
export const completeDraft = <Children extends Fields>(
  group: Group<Children>,
  draft: Draft = {},
): ValueOf<Group<Children>> =>
  Object.fromEntries(
    Object.entries(group.fields as Fields).map(([name, node]) => [name, completeNode(node, draft[name])]),
  ) as ValueOf<Group<Children>>

const completeNode = (node: OptionNode, value: unknown): unknown => {
  switch (node.kind) {
    case 'group':
      return completeDraft(node, value as Draft | undefined)
    case 'list':
      return ((value ?? []) as Draft[]).map((entry) => completeDraft(node.item, entry))
    case 'dictionary':
      return Object.fromEntries(
        Object.entries((value ?? {}) as Draft).map(([name, entry]) => [name, completeDraft(node.item, entry as Draft)]),
      )
    default:
      return value ?? node.default
  }
}

/**
 * Warns of all that somebody changed and the engine does not act on yet: single options, and groups of which it honours
 * nothing as one.
 */
export const reportNotHonoured = (node: OptionNode, value: unknown, path: string, findings: Findings): void => {
  if (node.honoured !== true) {
    const change = firstChange(node, value, path)
    if (change === undefined) return
    findings.warn('not honoured', path, 'is known but not honoured yet', undefined, findings.originOf(change))
  } else if (node.kind === 'group') {
    for (const [name, child] of Object.entries(node.fields)) {
      reportNotHonoured(child, (value as Draft | undefined)?.[name], childPath(path, name), findings)
    }
  } else if ('item' in node) {
    for (const [at, entry] of entriesOf(node, value, path)) reportNotHonoured(node.item, entry, at, findings)
  }
}

/** The path of the first option under a node that is not as it would be anyway. */
const firstChange = (node: OptionNode, value: unknown, path: string): string | undefined => {
  if (value === undefined) return undefined
  if (node.kind !== 'group')
    return 'item' in node ? entriesOf(node, value, path)[0]?.[0] : changedLeaf(node, value, path)
  for (const [name, child] of Object.entries(node.fields)) {
    const change = firstChange(child, (value as Draft)[name], childPath(path, name))
    if (change !== undefined) return change
  }
  return undefined
}

const changedLeaf = (node: LeafOption, value: unknown, path: string): string | undefined => {
  const isHonoured = typeof node.honoured !== 'boolean' && (node.honoured as readonly unknown[]).includes(value)
  return isHonoured || isDeepStrictEqual(value, node.default) ? undefined : path
}
