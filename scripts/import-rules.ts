import { builtinModules } from 'node:module'
import { dirname, join, normalize } from 'node:path/posix'
import { type FoundImport, findImports } from './find-imports.ts'

/** One package.json of the repository. */
export interface Workspace {
  readonly name: string
  /** From the root, `''` for the root itself. */
  readonly folder: string
  readonly dependencies: readonly string[]
  readonly devDependencies: readonly string[]
  /** Source file (from the root) behind each specifier that others may write. */
  readonly doors: ReadonlyMap<string, string>
  /** Source file of a program; absent where others import the workspace. */
  readonly main?: string | undefined
}

/** What the rules are held against: every source file, by its path from the root. */
export interface SourceTree {
  readonly workspaces: readonly Workspace[]
  readonly files: ReadonlyMap<string, string>
}

export interface ImportProblem {
  readonly file: string
  readonly line: number
  readonly message: string
}

/** Which workspaces each workspace may import: the arrows of ARCHITECTURE.md. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  '@xshathra/protocol': [],
  '@xshathra/engine': ['@xshathra/protocol'],
  '@xshathra/server': ['@xshathra/protocol', '@xshathra/engine'],
  '@xshathra/realtime': ['@xshathra/protocol', '@xshathra/engine'],
  xshathra: ['@xshathra/protocol', '@xshathra/engine', '@xshathra/server'],
}

/** Where workspaces that are not published may be used although they are declared for development: they are bundled in. */
const bundling = 'packages/realtime/src/testing/'

/**
 * The program reads its environment and hands everybody else what they need. The SDK runs in programs of others, and is
 * set up by theirs.
 */
const environmentReaders: ReadonlySet<string> = new Set(['xshathra', '@xshathra/realtime'])

/** A door whose module graph stays without sockets, files, threads and token libraries, so that it bundles anywhere. */
const core = {
  entry: 'packages/engine/src/core.ts',
  forbidden: new Set([
    ...['child_process', 'cluster', 'dgram', 'dns', 'fs', 'fs/promises', 'http', 'http2', 'https'].map(nodeModule),
    ...['net', 'process', 'sqlite', 'tls', 'worker_threads'].map(nodeModule),
    ...['jose', 'pino', 'prom-client', 'ws'],
  ]),
}

function nodeModule(name: string): string {
  return `node:${name}`
}

const hasExtension = (specifier: string) => /\.(ts|tsx|js|mjs|json|css)$/.test(specifier)
const packageOf = (specifier: string) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

/** Holds the whole tree against the rules and returns every breach. */
export const checkImports = (tree: SourceTree): readonly ImportProblem[] => [
  ...tree.workspaces.flatMap(checkDeclaredArrows),
  ...checkFiles(tree),
  ...checkCore(tree),
]

const checkDeclaredArrows = (workspace: Workspace): readonly ImportProblem[] => {
  if (workspace.folder === '') return []
  const file = `${workspace.folder}/package.json`
  const allowed = arrows[workspace.name]
  if (allowed === undefined) {
    return [
      { file, line: 1, message: `${workspace.name} has no arrows: say in scripts/import-rules.ts what it may import` },
    ]
  }
  return workspace.dependencies
    .filter((name) => name in arrows && !allowed.includes(name))
    .map((name) => ({
      file,
      line: 1,
      message: `${workspace.name} may not depend on ${name}: arrows point the other way`,
    }))
}

const checkFiles = (tree: SourceTree): readonly ImportProblem[] => {
  const shipped = shippedFiles(tree)
  return [...tree.files].flatMap(([file, source]) => {
    const owner = workspaceOf(tree, file)
    const place = { file, owner, isShipped: shipped.has(file) }
    const problems = findImports(source).flatMap(({ specifier, line }) => {
      const message = specifier.startsWith('.')
        ? explainRelative(tree, place, specifier)
        : explainBare(tree, place, specifier)
      return message === undefined ? [] : [{ file, line, message }]
    })
    return [...problems, ...checkEnvironment(place, source)]
  })
}

/** A file, and what its rules depend on. */
interface Place {
  readonly file: string
  readonly owner: Workspace
  readonly isShipped: boolean
}

/** What doors and programs load. All other files of a workspace are tests, and what only tests load. */
const shippedFiles = (tree: SourceTree): ReadonlySet<string> => {
  const entries = tree.workspaces.flatMap(({ doors, main }) => [
    ...doors.values(),
    ...(main === undefined ? [] : [main]),
  ])
  return new Set(roadsFrom(tree, entries, () => true).keys())
}

const workspaceOf = (tree: SourceTree, file: string): Workspace => {
  const inside = tree.workspaces.filter(({ folder }) => folder === '' || file.startsWith(`${folder}/`))
  const owner = inside.toSorted((a, b) => b.folder.length - a.folder.length)[0]
  if (owner === undefined) throw new Error(`no package.json stands above ${file}`)
  return owner
}

const explainRelative = (tree: SourceTree, { file, owner }: Place, specifier: string): string | undefined => {
  if (!hasExtension(specifier)) return `'${specifier}' needs its extension`
  const target = resolveRelative(file, specifier)
  if (workspaceOf(tree, target) !== owner)
    return `'${specifier}' leaves ${owner.name}: import the other package by its name`
  return undefined
}

const resolveRelative = (file: string, specifier: string) => normalize(join(dirname(file), specifier))

const explainBare = (tree: SourceTree, place: Place, specifier: string): string | undefined => {
  const { owner } = place
  if (specifier.startsWith('node:')) return undefined
  if (builtinModules.includes(specifier)) return `'${specifier}' is Node's own: write 'node:${specifier}'`
  const name = packageOf(specifier)
  const target = tree.workspaces.find((workspace) => workspace.name === name)
  if (name !== owner.name && !mayUse(tree, place, name)) {
    return `'${name}' is not declared in the package.json of ${owner.name}`
  }
  if (target !== undefined && !target.doors.has(specifier)) return `'${specifier}' is no door of ${name}`
  return undefined
}

/** What does not ship also has the development tools of the root; other workspaces are never among those. */
const mayUse = (tree: SourceTree, { file, owner, isShipped }: Place, name: string): boolean => {
  if (owner.dependencies.includes(name)) return true
  if (file.startsWith(bundling) && name in arrows) return owner.devDependencies.includes(name)
  if (isShipped) return false
  const root = tree.workspaces.find(({ folder }) => folder === '')
  return owner.devDependencies.includes(name) || (root?.devDependencies.includes(name) ?? false)
}

const environment = /\bprocess\.env\b|\bprocess\[['"]env['"]\]|\{[^}]*\benv\b[^}]*\}\s*=\s*process\b/

const comment = /^\s*(\*|\/[*/])/

const checkEnvironment = ({ file, owner, isShipped }: Place, source: string): readonly ImportProblem[] => {
  if (!isShipped || environmentReaders.has(owner.name)) return []
  const message = 'reads the environment: apps/xshathra does, and hands down what others need'
  return source
    .split('\n')
    .flatMap((text, index) =>
      environment.test(text) && !comment.test(text) ? [{ file, line: index + 1, message }] : [],
    )
}

const checkCore = (tree: SourceTree): readonly ImportProblem[] => {
  const runs = ({ typeOnly }: FoundImport) => !typeOnly
  return [...roadsFrom(tree, [core.entry], runs)].flatMap(([file, road]) =>
    findImports(tree.files.get(file) ?? '')
      .filter((found) => runs(found) && core.forbidden.has(packageOrBuiltin(found)))
      .map(({ specifier, line }) => {
        const message = `'${specifier}' is reached from the engine's core: ${road.join(' → ')}`
        return { file, line, message }
      }),
  )
}

/** Every file that `entries` lead to over imports that count, each with the files on the way there. */
const roadsFrom = (
  tree: SourceTree,
  entries: readonly string[],
  counts: (found: FoundImport) => boolean,
): ReadonlyMap<string, readonly string[]> => {
  const roads = new Map(entries.filter((file) => tree.files.has(file)).map((file) => [file, [file]]))
  // A Map goes on to entries that are added while it is walked.
  for (const [file, road] of roads) {
    for (const { specifier } of findImports(tree.files.get(file) ?? '').filter(counts)) {
      const next = fileBehind(tree, file, specifier)
      if (next !== undefined && !roads.has(next)) roads.set(next, [...road, next])
    }
  }
  return roads
}

const packageOrBuiltin = ({ specifier }: FoundImport) =>
  specifier.startsWith('node:') ? specifier : packageOf(specifier)

/** The source file an import leads to; absent for libraries. */
const fileBehind = (tree: SourceTree, file: string, specifier: string): string | undefined =>
  specifier.startsWith('.')
    ? resolveRelative(file, specifier)
    : tree.workspaces.flatMap(({ doors }) => doors.get(specifier) ?? [])[0]
