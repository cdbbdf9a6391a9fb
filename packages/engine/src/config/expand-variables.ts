import { childPath, type Draft, entriesOf } from './draft.ts'
import type { Environment } from './environment-layer.ts'
import type { Findings } from './findings.ts'
import type { OptionNode } from './option-kinds.ts'

const reference = /\$\{(CENTRIFUGO_VAR_\w+)\}/g

/**
 * Replaces `${CENTRIFUGO_VAR_…}` in the values of text maps, such as static headers, and nowhere else. A variable that is
 * not set is a problem: a header without its secret would look like one that is wrong.
 */
export const expandVariables = (
  node: OptionNode,
  value: unknown,
  path: string,
  env: Environment,
  findings: Findings,
): void => {
  if (value === undefined) return
  if (node.kind === 'group') {
    const draft = value as Draft
    for (const [name, child] of Object.entries(node.fields)) {
      const at = childPath(path, name)
      if (child.kind === 'text map' && draft[name]) draft[name] = expandMap(draft[name] as TextMap, at, env, findings)
      else expandVariables(child, draft[name], at, env, findings)
    }
  }
  for (const [at, entry] of entriesOf(node, value, path)) {
    if ('item' in node) expandVariables(node.item, entry, at, env, findings)
  }
}

type TextMap = Readonly<Record<string, string>>

const expandMap = (map: TextMap, path: string, env: Environment, findings: Findings): TextMap => {
  const expand = (text: string) =>
    text.replace(reference, (whole, variable: string) => {
      const value = env[variable]
      if (value === undefined) findings.problem(path, `names ${variable}, which is not set`, 'Set that variable.')
      return value ?? whole
    })
  return Object.fromEntries(Object.entries(map).map(([name, text]) => [name, expand(text)]))
}
