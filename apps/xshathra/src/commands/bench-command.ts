import type { Command } from 'commander'
import { findServer } from '../ask-server.ts'
import { type Load, type LoadReport, runLoad } from '../bench/run-load.ts'
import { readServerMemory } from '../bench/server-memory.ts'
import { BackendRefused } from '../outside/backend.ts'
import { findBackend } from '../outside/find-backend.ts'
import { readOrigin } from '../outside/read-origin.ts'
import { renderValue } from '../render-value.ts'
import type { Settings } from '../settings.ts'
import { addCommand, type CommandLine, type CommonFlags, fail, settingsOf } from './command-line.ts'
import { parseAmount } from './option-values.ts'

interface BenchFlags extends CommonFlags {
  readonly connections: number
  readonly rate: number
  readonly seconds: number
  readonly project?: string
  readonly iMayLoadThis?: boolean
}

/** `xshathra bench`: a load test of one's own deployment. */
export const addBenchCommand = (program: Command, line: CommandLine): void => {
  addCommand(program, 'bench [url]', 'load your deployment, and say how many publications arrive, and when')
    .option('--connections <count>', 'clients, all subscribed to one channel', parseAmount, 100)
    .option('--rate <count>', 'publications per second', parseAmount, 10)
    .option('--seconds <seconds>', 'how long', parseAmount, 10)
    .option('--project <projectId>', 'act for this project of the server on this machine')
    .option('--i-may-load-this', 'load a deployment that is not on this machine')
    .action(async (url: string | undefined, flags: BenchFlags) => line.onExit(await runBench(url, line, flags)))
}

const runBench = async (url: string | undefined, line: CommandLine, flags: BenchFlags): Promise<number> => {
  const { terminal } = line
  const settings = settingsOf(line, flags)
  if (settings === undefined) return 1
  const origin = readOrigin(url ?? ownUrl(settings))
  if (!origin.ok) return fail(line, flags, { code: 'invalid_body', message: origin.problem })
  if (!flags.iMayLoadThis && !isOwn(origin.value, settings)) {
    const message = `${origin.value} is not on this machine. If you may load it, say so with --i-may-load-this.`
    return fail(line, flags, { code: 'forbidden', message })
  }
  const { env } = terminal
  const backend = await findBackend({ origin: origin.value, env, settings, projectId: flags.project })
  if (!backend.ok) return fail(line, flags, { code: 'invalid_api_key', message: backend.problem })
  const load: Load = { connections: flags.connections, publishesPerSecond: flags.rate, seconds: flags.seconds }
  try {
    const report = await runLoad(origin.value, backend.value, load)
    const memoryBytes = await readServerMemory(origin.value, env.XSHATHRA_METRICS_TOKEN)
    tell({ ...report, serverMemoryBytes: memoryBytes }, line, flags)
    return report.reach === 1 ? 0 : 1
  } catch (error) {
    const code = error instanceof BackendRefused ? error.code : 'engine_unavailable'
    return fail(line, flags, { code, message: (error as Error).message })
  }
}

const ownUrl = (settings: Settings): string => {
  const server = findServer(settings)
  return 'url' in server ? server.url : `http://localhost:${settings.config.port}`
}

/** On this machine, or under the public URL that this machine's configuration names. */
const isOwn = (origin: string, { config: { publicUrl } }: Settings): boolean =>
  origin === publicUrl || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(origin).hostname)

const tell = (
  report: LoadReport & { readonly serverMemoryBytes: number | undefined },
  { terminal }: CommandLine,
  { json }: CommonFlags,
): void => {
  if (json) return terminal.print(JSON.stringify(report))
  const reach = `${(report.reach * 100).toFixed(2)} %`
  const { serverMemoryBytes: bytes } = report
  const memory = bytes === undefined ? 'not shown: /metrics is closed' : `${Math.round(bytes / 1_048_576)} MiB`
  const shown = { ...report, reach, serverMemoryBytes: undefined, serverMemory: memory }
  for (const text of renderValue(shown)) terminal.print(text)
}
