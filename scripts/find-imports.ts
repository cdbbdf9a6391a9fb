/** One import of a file: what it names, on which line, and whether type stripping removes it. */
export interface FoundImport {
  readonly specifier: string
  readonly line: number
  readonly typeOnly: boolean
}

const clause = String.raw`(?:[\w$]+\s*,\s*)?(?:\*(?:\s+as\s+[\w$]+)?|\{[^}]*\}|[\w$]+)\s*from\s*`
const statement = new RegExp(String.raw`^(?:import|export)\s+(type\s+)?(?:${clause})?['"]([^'"\n]+)['"]`, 'gm')
const call = /\b(?:import|require)\(\s*['"]([^'"\n]+)['"]/g
const worker = /\bnew Worker\(\s*new URL\(\s*['"`]([^'"`\n]+)['"`]\s*,\s*import\.meta\.url/g
/** The extension of a worker's module may follow that of whoever starts it; in the source that is .ts. */
const placeholder = /\$\{[^}]*\}/g

/**
 * Finds the imports of a file: statements, dynamic imports, and the modules of worker threads. Reads text, not syntax: the
 * formatter runs first and puts every statement at the start of a line, which is all that is relied on.
 */
export const findImports = (source: string): readonly FoundImport[] => {
  const lineAt = (index: number) => source.slice(0, index).split('\n').length
  const statements = [...source.matchAll(statement)].map((match) => ({
    specifier: match[2] ?? '',
    line: lineAt(match.index),
    typeOnly: match[1] !== undefined,
  }))
  const expressions = [call, worker].flatMap((pattern) =>
    [...source.matchAll(pattern)].map((match) => ({
      specifier: (match[1] ?? '').replace(placeholder, 'ts'),
      line: lineAt(match.index),
      typeOnly: false,
    })),
  )
  return [...statements, ...expressions]
}
