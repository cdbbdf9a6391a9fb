/** Writes the pages of docs/reference that are made from the source. Tests beside the source fail while one is stale. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const program = join(root, 'apps', 'xshathra', 'bin', 'xshathra.js')
const pages = { 'config.md': ['config', '--reference'] } as const satisfies Record<string, readonly string[]>

mkdirSync(join(root, 'docs', 'reference'), { recursive: true })
for (const [page, args] of Object.entries(pages)) {
  const text = execFileSync(process.execPath, [program, ...args], { encoding: 'utf8' })
  writeFileSync(join(root, 'docs', 'reference', page), text)
  console.log(`docs/reference/${page}`)
}
