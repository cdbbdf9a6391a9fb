import { execFileSync } from 'node:child_process'
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** The programs of bench/c, built. */
export interface CTools {
  readonly loadgen: string
  readonly referenceSender: string
}

const sources = join(import.meta.dirname, 'c')
const cache = join(import.meta.dirname, '..', 'node_modules', '.cache', 'xshathra-bench')

/** First line of the compiler's version; undefined where there is none, or where the tools cannot run (they use epoll). */
export const findCompiler = (): string | undefined => {
  if (process.platform !== 'linux') return undefined
  try {
    return execFileSync('cc', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')[0]
  } catch {
    return undefined
  }
}

/** Builds what is older than its source. Throws with the compiler's words where that fails. */
export const compileCTools = (): CTools => {
  mkdirSync(cache, { recursive: true })
  return { loadgen: compile('loadgen'), referenceSender: compile('reference-sender') }
}

const compile = (name: string): string => {
  const source = join(sources, `${name}.c`)
  const program = join(cache, name)
  if (changedMs(program) <= changedMs(source)) {
    execFileSync('cc', ['-O2', '-o', program, source], { stdio: ['ignore', 'ignore', 'inherit'] })
  }
  return program
}

const changedMs = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
