import type { Result } from '@xshathra/protocol'

/** What a step found. */
export interface Finding {
  readonly step: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
  /** What was seen, or what is wrong. */
  readonly detail: string
  /** What to do about it. */
  readonly cure?: string | undefined
}

/** What a step saw, or why it failed and what to do. */
export type StepResult = Result<string, { readonly detail: string; readonly cure: string }>

/** Steps that build on each other: behind one that failed all others are skipped. */
export class Walk {
  readonly findings: Finding[] = []
  #isBroken = false

  /** Runs a step, if those before it went well. What it throws is a failure of it. */
  async step(step: string, run: () => Promise<StepResult>): Promise<void> {
    const finding = this.#isBroken ? skipped(step) : { step, ...toFinding(await run().catch(surprise)) }
    this.findings.push(finding)
    this.#isBroken ||= finding.outcome === 'failed'
  }
}

const skipped = (step: string): Finding => ({ step, outcome: 'skipped', detail: 'a step before it failed' })

const toFinding = (result: StepResult) =>
  result.ok ? { outcome: 'passed' as const, detail: result.value } : { outcome: 'failed' as const, ...result.problem }

const surprise = (error: unknown): StepResult => ({
  ok: false,
  problem: { detail: reasonOf(error), cure: 'Look into the log of the server, and of what stands in front of it.' },
})

/** What went wrong, with the cause that fetch hides behind its own error. */
export const reasonOf = (error: unknown): string => {
  const { message, cause } = error as Error
  return cause instanceof Error ? `${message}: ${cause.message || (cause as NodeJS.ErrnoException).code}` : message
}
