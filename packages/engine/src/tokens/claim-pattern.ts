import { RE2JS } from 're2js'

type Groups = Readonly<Record<string, string>>

const noGroups: Groups = {}

/**
 * Compiles an RE2 pattern into a search for the first value that it matches anywhere: answers what the pattern's named
 * groups matched, or undefined where no value matches. An empty pattern accepts everything. Linear time, since values
 * come from whoever wrote the token.
 */
export const compilePattern = (pattern: string): ((values: readonly string[]) => Groups | undefined) => {
  if (pattern === '') return () => noGroups
  const compiled = RE2JS.compile(pattern)
  const names = Object.keys(compiled.namedGroups())
  return (values) => {
    for (const value of values) {
      const matcher = compiled.matcher(value)
      if (matcher.find()) return Object.fromEntries(names.map((name) => [name, matcher.group(name) ?? '']))
    }
    return undefined
  }
}

/** Says why a pattern cannot be used; undefined where it can. */
export const explainPattern = (pattern: string): string | undefined => {
  try {
    RE2JS.compile(pattern)
    return undefined
  } catch (error) {
    return `is not a regular expression that RE2 can run: ${(error as Error).message}`
  }
}
