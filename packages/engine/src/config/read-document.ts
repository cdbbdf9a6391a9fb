import { failed, ok, type Result } from '@xshathra/protocol'
import { parse as parseToml, TomlError } from 'smol-toml'
import { parseDocument } from 'yaml'

export const configFormats = ['json', 'yaml', 'toml'] as const

export type ConfigFormat = (typeof configFormats)[number]

/** The format that a file's name tells; undefined where it tells none. */
export const formatOfFile = (file: string): ConfigFormat | undefined => {
  const extension = /\.([^./\\]+)$/.exec(file)?.[1]?.toLowerCase()
  return extension === 'yml' ? 'yaml' : configFormats.find((format) => format === extension)
}

/**
 * Parses a configuration text. The problem is a sentence with line and column where they are known, and never quotes
 * the text: what stands there may be a secret.
 */
export const readDocument = (text: string, format: ConfigFormat): Result<unknown, string> => {
  try {
    return parsers[format](text.replace(/^\uFEFF/, ''))
  } catch (error) {
    // Only nesting that no configuration has gets a parser here.
    if (error instanceof RangeError) return failed(`is not valid ${format.toUpperCase()}: it is nested too deeply`)
    throw error
  }
}

const invalid = (format: string, place: string, reason?: string) =>
  failed(`is not valid ${format}${place}${reason === undefined ? '' : `: ${reason}`}`)

const at = (line: number, column: number): string => ` at line ${line}, column ${column}`

const parseJsonText = (text: string): Result<unknown, string> => {
  try {
    return ok(JSON.parse(text) as unknown)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return invalid('JSON', placeOf(text, firstBadLength(text)))
  }
}

/**
 * How much of a text a JSON parser takes before it knows that no continuation could make it valid; found by halving,
 * since V8 tells the place of some errors only.
 */
const firstBadLength = (text: string): number => {
  let good = 0
  let bad = text.length
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (isJsonSoFar(text.slice(0, middle))) good = middle
    else bad = middle
  }
  return bad
}

const isJsonSoFar = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    const { message } = error as SyntaxError
    const position = /at position (\d+)/.exec(message)?.[1]
    return position === undefined ? /end of JSON input|^Unterminated/.test(message) : Number(position) >= text.length
  }
}

const placeOf = (text: string, length: number): string => {
  const lines = text.slice(0, length).split('\n')
  return at(lines.length, Math.max(1, lines.at(-1)?.length ?? 0))
}

/** Repetitions one anchor may stand for, against short texts that grow to gigabytes. */
const maxAliasCount = 100

const parseYamlText = (text: string): Result<unknown, string> => {
  const document = parseDocument(text, { merge: true, prettyErrors: false, logLevel: 'silent' })
  const [error] = document.errors
  if (error) return invalid('YAML', placeOf(text, error.pos[0] + 1), error.code.toLowerCase().replaceAll('_', ' '))
  try {
    return ok(document.toJS({ maxAliasCount }) as unknown)
  } catch {
    return invalid('YAML', '', 'an alias in it names nothing, or too much')
  }
}

const parseTomlText = (text: string): Result<unknown, string> => {
  try {
    return ok(parseToml(text))
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    return invalid('TOML', at(error.line, error.column))
  }
}

const parsers: Readonly<Record<ConfigFormat, (text: string) => Result<unknown, string>>> = {
  json: parseJsonText,
  yaml: parseYamlText,
  toml: parseTomlText,
}
