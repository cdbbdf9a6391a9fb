import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import {
  type BareEngine,
  createBareEngine,
  explainFinding,
  explainProblems,
  type LoadedConfig,
  loadConfig,
} from '@xshathra/engine'
import { listen } from './listen.ts'
import { noteOpenFileLimit } from './open-file-limit.ts'
import { sentenceOf } from './people-can-help.ts'
import { stopExitCodes, stopServing } from './stop-serving.ts'
import { StopSignals } from './stop-signals.ts'
import type { Terminal } from './terminal.ts'

/** Flags of `xshathra engine`, as they were given. */
export interface EngineFlags {
  readonly config?: string
  readonly address?: string
  readonly port?: number
  readonly dataDir?: string
  readonly logLevel?: string
  readonly check?: boolean
}

/** Read where no file is named and this one is there. Source: Centrifugo. */
const usualConfigFile = 'config.json'
/** Whoever runs us counts on being rid of us by then. */
const stopDeadlineMs = 10_000
/** Longer than the proxies in front of us keep an idle connection (nginx: 60 s), so that they never use one that we close. */
const keepAliveTimeoutMs = 65_000

/** How long a client may take over the head of a request, and over all of it. Source: Centrifugo's HTTP server. */
const headersTimeout = 10_000
const requestTimeout = 30_000

/** Serves one Centrifugo configuration until it is told to stop. Answers the exit code. */
export const runEngine = async (flags: EngineFlags, terminal: Terminal): Promise<number> => {
  const config = readConfig(flags, terminal)
  if (config === undefined) return 1
  const dataDir = flags.dataDir ?? (terminal.env.XSHATHRA_DATA_DIR || undefined)
  if (flags.check) {
    terminal.print('the configuration is good')
    return 0
  }
  const engine = await openEngine(config, dataDir, terminal)
  if (engine === undefined) return 1
  const reload = () => reloadConfig(engine, flags, terminal)
  const signals = new StopSignals(terminal.signals)
  terminal.signals.on('SIGHUP', reload)
  try {
    return await serve(engine, config, dataDir, terminal, signals)
  } finally {
    terminal.signals.off('SIGHUP', reload)
    signals.close()
  }
}

const serve = async (
  engine: BareEngine,
  { httpServer }: LoadedConfig,
  dataDir: string | undefined,
  terminal: Terminal,
  signals: StopSignals,
): Promise<number> => {
  const closeEngine = () => engine.close()
  const server = createServer(
    {
      keepAliveTimeout: keepAliveTimeoutMs,
      headersTimeout,
      requestTimeout,
      // Others offer HTTP/2 this way (curl does) and are content with an answer in HTTP/1.1 (RFC 9110 §7.8).
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
    },
    engine.handleRequest,
  )
  server.on('upgrade', engine.handleUpgrade)
  const listening = await listen(server, { host: httpServer.address, port: httpServer.port })
  if (!listening.ok) {
    terminal.complain(listening.problem)
    await closeEngine()
    return 1
  }
  terminal.print(`xshathra engine listening on ${listening.value} (history: ${dataDir ?? 'memory'})`)
  const note = noteOpenFileLimit()
  if (note !== undefined) terminal.complain(note)
  await signals.requested
  const { insisted } = signals
  return stopExitCodes[await stopServing({ server, closeEngine, insisted, deadlineMs: stopDeadlineMs })]
}

const readConfig = (flags: EngineFlags, terminal: Terminal): LoadedConfig | undefined => {
  const loaded = loadConfig({
    file: flags.config ?? (existsSync(usualConfigFile) ? usualConfigFile : undefined),
    env: terminal.env,
    flags: {
      'http_server.address': flags.address,
      'http_server.port': flags.port,
      'log.level': flags.logLevel,
    },
  })
  if (!loaded.ok) {
    terminal.complain(explainProblems(loaded.problem))
    return undefined
  }
  for (const warning of loaded.value.warnings) terminal.complain(`warning: ${explainFinding(warning)}`)
  return loaded.value
}

const openEngine = async (
  config: LoadedConfig,
  dataDir: string | undefined,
  terminal: Terminal,
): Promise<BareEngine | undefined> => {
  try {
    return await createBareEngine({ config, dataDir })
  } catch (error) {
    const sentence = sentenceOf(error)
    if (sentence === undefined) throw error
    terminal.complain(sentence)
    return undefined
  }
}

/** Puts a changed configuration in force. One that has problems changes nothing. */
const reloadConfig = (engine: BareEngine, flags: EngineFlags, terminal: Terminal): void => {
  const config = readConfig(flags, terminal)
  if (config === undefined) return terminal.complain('the configuration in force is still the earlier one')
  const needsRestart = engine.reload(config)
  terminal.print('the configuration was read again')
  if (needsRestart.length > 0) terminal.complain(`these changes wait for a restart: ${needsRestart.join(', ')}`)
}
