import { type DocumentReading, readList } from './document-layer.ts'
import { childPath, createDraft, type Draft, entryPath } from './draft.ts'
import { nearestName } from './nearest-name.ts'
import type { Fields, Group, LeafOption, List, OptionNode } from './option-kinds.ts'
import { parseJson, readVariable } from './read-value.ts'

/** What can only be meant as names of entries. All else is taken for JSON, and not shown: it may hold a secret. */
const names = /^\s*[-\w.]+(?:\s+[-\w.]+)*\s*$/

export type Environment = Readonly<Record<string, string | undefined>>

const prefix = 'CENTRIFUGO'

/**
 * Variables that belong to the platform around the engine or to its SDK. Known here so that nobody is warned of them;
 * the engine acts on none.
 */
const platformVariables: readonly string[] = [
  'CENTRIFUGO_TOKEN_HMAC_SECRET_KEY',
  'CENTRIFUGO_TOKEN_HMAC_SECRET',
  'CENTRIFUGO_API_KEY',
  'CENTRIFUGO_API_URL',
  'CENTRIFUGO_CONFIG',
  'CENTRIFUGO_URL',
  'CENTRIFUGO_WS_URL',
]

/** A name as it stands in a variable: in upper case, with `_` in place of `.` and `-`. */
export const inVariable = (name: string): string => name.toUpperCase().replace(/[.-]/g, '_')

/**
 * Lays `CENTRIFUGO_*` over what a document has set. A variable holds the text of one option, or the JSON of a list, which
 * then replaces the document's, or names between spaces, which stand as new entries behind the document's. Entries of a
 * list that carry names are reached by `CENTRIFUGO_CHANNEL_NAMESPACES_<NAME>_<OPTION>`, those that a variable has just
 * put there included. An empty variable counts as not set. Source: Centrifugo v6.
 */
export const applyEnvironment = (
  root: Group<Fields>,
  draft: Draft,
  env: Environment,
  reading: Omit<DocumentReading, 'origin'>,
): void => {
  const layer = new EnvironmentLayer(env, reading)
  layer.applyGroup(root, draft, '', prefix)
  layer.warnOfUnknown()
}

class EnvironmentLayer {
  readonly #env: Environment
  readonly #reading: Omit<DocumentReading, 'origin'>
  readonly #known = new Set(platformVariables)
  /** First parts of variables that reach entries of lists, with the path of their list. */
  readonly #lists = new Map<string, string>()

  constructor(env: Environment, reading: Omit<DocumentReading, 'origin'>) {
    this.#env = env
    this.#reading = reading
  }

  applyGroup(group: Group<Fields>, draft: Draft, path: string, variable: string): void {
    for (const [name, node] of Object.entries(group.fields)) {
      this.#applyNode(node, draft, name, childPath(path, name), `${variable}_${name.toUpperCase()}`)
    }
  }

  #applyNode(node: OptionNode, parent: Draft, name: string, path: string, variable: string): void {
    if (node.kind === 'group') {
      const draft = (parent[name] ?? createDraft()) as Draft
      parent[name] = draft
      this.applyGroup(node, draft, path, variable)
    } else if (node.kind === 'list') {
      this.#applyList(node, parent, name, path, variable)
    } else if (node.kind !== 'dictionary') {
      this.#applyLeaf(node, parent, name, path, variable)
    }
  }

  #applyLeaf(node: LeafOption, parent: Draft, name: string, path: string, variable: string): void {
    const raw = this.#read(variable)
    if (raw === undefined) return
    const { findings } = this.#reading
    findings.cameFrom(path, variable)
    const reading = readVariable(node, raw)
    if (reading.ok) parent[name] = reading.value
    else findings.unreadable(path, reading.problem)
  }

  #applyList(node: List<Fields>, parent: Draft, name: string, path: string, variable: string): void {
    const raw = this.#read(variable)
    if (raw !== undefined) {
      parent[name] =
        'name' in node.item.fields && names.test(raw)
          ? [...((parent[name] ?? []) as Draft[]), ...this.#readNames(raw, path, variable)]
          : this.#readList(node, raw, path, variable)
    }
    this.#lists.set(`${variable}_`, path)
    const { name: _, ...fields } = node.item.fields
    for (const [index, entry] of ((parent[name] ?? []) as Draft[]).entries()) {
      if (typeof entry.name !== 'string') continue
      const at = entryPath(path, entry, index)
      this.applyGroup({ ...node.item, fields }, entry, at, `${variable}_${inVariable(entry.name)}`)
    }
  }

  #readList(node: List<Fields>, raw: string, path: string, variable: string): Draft[] {
    const { findings } = this.#reading
    findings.cameFrom(path, variable)
    const parsed = parseJson(raw)
    if (parsed.ok) return readList(node, parsed.value, path, { ...this.#reading, origin: variable })
    const cure = `Give a JSON array of objects${'name' in node.item.fields ? ' or names between spaces' : ''}.`
    findings.unreadable(path, { ...parsed.problem, cure })
    return []
  }

  #readNames(raw: string, path: string, variable: string): Draft[] {
    return raw
      .trim()
      .split(/\s+/)
      .map((name, index) => {
        const entry = Object.assign(createDraft(), { name })
        this.#reading.findings.cameFrom(entryPath(path, entry, index), variable)
        return entry
      })
  }

  #read(variable: string): string | undefined {
    this.#known.add(variable)
    return this.#env[variable] || undefined
  }

  warnOfUnknown(): void {
    for (const variable of Object.keys(this.#env)) {
      const isOurs = variable.startsWith(`${prefix}_`) && !variable.startsWith(`${prefix}_VAR_`)
      if (isOurs && !this.#known.has(variable)) this.#warnOfUnknown(variable)
    }
  }

  #warnOfUnknown(variable: string): void {
    const meant = nearestName(variable, this.#known)
    const list = [...this.#lists].find(([start]) => variable.startsWith(start))?.[1]
    const message = list ? `reaches no entry of ${list}` : 'is not a known variable'
    this.#reading.findings.warn('unknown', variable, message, meant && `Did you mean ${meant}?`, variable)
  }
}
