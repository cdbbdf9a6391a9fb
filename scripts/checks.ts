import { runChild } from './run-child.mjs'

/** Whatever CI holds the tree to before it runs a test. */
const checks: readonly { readonly name: string; readonly command: readonly [string, ...string[]] }[] = [
  { name: 'format and lint', command: ['biome', 'check', '--error-on-warnings', '.'] },
  { name: 'types', command: ['tsc', '-b'] },
  { name: 'types of e2e', command: ['tsc', '-p', 'e2e/wire'] },
  { name: 'imports', command: ['node', 'scripts/check-imports.ts'] },
  { name: 'documents', command: ['node', 'scripts/check-docs.ts'] },
]

/** Runs every check, also after one has failed, and returns the names of those that did. */
export const runChecks = async (): Promise<readonly string[]> => {
  const failures: string[] = []
  for (const { name, command } of checks) {
    const startedMs = performance.now()
    const [program, ...args] = command
    const passed = (await runChild(program, args)) === 0
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
    console.log(`check: ${name} ${passed ? 'passed' : 'FAILED'} (${seconds} s)`)
    if (!passed) failures.push(name)
  }
  return failures
}
