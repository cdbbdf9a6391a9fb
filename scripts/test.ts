/** `npm test`: what CI runs. Ends with one line of totals for people and machines, and an exit code that agrees with it. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runChecks } from './checks.ts'
import { runChild } from './run-child.mjs'
import { addTotals, countOutcomes, type TestTotals, totalsLine } from './test-totals.ts'

/** The vitest configurations of the repository: beside the source, and from outside. */
const suites: readonly (readonly string[])[] = [[], ['--config', 'e2e/wire/vitest.wire.config.ts']]

const failedChecks = await runChecks()
const folder = mkdtempSync(join(tmpdir(), 'xshathra-test-'))
try {
  const runs: TestTotals[] = [{ passed: 0, failed: failedChecks.length, skipped: 0 }]
  for (const [index, suite] of suites.entries()) runs.push(await runSuite(suite, join(folder, `${index}.json`)))
  for (const name of failedChecks) console.log(`check failed: ${name}`)
  const totals = addTotals(runs)
  console.log(totalsLine(totals))
  process.exitCode = totals.failed === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function runSuite(suite: readonly string[], reportFile: string): Promise<TestTotals> {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`]
  const exitCode = await runChild('vitest', ['--run', ...suite, ...reporters])
  // A run that ended before it could report is one failure.
  if (!existsSync(reportFile)) return { passed: 0, failed: 1, skipped: 0 }
  const totals = countOutcomes(JSON.parse(readFileSync(reportFile, 'utf8')))
  // And so is one that is bad without a bad test: an unhandled rejection, or nothing found to run.
  return exitCode !== 0 && totals.failed === 0 ? { ...totals, failed: 1 } : totals
}
