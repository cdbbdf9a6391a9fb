/** Part of `npm run check`: holds every import to the rules of import-rules.ts. */
import { join } from 'node:path'
import { checkImports } from './import-rules.ts'
import { loadSourceTree } from './source-tree.ts'

const tree = loadSourceTree(join(import.meta.dirname, '..'))
const problems = checkImports(tree)
for (const { file, line, message } of problems) console.error(`${file}:${line} ${message}`)
console.log(`imports: ${tree.files.size} files, ${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1
