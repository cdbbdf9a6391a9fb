/** Part of `npm run check`: links between documents resolve, and the rules of SPEC.md and the tests know each other. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkLinks, checkRules } from './doc-rules.ts'
import { listFiles } from './source-tree.ts'

const root = join(import.meta.dirname, '..')
const read = (...patterns: readonly string[]): ReadonlyMap<string, string> =>
  new Map(
    patterns
      .flatMap((pattern) => listFiles(root, pattern))
      .map((file) => [file, readFileSync(join(root, file), 'utf8')]),
  )

const documents = read('**/*.md')
const specs = read('packages/*/SPEC.md')
const tests = read('{packages,apps}/*/src/**/*.test.ts', '{packages,apps}/*/src/**/*-conformance.ts', 'e2e/**/*.ts')
const problems = [...checkLinks(documents, (path) => existsSync(join(root, path))), ...checkRules(specs, tests)]

for (const { file, message } of problems) console.error(`${file}: ${message}`)
console.log(`documents: ${documents.size} texts, ${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1
