import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { callControl } from '../../control/control-client.ts'
import { readControlFile } from '../../control/control-file.ts'

const program = fileURLToPath(new URL('../../../../../apps/xshathra/bin/xshathra.js', import.meta.url))

export interface ProjectKeys {
  readonly projectId: string
  readonly serverApiKey: string
  readonly clientApiKey: string
}

export interface Answered {
  readonly status: number
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any
}

/** The program as a process of its own, for tests that attack or kill it. */
export class ServerProcess {
  readonly dataDir: string
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>
  #output = ''
  #onOutput = () => {}

  constructor(
    dataDir: string,
    { port = 0, env = {} }: { port?: number | undefined; env?: Record<string, string> } = {},
  ) {
    this.dataDir = dataDir
    this.#child = spawn(process.execPath, [program, 'start', '--port', String(port)], {
      cwd: join(dataDir, '..'),
      env: { PATH: process.env.PATH, HOME: process.env.HOME, XSHATHRA_DATA_DIR: dataDir, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#closed = once(this.#child, 'close').then(() => this.#onOutput())
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
        this.#onOutput()
      })
    }
  }

  /** Starts one and waits until it listens. */
  static async start(...how: ConstructorParameters<typeof ServerProcess>): Promise<ServerProcess> {
    const server = new ServerProcess(...how)
    while (!server.url && server.#child.exitCode === null) {
      await new Promise<void>((resolve) => {
        server.#onOutput = resolve
      })
    }
    if (!server.url) throw new Error(server.output)
    return server
  }

  /** All it has printed. */
  get output(): string {
    return this.#output
  }

  /** `''` until it listens. */
  get url(): string {
    return /listens on (http:\S+)/.exec(this.#output)?.[1] ?? ''
  }

  get port(): number {
    return Number(new URL(this.url).port)
  }

  get socketUrl(): string {
    return `${this.url.replace('http', 'ws')}/realtime/connection/websocket`
  }

  /** Asks what commands of this machine may ask. Throws the problem's code. */
  async ask<Value>(action: string, input: object): Promise<Value> {
    const address = readControlFile(this.dataDir)
    if (address === undefined) throw new Error('there is no control file')
    const outcome = await callControl(address, action, input)
    if (!outcome.ok) throw new Error(outcome.problem.code)
    return outcome.value as Value
  }

  createProject(name: string): Promise<ProjectKeys> {
    return this.ask('project.create', { name, environment: 'development', locked: [] })
  }

  /** Calls the data plane as a project's backend. */
  async post({ serverApiKey }: ProjectKeys, endpoint: string, body: object): Promise<Answered> {
    const response = await fetch(`${this.url}/api/realtime/${endpoint}`, {
      method: 'POST',
      headers: { Authorization: `apikey ${serverApiKey}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    return { status: response.status, text, body: JSON.parse(text) }
  }

  async mint(keys: ProjectKeys, body: object): Promise<string> {
    const endpoint = 'channel' in body ? 'subscription-token' : 'token'
    return (await this.post(keys, endpoint, body)).body.token
  }

  /** Sends a signal and gives the exit code; null where the signal ended it. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal)
    return this.ended()
  }

  async ended(): Promise<number | null> {
    await this.#closed
    return this.#child.exitCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL')
  }
}
