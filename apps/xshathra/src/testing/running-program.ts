import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export const bin = fileURLToPath(new URL('../../bin/xshathra.js', import.meta.url))

/** A program that a test has started, with all it has printed. */
export class RunningProgram {
  readonly process: ChildProcess
  readonly #closed: Promise<unknown>
  #output = ''
  #errors = ''
  #onOutput = () => {}

  /** The environment is the machine's search path and nothing else, so that no variable of the tester's counts. */
  constructor(command: string, args: readonly string[], options: { cwd: string; env?: Record<string, string> }) {
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...options.env }
    this.process = spawn(command, args, { cwd: options.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#closed = once(this.process, 'close').then(() => this.#onOutput())
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text
      this.#onOutput()
    })
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text
      this.#onOutput()
    })
  }

  get output(): string {
    return this.#output
  }

  get errors(): string {
    return this.#errors
  }

  /** Waits until it has printed something that matches, on either stream. Throws when it ends without. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#output) ?? pattern.exec(this.#errors)
      if (match) return match
      if (this.#hasEnded) throw new Error(`ended without printing ${pattern}\n${this.#output}${this.#errors}`)
      await new Promise<void>((resolve) => {
        this.#onOutput = resolve
      })
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal)
  }

  /** Waits for its end and gives the exit code; null where a signal ended it. */
  async ended(): Promise<number | null> {
    await this.#closed
    return this.process.exitCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) this.process.kill('SIGKILL')
    await this.#closed
  }

  get #hasEnded(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null
  }
}
