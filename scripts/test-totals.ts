/** The parts of vitest's JSON report that are counted. */
export interface TestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly {
    readonly status: string
    readonly assertionResults: readonly { readonly status: string }[]
  }[]
}

export interface TestTotals {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** Sums a run. A file that failed without a failing test (it did not load, a hook threw) counts as one failure. */
export const countOutcomes = (report: TestReport): TestTotals => {
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  )
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

export const addTotals = (runs: readonly TestTotals[]): TestTotals => ({
  passed: sum(runs.map(({ passed }) => passed)),
  failed: sum(runs.map(({ failed }) => failed)),
  skipped: sum(runs.map(({ skipped }) => skipped)),
})

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

export const totalsLine = ({ passed, failed, skipped }: TestTotals): string =>
  `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`
