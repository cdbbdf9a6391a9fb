import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CTools } from './compile.ts'
import { apiKey, config, platformConfig } from './config.ts'
import { type LoadOptions, type LoadReport, runLoad } from './load.ts'
import { openProject, type RunningPlatform } from './platform.ts'
import { type RunningServer, startServer } from './servers.ts'

/** What is there to measure with. */
export interface Equipment {
  /** Absent without a C compiler. */
  readonly cTools: CTools | undefined
  /** Path of a Centrifugo; absent where none was found. */
  readonly centrifugo: string | undefined
  /** Servers run on core 0 and the load client on core 1. */
  readonly isPinned: boolean
  /** Half the precision in a fifth of the time. */
  readonly isQuick: boolean
}

const repository = join(import.meta.dirname, '..')
const host = '127.0.0.1'
const xshathra = join(repository, 'node_modules', '.bin', 'xshathra')
const loadHeader = `X-API-Key: ${apiKey}`

/**
 * What a case measures on: starts servers and loads them, one at a time. Remembers every process it started and ends
 * them, by their ids, when it is closed.
 */
export class Stage {
  readonly equipment: Equipment
  readonly #directory = mkdtempSync(join(tmpdir(), 'xshathra-bench-'))
  readonly #children = new Set<ChildProcess>()
  readonly #configFile: string
  readonly #platformConfigFile: string
  readonly #loadClient: readonly string[]
  #dataDirs = 0

  constructor(equipment: Equipment) {
    this.equipment = equipment
    this.#configFile = this.writeFile('config.json', JSON.stringify(config))
    this.#platformConfigFile = this.writeFile('platform.json', JSON.stringify(platformConfig))
    const { cTools } = equipment
    const program = cTools ? [cTools.loadgen] : [process.execPath, join(import.meta.dirname, 'node-client.ts')]
    this.#loadClient = [...this.#onCore(1), ...program, '--auth', loadHeader]
  }

  /** The window of one measurement: `full` seconds, or less in a quick run. */
  seconds(full: number): number {
    return this.equipment.isQuick ? full * 0.4 : full
  }

  /** How many: `full`, or fewer in a quick run. */
  count(full: number): number {
    return this.equipment.isQuick ? full / 2 : full
  }

  /** A file for the length of the run. Answers its path. */
  writeFile(name: string, text: string): string {
    const file = join(this.#directory, name)
    writeFileSync(file, text)
    return file
  }

  /** A new, empty data directory. */
  newDataDir(): string {
    this.#dataDirs++
    return join(this.#directory, `data-${this.#dataDirs}`)
  }

  /** Our engine as users start it; with `dataDir`, its history is durable. */
  startEngine(dataDir?: string): Promise<RunningServer> {
    const data = dataDir === undefined ? [] : ['--data-dir', dataDir]
    return this.#start((port) => [
      ...[xshathra, 'engine', '--config', this.#configFile],
      ...['--address', host, '--port', String(port), ...data],
    ])
  }

  /** The whole platform as users start it, with one project in it. Its history is always durable. */
  async startPlatform(): Promise<RunningPlatform> {
    const settings = { XSHATHRA_DATA_DIR: this.newDataDir(), CENTRIFUGO_CONFIG: this.#platformConfigFile }
    const server = await this.#start((port) => [xshathra, 'start', '--address', host, '--port', String(port)], settings)
    try {
      return await openProject(server, { xshathra, settings })
    } catch (error) {
      await server.kill()
      throw error
    }
  }

  startCentrifugo(): Promise<RunningServer> {
    const { centrifugo } = this.equipment
    if (centrifugo === undefined) throw new Error('there is no Centrifugo on this machine')
    return this.#start((port) => [
      ...[centrifugo, '--config', this.#configFile],
      ...['--http_server.address', host, '--http_server.port', String(port)],
    ])
  }

  /** Publishes by itself from SIGUSR2 on: `rate` publications a second, `burst` of them in one write. */
  startReferenceSender(rate: number, burst: number): Promise<RunningServer> {
    const { cTools } = this.equipment
    if (cTools === undefined) throw new Error('there is no C compiler on this machine')
    return this.#start((port) => [cTools.referenceSender, String(port), String(rate), String(burst)])
  }

  startNodeEcho(): Promise<RunningServer> {
    const echo = join(import.meta.dirname, 'reference', 'node-echo.mjs')
    return this.#start((port) => [process.execPath, echo, String(port)])
  }

  /** Loads a server and answers what the client counted. */
  load(server: RunningServer, options: LoadOptions): Promise<LoadReport> {
    return runLoad(this.#loadClient, server, options, (child) => this.#remember(child))
  }

  /** Ends whatever still runs and removes the files. */
  close(): void {
    for (const child of this.#children) child.kill('SIGKILL')
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5 })
  }

  #start(command: (port: number) => readonly string[], settings?: NodeJS.ProcessEnv): Promise<RunningServer> {
    return startServer(
      (port) => [...this.#onCore(0), ...command(port)],
      (child) => this.#remember(child),
      settings,
    )
  }

  #remember(child: ChildProcess): void {
    this.#children.add(child)
    child.once('exit', () => this.#children.delete(child))
  }

  #onCore(core: number): readonly string[] {
    return this.equipment.isPinned ? ['taskset', '-c', String(core)] : []
  }
}

/** Runs `work` with a server that does not outlive it. */
export const withServer = async <Server extends RunningServer, Value>(
  starting: Promise<Server>,
  work: (server: Server) => Promise<Value>,
): Promise<Value> => {
  const server = await starting
  try {
    return await work(server)
  } finally {
    await server.kill()
  }
}
