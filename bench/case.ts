import type { LoadReport } from './load.ts'
import type { Stage } from './stage.ts'

/** Who does the work of a case. The engine is ours; all others are there to compare it with. */
export type CandidateName = string

/** The names that several cases use. */
export const engine = 'xshathra engine'
export const cReference = 'C reference'
export const nodeEcho = 'node:http echo'
export const centrifugo = 'Centrifugo'

/** What one candidate did in one round. */
export interface Figures {
  /** What is compared, in the unit of the case. */
  readonly cost: number
  /** In words, for the reader of the table. */
  readonly note: string
  /** All that the load client counted, for the stored result. */
  readonly report: LoadReport
}

/** The figures of one round of one case by candidate; those that could not be measured are missing. */
export type RoundFigures = ReadonlyMap<CandidateName, Figures>

export interface Candidate {
  readonly name: CandidateName
  /** Absent on this machine, the candidate is left out. */
  readonly needs?: 'C compiler' | 'Centrifugo' | undefined
  /** Measured behind this candidate, because its load depends on what that one did. */
  readonly after?: CandidateName | undefined
  /** Starts what it needs, loads it, and leaves nothing running. */
  measure(stage: Stage, soFar: RoundFigures): Promise<Figures>
}

/** A number taken from one round, and how far it has to get. */
export interface Target {
  readonly label: string
  readonly unit: string
  readonly value: (round: RoundFigures) => number | undefined
  /** What is promised. */
  readonly reach?: Bound | undefined
  /** What would be excellent. */
  readonly stretch?: Bound | undefined
}

export type Bound = { readonly atMost: number } | { readonly atLeast: number }

/** One kind of work, done by several candidates side by side. */
export interface Case {
  /** kebab-case: names the case on the command line and in stored results. */
  readonly name: string
  readonly title: string
  /** Of every cost in this case. Less is better. */
  readonly unit: string
  readonly candidates: readonly Candidate[]
  readonly targets: readonly Target[]
}

interface RatioBounds {
  readonly reach?: number
  readonly stretch?: number
}

/** One candidate's cost as a multiple of another's in the same round. */
export const ratio = (one: CandidateName, other: CandidateName, { reach, stretch }: RatioBounds = {}): Target => ({
  label: `${one} ÷ ${other}`,
  unit: '×',
  value: (round) => {
    const numerator = round.get(one)
    const denominator = round.get(other)
    return numerator && denominator && numerator.cost / denominator.cost
  },
  reach: reach === undefined ? undefined : { atMost: reach },
  stretch: stretch === undefined ? undefined : { atMost: stretch },
})

/** A figure of the engine that is judged by itself. */
export const figureOf = (
  label: string,
  unit: string,
  value: (figures: Figures) => number,
  bounds: { readonly reach?: Bound; readonly stretch?: Bound },
): Target => ({
  label: `${engine}: ${label}`,
  unit,
  value: (round) => {
    const figures = round.get(engine)
    return figures && value(figures)
  },
  ...bounds,
})

export const isWithin = (value: number, bound: Bound): boolean =>
  'atMost' in bound ? value <= bound.atMost : value >= bound.atLeast
