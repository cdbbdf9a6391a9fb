/**
 * `npm run bench`: measures the running engine from outside, beside what it is compared with, and prints a table.
 * README.md in this folder says what is measured and how to read it.
 */

import { cases } from './cases/cases.ts'
import { type CTools, compileCTools, findCompiler } from './compile.ts'
import { canPin, describeMachine, findCentrifugo } from './machine.ts'
import { type BenchOptions, readOptions, usage } from './options.ts'
import { saveResult } from './results.ts'
import { type CaseRecord, measureRounds } from './rounds.ts'
import { Stage } from './stage.ts'
import { createRandom } from './statistics.ts'
import { caseLines, machineLines } from './table.ts'

const say = (line: string) => process.stderr.write(`bench: ${line}\n`)

const prepareCTools = (): CTools | undefined => {
  if (findCompiler() !== undefined) return compileCTools()
  say('no C compiler (cc) on Linux here: a Node client takes its place. It costs as much as a server: no ratios')
  return undefined
}

/** Nothing is judged by a client that takes as long as the server does. */
const withoutTargets = (record: CaseRecord): CaseRecord => ({ ...record, case: { ...record.case, targets: [] } })

const run = async (options: BenchOptions): Promise<boolean> => {
  const { isQuick, rounds, seed, budgetMs } = options
  const centrifugo = findCentrifugo()
  const machine = describeMachine(centrifugo)
  const cTools = prepareCTools()
  const stage = new Stage({ cTools, centrifugo, isPinned: canPin(), isQuick })
  const stop = () => {
    stage.close()
    process.exit(130)
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    const random = createRandom(seed)
    const measured = await measureRounds({ cases: options.cases, rounds, stage, random, budgetMs, onProgress: say })
    const records = cTools ? measured : measured.map(withoutTargets)
    const heading = [...machineLines(machine), `seed ${seed}${isQuick ? '; quick: a hint, not a result' : ''}`]
    console.log([...heading, ...records.flatMap(caseLines)].join('\n'))
    if (options.isSaved) say(`kept in ${saveResult(machine, { rounds, isQuick, seed }, records)}`)
    return records.every(({ failures }) => failures.length === 0)
  } finally {
    stage.close()
  }
}

const readArguments = (): BenchOptions | undefined => {
  try {
    const options = readOptions(process.argv.slice(2), cases)
    if (options !== 'help') return options
    console.log(usage(cases))
  } catch (error) {
    say((error as Error).message)
    console.error(usage(cases))
    process.exitCode = 2
  }
  return undefined
}

const options = readArguments()
if (options && !(await run(options))) process.exitCode = 1
