import { type ChildProcess, execFile } from 'node:child_process'

/** One load, in the words of bench/c/loadgen.c; times in seconds. */
export interface LoadOptions {
  /** Where sockets connect, where the HTTP API is, and the header that opens it; as on Centrifugo where nothing is said. */
  readonly path?: string
  readonly api?: string
  readonly auth?: string
  /** Connections that subscribe. */
  readonly n?: number
  /** Channels that they are spread over. */
  readonly channels?: number
  readonly channelPrefix?: string
  /** HTTP connections that publish: as fast as they are answered, or together at `rate` publications a second. */
  readonly publishers?: number
  readonly rate?: number
  /** Publications per HTTP request. */
  readonly batch?: number
  readonly warmUp?: number
  /** Publications a second while it warms up, where that is to be more than `rate`: compilers need work to look at. */
  readonly warmUpRate?: number
  readonly seconds?: number
  /** Latency is taken on every n-th connection. */
  readonly sample?: number
  /** Every connection publishes over its socket, as fast as it is answered. */
  readonly pub?: boolean
  /** The HTTP publishers ask for connection tokens instead. */
  readonly mint?: boolean
  /** The server starts to publish when it is sent SIGUSR2. */
  readonly signal?: boolean
  /** Nothing is published: memory is measured. */
  readonly idle?: boolean
  /** This many connections come, subscribe and go, `concurrency` at a time. */
  readonly storm?: number
  readonly concurrency?: number
  /** The run fails where offsets do not rise by one. */
  readonly check?: boolean
  /** File of connection tokens, one a line. */
  readonly tokens?: string
  /** File of positions to recover from, one channel a line. */
  readonly recover?: string
}

/** What the client counted, by the names it prints. Which of them are there depends on the load. */
export type LoadReport = Readonly<Record<string, number>>

/** One figure of a report that the load has to have. */
export const take = (report: LoadReport, name: string): number => {
  const value = report[name]
  if (value === undefined) throw new Error(`the load client did not report ${name}`)
  return value
}

const deadlineMs = 120_000

/**
 * Loads one server with the client that the command starts, its flags added, and answers what it counted. Rejects with the
 * client's own words when the run failed.
 */
export const runLoad = (
  [program = '', ...first]: readonly string[],
  server: { readonly port: number; readonly pid: number },
  options: LoadOptions,
  onStart: (child: ChildProcess) => void,
): Promise<LoadReport> => {
  const fixed = ['--port', String(server.port), '--pids', String(server.pid)]
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      [...first, ...fixed, ...flagsOf(options)],
      { timeout: deadlineMs, killSignal: 'SIGKILL' },
      (error, printed, complaint) => {
        if (error === null) resolve(JSON.parse(printed) as LoadReport)
        else reject(new Error(`the load client failed: ${complaint.trim() || error.message}`))
      },
    )
    onStart(child)
  })
}

const flagsOf = (options: LoadOptions): string[] =>
  Object.entries(options).flatMap(([name, value]) => {
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    if (typeof value === 'boolean') return value ? [flag] : []
    return [flag, String(value)]
  })
