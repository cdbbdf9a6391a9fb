import { failed, ok, type Result } from '@xshathra/protocol'
import { formatDuration, parseDuration } from './duration.ts'
import type { Unreadable } from './findings.ts'
import { nearestName } from './nearest-name.ts'
import type { DurationOption, IntegerOption, LeafOption, TextListOption, TextOption, ValueOf } from './option-kinds.ts'

type Reading<Value> = Result<Value, Unreadable>

const unreadable = (message: string, cure?: string) => failed({ message, cure })

/** Go's words for a boolean. */
const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((word) => [word, false] as const),
])

/** Whether a document has names and values here. Parsers make such objects with and without a prototype. */
export const isObject = (raw: unknown): raw is object => typeof raw === 'object' && raw !== null && !Array.isArray(raw)

/** A value as problems show it, in one short line. */
const show = (raw: unknown): string => {
  const text = JSON.stringify(raw) ?? String(raw)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

/**
 * Reads what a document (JSON, YAML, TOML) holds for an option. Text stands for numbers, booleans and durations too, as
 * in Centrifugo; a bare number is a duration in nanoseconds.
 */
export const readValue = (option: LeafOption, raw: unknown): Reading<ValueOf<LeafOption>> => {
  switch (option.kind) {
    case 'boolean':
      return readBoolean(raw)
    case 'integer':
      return readInteger(option, raw)
    case 'duration':
      return readDuration(option, raw)
    case 'text':
      return readText(option, raw)
    case 'text list':
      return readTextList(option, raw)
    case 'text map':
      return readTextMap(raw)
  }
}

/** Reads what a variable of the environment holds for an option: lists by spaces, maps as JSON. */
export const readVariable = (option: LeafOption, raw: string): Reading<ValueOf<LeafOption>> => {
  if (option.kind === 'text list') return readValue(option, raw.split(/\s+/).filter(Boolean))
  if (option.kind !== 'text map') return readValue(option, raw)
  const parsed = parseJson(raw)
  return parsed.ok ? readValue(option, parsed.value) : parsed
}

/** The value of a variable that holds JSON. What it held is not shown: it may be a secret. */
export const parseJson = (raw: string): Reading<unknown> => {
  try {
    return ok(JSON.parse(raw) as unknown)
  } catch {
    return unreadable('is not valid JSON')
  }
}

const readBoolean = (raw: unknown): Reading<boolean> => {
  const value = typeof raw === 'object' ? undefined : booleans.get(String(raw))
  return value === undefined ? unreadable(`is ${show(raw)}`, 'Give true or false.') : ok(value)
}

const readInteger = ({ min, max }: IntegerOption, raw: unknown): Reading<number> => {
  const value = typeof raw === 'string' && /^\s*(?:[+-]?\d+|0[xX][\da-fA-F]+)\s*$/.test(raw) ? Number(raw) : raw
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    return unreadable(`is ${show(raw)}`, 'Give a whole number.')
  }
  if (value >= min && value <= max) return ok(value)
  const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `a number from ${min} to ${max}`
  return unreadable(`is ${value}`, `Give ${range}.`)
}

const readDuration = ({ wholeSeconds, minMs }: DurationOption, raw: unknown): Reading<number> => {
  const ms = typeof raw === 'string' ? parseDuration(raw) : Number.isInteger(raw) ? Number(raw) / 1e6 : undefined
  if (ms === undefined) return unreadable(`is ${show(raw)}`, 'Give a duration with its unit, like "300ms" or "1h30m".')
  if (ms < minMs) return unreadable(`is ${formatDuration(ms)}`, 'A duration cannot be negative here.')
  if (wholeSeconds && ms % 1_000 !== 0) return unreadable(`is ${formatDuration(ms)}`, 'Only whole seconds count here.')
  return ok(ms)
}

const readText = ({ choices, isSecret }: TextOption, raw: unknown): Reading<string> => {
  // A number has lost its leading zeros by now, which in a secret would matter.
  const isText = typeof raw === 'string' || (!isSecret && Number.isSafeInteger(raw))
  if (!isText) return unreadable(isSecret ? 'is not text' : `is ${show(raw)}`, 'Give text in quotes.')
  return checkChoice(String(raw), choices)
}

const readTextList = ({ choices }: TextListOption, raw: unknown): Reading<readonly string[]> => {
  const items: readonly unknown[] = Array.isArray(raw) ? raw : [raw]
  const texts: string[] = []
  for (const item of items) {
    if (typeof item !== 'string') return unreadable(`holds ${show(item)}`, 'Give a list of texts in quotes.')
    const checked = checkChoice(item, choices)
    if (!checked.ok) return checked
    texts.push(item)
  }
  return ok(texts)
}

const readTextMap = (raw: unknown): Reading<Readonly<Record<string, string>>> => {
  if (!isObject(raw)) return unreadable('is not an object', 'Give an object whose values are texts.')
  const wrong = Object.entries(raw).find(([, value]) => typeof value !== 'string')
  if (wrong) return unreadable(`holds no text under "${wrong[0]}"`, 'Give its values in quotes.')
  return ok({ ...raw } as Record<string, string>)
}

const checkChoice = (value: string, choices: readonly string[] | undefined): Reading<string> => {
  if (choices === undefined || choices.includes(value)) return ok(value)
  const meant = nearestName(value, choices)
  const words = choices.map((choice) => choice || '""').join(', ')
  return unreadable(`${show(value)} is not one of: ${words}`, meant && `Did you mean ${meant}?`)
}
