import { type Bound, isWithin, type RoundFigures, type Target } from './case.ts'
import type { Machine } from './machine.ts'
import { short } from './numbers.ts'
import type { CaseRecord } from './rounds.ts'
import { type Spread, spreadOf } from './statistics.ts'

const nameWidth = 52

/** The machine in a few lines, to stand above the table. */
export const machineLines = (machine: Machine): readonly string[] => [
  `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.system}`,
  `xshathra ${machine.revision}, Node ${machine.node}, Centrifugo: ${machine.centrifugo}`,
  `C compiler: ${machine.compiler}`,
  `${machine.isPinned ? 'server on core 0, load client on core 1' : 'not pinned to cores: expect noise'}; load average before: ${short(machine.loadAverage)}`,
]

/** One case for people: candidates with their median cost, then ratios and what was promised of them. */
export const caseLines = ({ case: { name, title, unit, candidates, targets }, rounds, failures }: CaseRecord) => [
  '',
  `${name}: ${title}`,
  `  ${unit}, median of ${rounds.length} (lowest … highest)`,
  ...candidates.flatMap((candidate) => candidateLines(candidate.name, rounds)),
  ...targets.flatMap((target) => targetLines(target, rounds)),
  ...[...new Set(failures)].map((failure) => `  FAILED ${summaryOf(failure)}`),
]

/** The line that tells most: whose it is, and the error itself where a program printed more around it. */
const summaryOf = (failure: string): string => {
  const [first = '', ...more] = failure.split('\n')
  const error = more.find((line) => /error/i.test(line))
  return error === undefined ? first : `${first} … ${error.trim()}`
}

/** A target over all rounds; undefined where it could not be measured. */
export const spreadOfTarget = ({ value }: Target, rounds: readonly RoundFigures[]): Spread | undefined =>
  spreadOf(rounds.map(value).filter((one) => one !== undefined))

const candidateLines = (name: string, rounds: readonly RoundFigures[]): string[] => {
  const measured = rounds.map((round) => round.get(name)).filter((figures) => figures !== undefined)
  const costs = spreadOf(measured.map(({ cost }) => cost))
  if (costs === undefined) return []
  const inTheMiddle = [...measured].sort((a, b) => a.cost - b.cost)[Math.floor(measured.length / 2)]
  return [`  ${name.padEnd(nameWidth)}${spreadText(costs, '')}  ${inTheMiddle?.note ?? ''}`]
}

const targetLines = (target: Target, rounds: readonly RoundFigures[]): string[] => {
  const spread = spreadOfTarget(target, rounds)
  if (spread === undefined) return []
  const verdicts = [verdict('reach', target.reach, spread.median), verdict('stretch', target.stretch, spread.median)]
  return [`  ${target.label.padEnd(nameWidth)}${spreadText(spread, target.unit)}  ${verdicts.join('')}`.trimEnd()]
}

const spreadText = ({ median, lowest, highest }: Spread, unit: string): string =>
  `${short(median).padStart(7)} ${unit.padEnd(4)}${`(${short(lowest)} … ${short(highest)})`.padEnd(18)}`

const verdict = (kind: string, bound: Bound | undefined, value: number): string => {
  if (bound === undefined) return ''
  const text = 'atMost' in bound ? `≤ ${bound.atMost}` : `≥ ${bound.atLeast}`
  return `${kind} ${text} ${isWithin(value, bound) ? '✓' : '✗'}  `
}
