import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Machine, machineSlug } from './machine.ts'
import type { CaseRecord } from './rounds.ts'
import { spreadOfTarget } from './table.ts'

/** How a run was asked for. */
export interface RunPlan {
  readonly rounds: number
  readonly isQuick: boolean
  readonly seed: number
}

/** Keeps a whole run as a file of this repository. Answers its path. */
export const saveResult = (machine: Machine, plan: RunPlan, records: readonly CaseRecord[]): string => {
  const folder = join(import.meta.dirname, 'results')
  const date = new Date().toISOString().slice(0, 10)
  const file = join(folder, `${date}-${machineSlug(machine)}.json`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, `${JSON.stringify({ date, machine, plan, cases: records.map(recordOf) }, undefined, 2)}\n`)
  return file
}

const recordOf = ({ case: { name, title, unit, targets }, rounds, failures }: CaseRecord) => ({
  name,
  title,
  unit,
  targets: targets.map((target) => ({
    label: target.label,
    unit: target.unit,
    ...spreadOfTarget(target, rounds),
    reach: target.reach,
    stretch: target.stretch,
  })),
  rounds: rounds.map((round) => Object.fromEntries(round)),
  failures,
})
