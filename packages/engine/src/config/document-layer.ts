import { childPath, createDraft, type Draft, entryPath } from './draft.ts'
import type { Findings } from './findings.ts'
import { nearestName } from './nearest-name.ts'
import type { Dictionary, Fields, Group, LeafOption, List, OptionNode } from './option-kinds.ts'
import { isObject, readValue } from './read-value.ts'

/** What a document is read with. */
export interface DocumentReading {
  /** Name of the file or variable that holds the document. */
  readonly origin: string
  readonly findings: Findings
  /** Finds the full path of an option that was probably meant by a key that stands in the wrong place. */
  readonly findElsewhere: (key: string) => string | undefined
}

/**
 * Reads the object that a document holds for a group. Keys are known in any case, as in Centrifugo; null counts as
 * absent; unknown keys are warnings, values that cannot be read are problems.
 */
export const readGroup = (group: Group<Fields>, raw: unknown, path: string, reading: DocumentReading): Draft => {
  const draft = createDraft()
  for (const [key, value] of entriesOfObject(raw, path, reading)) {
    const name = Object.hasOwn(group.fields, key) ? key : key.toLowerCase()
    const node = Object.hasOwn(group.fields, name) ? group.fields[name] : undefined
    if (node === undefined) warnUnknownKey(group, key, path, reading)
    else if (value !== null && value !== undefined) draft[name] = readNode(node, value, childPath(path, name), reading)
  }
  return draft
}

const readNode = (node: OptionNode, raw: unknown, path: string, reading: DocumentReading): unknown => {
  if (node.kind === 'group') return readGroup(node, raw, path, reading)
  if (node.kind === 'list') return readList(node, raw, path, reading)
  if (node.kind === 'dictionary') return readDictionary(node, raw, path, reading)
  return readLeaf(node, raw, path, reading)
}

const readLeaf = (node: LeafOption, raw: unknown, path: string, { findings, origin }: DocumentReading): unknown => {
  findings.cameFrom(path, origin)
  const reading = readValue(node, raw)
  if (reading.ok) return reading.value
  findings.unreadable(path, reading.problem)
  return undefined
}

/** Reads a list of objects; what is no list is a problem and counts as an empty one. */
export const readList = (node: List<Fields>, raw: unknown, path: string, reading: DocumentReading): Draft[] => {
  reading.findings.cameFrom(path, reading.origin)
  if (!Array.isArray(raw)) {
    reading.findings.unreadable(path, { message: 'is not a list', cure: 'Give a list of objects.' })
    return []
  }
  return raw.map((entry: unknown, index) => {
    const at = entryPath(path, nameOf(entry), index)
    reading.findings.cameFrom(at, reading.origin)
    return readGroup(node.item, entry, at, reading)
  })
}

const nameOf = (entry: unknown): Draft => {
  const pairs = isObject(entry) ? Object.entries(entry) : []
  return { name: pairs.find(([key]) => key.toLowerCase() === 'name')?.[1] }
}

const readDictionary = (node: Dictionary<Fields>, raw: unknown, path: string, reading: DocumentReading): Draft => {
  const draft = createDraft()
  for (const [name, value] of entriesOfObject(raw, path, reading)) {
    const entry = childPath(path, name)
    reading.findings.cameFrom(entry, reading.origin)
    draft[name] = readGroup(node.item, value, entry, reading)
  }
  return draft
}

const entriesOfObject = (raw: unknown, path: string, { findings, origin }: DocumentReading): [string, unknown][] => {
  if (raw === null || raw === undefined) return []
  if (isObject(raw)) return Object.entries(raw)
  const where = path || 'the document'
  findings.cameFrom(where, origin)
  findings.unreadable(where, { message: 'is not an object', cure: 'Give its options as names and values.' })
  return []
}

const warnUnknownKey = (group: Group<Fields>, key: string, path: string, reading: DocumentReading): void => {
  const { findings, origin, findElsewhere } = reading
  const sibling = nearestName(key, Object.keys(group.fields))
  const meant = sibling ? childPath(path, sibling) : findElsewhere(key)
  const full = childPath(path, key)
  findings.warn('unknown', full, 'is not a known option', meant && `Did you mean ${meant}?`, origin)
}
