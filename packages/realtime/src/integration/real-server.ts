import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

export const repository = join(import.meta.dirname, '../../../..')
const program = join(repository, 'node_modules/.bin/xshathra')

/** A folder that goes with the test. */
export const makeFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'xshathra-realtime-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Runs a program to its end, and gives what it printed; a failure throws with its own words. */
export const run = (
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): string => {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 64 * 1024 * 1024,
  })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed (${status})\n${stdout}${stderr}`)
  return stdout
}

/** A server as people start it, on a port that is free. It ends with the test at the latest. */
export class RealServer {
  readonly url: string
  readonly #child: ChildProcess

  constructor(url: string, child: ChildProcess) {
    this.url = url
    this.#child = child
  }

  /** Ends it without a warning. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }
}

/** Starts `xshathra` with a command and its arguments, and waits until it listens. */
export const startServer = async (
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<RealServer> => {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
  }
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', () => {
      const found = /(http:\/\/[\w.]+:\d+)/.exec(printed)?.[1]
      if (found !== undefined) resolve(found)
    })
    child.once('exit', (code) => reject(new Error(`xshathra ${args.join(' ')} ended with ${code}:\n${printed}`)))
  })
  const server = new RealServer(url, child)
  onTestFinished(() => server.kill())
  return server
}

/** Runs a command of `xshathra`, and gives what it printed. */
export const command = (args: readonly string[], cwd: string, env: Readonly<Record<string, string>>): string =>
  run(program, args, cwd, env)
