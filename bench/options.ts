import { parseArgs } from 'node:util'
import type { Case } from './case.ts'

/** What was asked for on the command line. */
export interface BenchOptions {
  readonly cases: readonly Case[]
  readonly rounds: number
  readonly isQuick: boolean
  readonly isSaved: boolean
  readonly seed: number
  /** No case is begun after that time. */
  readonly budgetMs: number
}

/** The last case that is begun may take ten seconds more. */
const defaults = { rounds: 3, minutes: 7.8 }
const quickDefaults = { rounds: 1, minutes: 1.9 }

/** What `--help` prints. */
export const usage = (known: readonly Case[]): string =>
  `npm run bench -- [options]
  --only a,b     cases whose names begin like this
  --rounds n     how often each is measured (${defaults.rounds})
  --minutes m    begin nothing new after that time (${defaults.minutes})
  --quick        one short round: a hint, not a result
  --seed n       repeats the order of an earlier run
  --save         keeps the result in bench/results
cases:
${known.map(({ name, title }) => `  ${name.padEnd(26)}${title}`).join('\n')}`

/** Reads the arguments; throws with a sentence for people where they cannot be followed. `'help'`: only tell what there is. */
export const readOptions = (args: readonly string[], known: readonly Case[]): BenchOptions | 'help' => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      rounds: { type: 'string' },
      minutes: { type: 'string' },
      seed: { type: 'string' },
      quick: { type: 'boolean', default: false },
      save: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const usual = values.quick ? quickDefaults : defaults
  return {
    cases: values.only === undefined ? known : choose(values.only, known),
    rounds: Math.ceil(positive('--rounds', values.rounds, usual.rounds)),
    isQuick: values.quick,
    isSaved: values.save,
    seed: Math.floor(positive('--seed', values.seed, 1 + Math.random() * 999_999)),
    budgetMs: positive('--minutes', values.minutes, usual.minutes) * 60_000,
  }
}

const choose = (only: string, known: readonly Case[]): readonly Case[] => {
  const beginnings = only.split(',')
  const stranger = beginnings.find((beginning) => !known.some(({ name }) => name.startsWith(beginning)))
  if (stranger !== undefined) throw new Error(`--only ${stranger}: no case begins like this`)
  return known.filter(({ name }) => beginnings.some((beginning) => name.startsWith(beginning)))
}

const positive = (flag: string, text: string | undefined, usual: number): number => {
  if (text === undefined) return usual
  const value = Number(text)
  if (!(value > 0) || value === Number.POSITIVE_INFINITY) throw new Error(`${flag} ${text}: not a number above 0`)
  return value
}
