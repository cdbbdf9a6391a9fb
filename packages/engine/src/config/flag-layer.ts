import { createDraft, type Draft } from './draft.ts'
import type { Findings } from './findings.ts'
import type { Fields, Group } from './option-kinds.ts'
import { readValue } from './read-value.ts'

/** Values from the command line by path of their option (`http_server.port`); undefined: not given. */
export type Flags = Readonly<Record<string, string | number | boolean | undefined>>

/** Lays flags over everything else. Throws where a path names no option: that is the caller's mistake. */
export const applyFlags = (root: Group<Fields>, draft: Draft, flags: Flags, findings: Findings): void => {
  for (const [path, value] of Object.entries(flags)) {
    if (value !== undefined) applyFlag(root, draft, path, value, findings)
  }
}

const applyFlag = (root: Group<Fields>, draft: Draft, path: string, value: unknown, findings: Findings): void => {
  const names = path.split('.')
  const last = names.pop() ?? ''
  let group = root
  let target = draft
  for (const name of names) {
    const child = group.fields[name]
    if (child?.kind !== 'group') throw new Error(`no option group ${name} on the way to ${path}`)
    group = child
    target[name] ??= createDraft()
    target = target[name] as Draft
  }
  const node = group.fields[last]
  if (node === undefined || node.kind === 'group' || node.kind === 'list' || node.kind === 'dictionary') {
    throw new Error(`${path} is not an option that a flag can set`)
  }
  findings.cameFrom(path, 'the command line')
  const reading = readValue(node, value)
  if (reading.ok) target[last] = reading.value
  else findings.unreadable(path, reading.problem)
}
