import type { Refusal } from '@xshathra/engine'

/** One rule that was looked at, for people: what it says and what came of it. */
export interface RuleOutcome {
  readonly rule: string
  readonly outcome: 'passed' | 'refused' | 'not reached'
  readonly detail?: string | undefined
}

/** Collects the rules that a decision went through; absent where nobody wants to know. */
export type RuleTrace = RuleOutcome[] | undefined

/** A rule of a decision: what it asks for, and the refusal where a case does not fit. */
export interface Rule<Case> {
  readonly says: string
  readonly refuse: (subject: Case) => Refusal | undefined
}

/** Goes through the rules in their order until one refuses. */
export const firstRefusal = <Case>(
  rules: readonly Rule<Case>[],
  subject: Case,
  trace: RuleTrace,
): Refusal | undefined => {
  let refusal: Refusal | undefined
  for (const { says, refuse } of rules) {
    if (refusal) trace?.push({ rule: says, outcome: 'not reached' })
    else {
      refusal = refuse(subject)
      trace?.push(outcomeOf(says, refusal))
    }
    if (refusal && !trace) break
  }
  return refusal
}

/** A rule with what came of it. */
export const outcomeOf = (rule: string, refusal: { readonly rule: string } | undefined): RuleOutcome =>
  refusal ? { rule, outcome: 'refused', detail: refusal.rule } : { rule, outcome: 'passed' }
