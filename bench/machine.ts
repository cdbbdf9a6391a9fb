import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os'
import { delimiter, join } from 'node:path'
import { findCompiler } from './compile.ts'

/** Where a result was made: figures of different machines do not compare. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGb: number
  readonly system: string
  readonly node: string
  /** Commit of the checkout, with a mark where files differ from it. */
  readonly revision: string
  readonly compiler: string
  readonly centrifugo: string
  readonly isPinned: boolean
  /** Of the minute before the run: how busy others kept the machine. */
  readonly loadAverage: number
}

export const describeMachine = (centrifugo: string | undefined): Machine => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / 2 ** 30),
  system: `${platform()} ${release()} ${arch()}`,
  node: process.version,
  revision: firstLine('git', 'describe', '--always', '--dirty') ?? 'unknown',
  compiler: findCompiler() ?? 'none',
  centrifugo: (centrifugo && firstLine(centrifugo, 'version')) ?? 'none',
  isPinned: canPin(),
  loadAverage: loadavg()[0] as number,
})

/** Whether servers and load client can have a core each. */
export const canPin = (): boolean => cpus().length > 1 && firstLine('taskset', '-c', '0,1', 'true') !== undefined

/** A Centrifugo to compare with: CENTRIFUGO_BIN, or the first one on the PATH. */
export const findCentrifugo = (): string | undefined => {
  const named = process.env.CENTRIFUGO_BIN
  if (named) return named
  const places = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'centrifugo'))
  return places.find(isProgram)
}

/** For the name of a file: what machine this is, without saying whose. */
export const machineSlug = ({ cpu, cores }: Machine): string =>
  `${cpu} ${cores} cores`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')

const isProgram = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** What a program says first; undefined where it does not run. */
const firstLine = (program: string, ...args: readonly string[]): string | undefined => {
  try {
    const printed = execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    return printed.trim().split('\n')[0]
  } catch {
    return undefined
  }
}
