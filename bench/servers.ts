import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:net'
import { delimiter, dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** One server under load. */
export interface RunningServer {
  readonly port: number
  readonly pid: number
  /** Ends the process at once, as a crash would, and waits until it is gone. */
  kill(): Promise<void>
}

const startDeadlineMs = 20_000
const complaintMaxChars = 500

/**
 * Starts a program that is told its port, and waits until it accepts connections there. `settings` are added to its
 * environment.
 */
export const startServer = async (
  command: (port: number) => readonly string[],
  onStart: (child: ChildProcess) => void,
  settings: NodeJS.ProcessEnv = {},
): Promise<RunningServer> => {
  const port = await freePort()
  const [program = '', ...args] = command(port)
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...serverEnvironment(), ...settings },
  })
  onStart(child)
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(0, complaintMaxChars)
  })
  const gone = once(child, 'exit')
  // `exit` is awaited only by kill(): a program that never started ends below, by the deadline.
  gone.catch(() => {})
  const kill = async () => {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      child.kill('SIGKILL')
      await gone
    }
  }
  if (await accepts(port, child)) return { port, pid: child.pid as number, kill }
  await kill()
  throw new Error(`it did not start: ${complaint.trim() || 'it said nothing'}`)
}

/** The Node that runs us first, so that programs which look for `node` find the same. */
export const serverEnvironment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`,
  // As many threads as it has cores, which is what Go would find in a container of one.
  GOMAXPROCS: '1',
})

/** A port that nobody listens on at this moment. */
const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const accepts = async (port: number, child: ChildProcess): Promise<boolean> => {
  let hasFailed = false
  child.once('error', () => {
    hasFailed = true
  })
  const untilMs = performance.now() + startDeadlineMs
  while (performance.now() < untilMs && child.exitCode === null && !hasFailed) {
    if (await canConnect(port)) return true
    await delay(20)
  }
  return false
}

const canConnect = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const answer = (isOpen: boolean) => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.once('connect', () => answer(true)).once('error', () => answer(false))
  })
