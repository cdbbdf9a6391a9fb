import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SourceTree, Workspace } from './import-rules.ts'

const notOurs = ['**/node_modules/**', '**/dist/**', '**/coverage/**', '**/.*/**']

/** Lists the repository's own files that match, as paths from its root. */
export const listFiles = (root: string, pattern: string): readonly string[] =>
  globSync(pattern, { cwd: root, exclude: notOurs }).toSorted()

/** Reads every package.json and every source file below `root`. */
export const loadSourceTree = (root: string): SourceTree => ({
  workspaces: listFiles(root, '{package.json,{packages,apps,examples}/*/package.json}').map((file) =>
    readWorkspace(root, file),
  ),
  files: new Map(
    listFiles(root, '{packages,apps,scripts,e2e,bench,examples}/**/*.{ts,tsx,js,mjs}').map((file) => [
      file,
      readFileSync(join(root, file), 'utf8'),
    ]),
  ),
})

const readWorkspace = (root: string, file: string): Workspace => {
  const manifest = JSON.parse(readFileSync(join(root, file), 'utf8')) as {
    name: string
    dependencies?: Record<string, string>
    peerDependencies?: Record<string, string>
    devDependencies?: Record<string, string>
    exports?: Record<string, Record<string, string>>
    bin?: Record<string, string>
  }
  const folder = file.slice(0, -'/package.json'.length)
  const doors = Object.entries(manifest.exports ?? {}).map(([door, conditions]): [string, string] => [
    `${manifest.name}${door.slice(1)}`,
    join(folder, conditions['@xshathra/source'] ?? ''),
  ])
  return {
    name: manifest.name,
    folder,
    dependencies: Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }),
    devDependencies: Object.keys(manifest.devDependencies ?? {}),
    doors: new Map(doors),
    main: manifest.bin === undefined ? undefined : join(folder, 'src/main.ts'),
  }
}
