import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** What people paste, in the order in which they do: the shell blocks of the README's first section with any. */
const root = join(import.meta.dirname, '..')
const section =
  readFileSync(join(root, 'README.md'), 'utf8')
    .split(/^## /m)
    .find((text) => text.startsWith('Five minutes')) ?? ''
const blocks = [...section.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map((match) => match[1] ?? '')
const [
  startServer = '',
  makeProject = '',
  askToken = '',
  connectBySubprotocol = '',
  connectByHeader = '',
  publish = '',
] = blocks

let folder: string
let port: number
let env: NodeJS.ProcessEnv
const children: Pasted[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'xshathra-readme-'))
  port = await findFreePort()
  env = { PATH: process.env.PATH, HOME: process.env.HOME, PORT: String(port), XSHATHRA_DATA_DIR: join(folder, 'data') }
})
afterAll(async () => {
  for (const child of children) await child.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** The README says 3001, which may be taken on the machine of a tester. */
const findFreePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

/** A block pasted into a terminal. */
class Pasted {
  readonly #process: ChildProcess
  readonly #closed: Promise<unknown>
  #output = ''
  #onOutput = () => {}

  constructor(script: string) {
    const ported = script.replaceAll('localhost:3001', `localhost:${port}`)
    // A process group of its own, so that npm's and npx's children can be told to go too.
    this.#process = spawn('bash', ['--norc', '-euc', ported], {
      cwd: root,
      env,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.#closed = once(this.#process, 'close').then(() => this.#onOutput())
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
        this.#onOutput()
      })
    }
    children.push(this)
  }

  async printed(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.#output)) {
      if (this.#hasEnded) throw new Error(`ended without ${pattern}:\n${this.#output}`)
      await new Promise<void>((resolve) => {
        this.#onOutput = resolve
      })
    }
    return this.#output
  }

  /** All that it printed until its end. */
  async ended(): Promise<string> {
    await this.#closed
    if (this.#process.exitCode !== 0) throw new Error(this.#output)
    return this.#output
  }

  async stop(): Promise<void> {
    if (!this.#hasEnded && this.#process.pid !== undefined) process.kill(-this.#process.pid, 'SIGTERM')
    await this.#closed
  }

  get #hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null
  }
}

/** Runs blocks that set variables, and gives the variable's value to every block that is pasted later. */
const setVariable = async (name: string, script: string) => {
  const output = await new Pasted(`${script}\nprintf '%s' "$${name}"`).ended()
  env = { ...env, [name]: output.trim().split('\n').at(-1) }
  return env[name] ?? ''
}

describe('the first five minutes of the README', () => {
  it('has a block for each step', () => {
    expect(blocks).toHaveLength(6)
  })

  it('start the server', async () => {
    const server = new Pasted(startServer)
    expect(await server.printed(/socket +ws:\S+/)).toContain(`ws://localhost:${port}/realtime/connection/websocket`)
  })

  it('make a project and keep its key', async () => {
    expect(await setVariable('SERVER_API_KEY', makeProject)).toMatch(/^xsk_\w{28}$/)
  })

  it('ask for a token', async () => {
    expect(await setVariable('TOKEN', askToken)).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
  })

  it('connect with wscat in both spellings, publish, and see it arrive', async () => {
    const sockets = [new Pasted(connectBySubprotocol), new Pasted(connectByHeader)]
    for (const socket of sockets) await socket.printed(/"id":2,"subscribe":/)
    expect(await new Pasted(publish).ended()).toMatch(/^\{"ok":true,"offset":1,"epoch":"\w+"\}$/)
    for (const socket of sockets) await socket.printed(/"pub":\{.*"data":\{"text":"hello"\}/)
  })
})
