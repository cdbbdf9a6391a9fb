import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, inject } from 'vitest'
import { freePort } from './free-port.ts'

/** A part of a Centrifugo v6 configuration; objects are merged into {@link baseConfig}, all else replaces. */
export type Config = { readonly [key: string]: unknown }

export interface ServerSettings {
  readonly config?: Config
  /** Environment of the process, next to PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>
  /** Command line after `--config FILE`. */
  readonly args?: (port: number) => readonly string[]
  /** The configuration file as text, where its format is under test: gets the port to listen on. */
  readonly file?: { readonly name: string; readonly text: (port: number) => string }
}

export const API_KEY = 'wire-api-key'
export const TOKEN_SECRET = 'wire-token-secret'

const READY_WITHIN_MS = 15_000
const STOPPED_WITHIN_MS = 15_000

const baseConfig = (port: number): Config => ({
  http_server: { address: '127.0.0.1', port },
  health: { enabled: true },
  http_api: { key: API_KEY },
  usage_stats: { disabled: true },
  client: { allowed_origins: ['*'], token: { hmac_secret_key: TOKEN_SECRET } },
})

const isObject = (value: unknown): value is Config =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const merged = (base: Config, over: Config): Config => ({
  ...base,
  ...Object.fromEntries(
    Object.entries(over).map(([key, value]) => {
      const under = base[key]
      return [key, isObject(under) && isObject(value) ? merged(under, value) : value]
    }),
  ),
})

/**
 * One server process of the program under test, on a port of its own on 127.0.0.1.
 * It can be stopped, killed and started again on the same port with the same configuration.
 */
export class WireServer {
  readonly port: number
  readonly #settings: ServerSettings
  readonly #folder = mkdtempSync(join(tmpdir(), 'wire-'))
  #process: ChildProcess | undefined
  readonly #leftovers: (() => void)[] = []
  #output = ''

  constructor(port: number, settings: ServerSettings) {
    this.port = port
    this.#settings = settings
    const file = settings.file ?? {
      name: 'config.json',
      text: () => JSON.stringify(merged(baseConfig(port), settings.config ?? {})),
    }
    writeFileSync(join(this.#folder, file.name), file.text(port))
    running.add(this)
  }

  get httpUrl(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get webSocketUrl(): string {
    return `ws://127.0.0.1:${this.port}/connection/websocket`
  }

  /** What the process has printed so far, on both outputs. */
  get output(): string {
    return this.#output
  }

  /** Starts the process and resolves when it answers; throws with its output if it ends or stays silent. */
  async start(): Promise<void> {
    const child = this.#spawn()
    const deadline = Date.now() + READY_WITHIN_MS
    while (!(await this.#answers())) {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${this.#output}`)
      if (Date.now() > deadline) {
        await this.kill()
        throw new Error(`the server did not become healthy:\n${this.#output}`)
      }
      await delay(10)
    }
  }

  /** Starts the process expecting it to refuse; resolves with its exit code. */
  async startRefused(): Promise<number | null> {
    const child = this.#spawn()
    const [code] = (await once(child, 'close', { signal: AbortSignal.timeout(READY_WITHIN_MS) })) as [number | null]
    return code
  }

  /** Asks the process to end and resolves with its exit code. */
  async stop(signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): Promise<number | null> {
    return this.#end(signal)
  }

  /** Ends the process without a chance to say goodbye. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  /** Hands over something to be closed together with the server: a client that a test has opened. */
  closeLater(close: () => void): void {
    this.#leftovers.push(close)
  }

  /** Closes what tests have opened, ends the process at once and removes what it left on disk. */
  dispose(): void {
    for (const close of this.#leftovers) close()
    this.#killGroup()
    rmSync(this.#folder, { recursive: true, force: true })
    running.delete(this)
  }

  /** Calls `POST /api/<method>` and answers the body; anything but 200 throws. */
  async api(method: string, body: unknown): Promise<Record<string, unknown>> {
    const response = await this.apiResponse(method, JSON.stringify(body), { 'X-API-Key': API_KEY })
    if (response.status !== 200) throw new Error(`api ${method}: ${response.status} ${await response.text()}`)
    return (await response.json()) as Record<string, unknown>
  }

  /** The bare HTTP exchange behind {@link api}. */
  async apiResponse(method: string, body: string, headers: Record<string, string>): Promise<Response> {
    return fetch(`${this.httpUrl}/api/${method}`, { method: 'POST', body, headers })
  }

  /** Publishes through the API and answers `{offset, epoch}` as far as the channel keeps history. */
  async publish(channel: string, data: unknown, options: Config = {}): Promise<Record<string, unknown>> {
    const answer = await this.api('publish', { channel, data, ...options })
    if (!isObject(answer.result)) throw new Error(`publish to ${channel}: ${JSON.stringify(answer)}`)
    return answer.result
  }

  /** Top position of a channel that keeps history. */
  async position(channel: string): Promise<{ offset: number; epoch: string }> {
    const answer = await this.api('history', { channel })
    if (!isObject(answer.result)) throw new Error(`history of ${channel}: ${JSON.stringify(answer)}`)
    return { offset: answer.result.offset as number, epoch: answer.result.epoch as string }
  }

  #spawn(): ChildProcess {
    const [program, ...args] = inject('target').command
    const file = join(this.#folder, this.#settings.file?.name ?? 'config.json')
    const child = spawn(program!, [...args, '--config', file, ...(this.#settings.args?.(this.port) ?? [])], {
      cwd: this.#folder,
      env: { PATH: process.env.PATH, HOME: this.#folder, ...this.#settings.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // A group of its own, so that nothing it may have started outlives it.
    })
    this.#process = child
    const keep = (chunk: Buffer): void => {
      this.#output += chunk.toString()
    }
    child.stdout!.on('data', keep)
    child.stderr!.on('data', keep)
    return child
  }

  async #answers(): Promise<boolean> {
    try {
      const response = await fetch(`${this.httpUrl}/health`)
      await response.arrayBuffer()
      return response.ok
    } catch {
      return false
    }
  }

  #killGroup(): void {
    const child = this.#process
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    process.kill(-child.pid, 'SIGKILL')
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#process
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null
    const closed = once(child, 'close', { signal: AbortSignal.timeout(STOPPED_WITHIN_MS) })
    if (signal === 'SIGKILL') this.#killGroup()
    else child.kill(signal)
    await closed
    return child.exitCode
  }
}

const running = new Set<WireServer>()
const disposeAll = (): void => {
  for (const server of running) server.dispose()
}
// Each test file loads this module anew, so this is the end of the file, wherever in it a server was started.
afterAll(disposeAll)
process.on('exit', disposeAll)

/** A server that is prepared and not started; it is removed after the tests of the file. */
export const prepareServer = async (settings: ServerSettings): Promise<WireServer> => {
  return new WireServer(await freePort(), settings)
}

/** Starts a server for the tests of one file, which is removed after them. */
export const startServer = async (config: Config = {}): Promise<WireServer> => {
  const server = await prepareServer({ config })
  await server.start()
  return server
}
