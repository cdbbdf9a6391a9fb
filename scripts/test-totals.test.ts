import { describe, expect, it } from 'vitest'
import { addTotals, countOutcomes, totalsLine } from './test-totals.ts'

const report = { numPassedTests: 3, numFailedTests: 1, numPendingTests: 1, numTodoTests: 1, testResults: [] }

describe('the totals of a test run', () => {
  it('sum what passed, what failed and what did not run', () => {
    expect(countOutcomes(report)).toEqual({ passed: 3, failed: 1, skipped: 2 })
  })

  it('count a file that did not load as a failure, though no test of it failed', () => {
    const testResults = [
      { status: 'failed', assertionResults: [] },
      { status: 'failed', assertionResults: [{ status: 'failed' }] },
      { status: 'passed', assertionResults: [{ status: 'passed' }] },
    ]
    expect(countOutcomes({ ...report, testResults }).failed).toBe(2)
  })

  it('of several runs are added up', () => {
    const run = { passed: 2, failed: 1, skipped: 0 }
    expect(addTotals([run, run, { passed: 0, failed: 0, skipped: 4 }])).toEqual({ passed: 4, failed: 2, skipped: 4 })
  })

  it('are one plain line, without a word about skipped tests when there are none', () => {
    expect(totalsLine({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed')
    expect(totalsLine({ passed: 12, failed: 1, skipped: 2 })).toBe('12 passed, 1 failed, 2 skipped')
  })
})
