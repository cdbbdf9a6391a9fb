import { childPath } from './draft.ts'
import { inVariable } from './environment-layer.ts'
import type { Fields, Group, LeafOption, OptionNode } from './option-kinds.ts'

/** One option of the table as a list for people shows it. */
export interface OptionEntry {
  /** `[]` stands behind a list, `.<name>` behind a dictionary. */
  readonly path: string
  readonly kind: LeafOption['kind']
  readonly default: LeafOption['default']
  /** False: not yet, in no value. */
  readonly honoured: LeafOption['honoured']
  /** `<NAME>` stands for the name of a list's entry. */
  readonly variable: string
}

/** Every option of a table, in its order. */
export const optionEntries = (
  table: Group<Fields>,
  path = '',
  variable = 'CENTRIFUGO',
  isHonoured = true,
): readonly OptionEntry[] =>
  Object.entries(table.fields).flatMap(([name, node]) =>
    entriesOfNode(
      node,
      childPath(path, name),
      `${variable}_${inVariable(name)}`,
      isHonoured && node.honoured !== false,
    ),
  )

const entriesOfNode = (
  node: OptionNode,
  path: string,
  variable: string,
  isHonoured: boolean,
): readonly OptionEntry[] => {
  switch (node.kind) {
    case 'group':
      return optionEntries(node, path, variable, isHonoured)
    case 'list':
      return optionEntries(node.item, `${path}[]`, `${variable}_<NAME>`, isHonoured)
    case 'dictionary':
      return optionEntries(node.item, `${path}.<name>`, variable, isHonoured)
    default:
      return [{ path, kind: node.kind, default: node.default, honoured: isHonoured && node.honoured, variable }]
  }
}

/**
 * Looks for the option that a key in the wrong place was meant to be: older versions wrote `token_hmac_secret_key` or
 * `namespaces` at the top for what now stands deeper. The shallowest wins, then the first.
 */
export const createOptionFinder = (table: Group<Fields>): ((key: string) => string | undefined) => {
  const paths = pathsOf(table, '').sort((one, other) => depthOf(one) - depthOf(other))
  return (key) => paths.find((path) => `_${path.replaceAll('.', '_')}`.endsWith(`_${key.toLowerCase()}`))
}

/** Of options and groups outside lists. */
const pathsOf = (table: Group<Fields>, path: string): string[] =>
  Object.entries(table.fields).flatMap(([name, node]) => {
    const at = childPath(path, name)
    return node.kind === 'group' ? [at, ...pathsOf(node, at)] : [at]
  })

const depthOf = (path: string): number => path.split('.').length
