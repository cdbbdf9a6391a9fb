import type { Candidate, CandidateName, Case, Figures, RoundFigures } from './case.ts'
import type { Stage } from './stage.ts'
import { shuffled } from './statistics.ts'

/** What all rounds of one case measured. */
export interface CaseRecord {
  readonly case: Case
  readonly rounds: RoundFigures[]
  /** Why a candidate could not be measured, once per round in which that happened. */
  readonly failures: string[]
}

export interface RoundsPlan {
  readonly cases: readonly Case[]
  readonly rounds: number
  readonly stage: Stage
  readonly random: () => number
  /** No case is begun after that many milliseconds. */
  readonly budgetMs: number
  readonly onProgress: (line: string) => void
}

/**
 * Measures all cases round by round, in another order each time, the candidates of a case right behind one another:
 * whatever changes on the machine meanwhile hits all of them alike.
 */
export const measureRounds = async (plan: RoundsPlan): Promise<readonly CaseRecord[]> => {
  const { cases, rounds, random, budgetMs, onProgress } = plan
  const records = cases.map((one): CaseRecord => ({ case: one, rounds: [], failures: [] }))
  const untilMs = performance.now() + budgetMs
  for (let round = 1; round <= rounds; round++) {
    for (const record of shuffled(records, random)) {
      if (performance.now() > untilMs) {
        onProgress(`time is up in round ${round} of ${rounds}`)
        return records
      }
      onProgress(`round ${round} of ${rounds}: ${record.case.name}`)
      record.rounds.push(await measureCase(record, plan))
    }
  }
  return records
}

const measureCase = async (record: CaseRecord, { stage, random }: RoundsPlan): Promise<RoundFigures> => {
  const figures = new Map<CandidateName, Figures>()
  for (const candidate of inOrder(shuffled(record.case.candidates, random), stage)) {
    try {
      figures.set(candidate.name, await candidate.measure(stage, figures))
    } catch (error) {
      record.failures.push(`${candidate.name}: ${(error as Error).message}`)
    }
  }
  return figures
}

/** Those that can be measured here, each behind the one that it has to follow. */
const inOrder = (candidates: readonly Candidate[], { equipment }: Stage): readonly Candidate[] => {
  const present = candidates.filter(
    ({ needs }) =>
      needs === undefined ||
      (needs === 'Centrifugo' ? equipment.centrifugo !== undefined : equipment.cTools !== undefined),
  )
  return [...present.filter(({ after }) => after === undefined), ...present.filter(({ after }) => after !== undefined)]
}
