import { version } from '@xshathra/engine'
import { type FirstOwner, openPlatform, type Platform, type ServerConfig, socketUrl } from '@xshathra/server'
import { listen } from './listen.ts'
import { noteOpenFileLimit } from './open-file-limit.ts'
import { sentenceOf } from './people-can-help.ts'
import { complainOfWarnings, readSettings, type SettingFlags, type Settings } from './settings.ts'
import { stopExitCodes, stopServing } from './stop-serving.ts'
import { StopSignals } from './stop-signals.ts'
import type { Terminal } from './terminal.ts'

/** Flags of `xshathra start`, as they were given. */
export interface StartFlags {
  readonly address?: string
  readonly port?: number
  readonly dataDir?: string
  /** Makes a project where there is none, for whoever works on the code. */
  readonly demo?: boolean
}

/** Whoever runs us counts on being rid of us by then. */
const stopDeadlineMs = 10_000

/** Serves the platform until it is told to stop. Answers the exit code. */
export const runStart = async (flags: StartFlags, terminal: Terminal): Promise<number> => {
  const settings = readSettings(terminal, settingFlagsOf(flags))
  if (settings === undefined) return 1
  complainOfWarnings(settings, terminal)
  const signals = new StopSignals(terminal.signals)
  try {
    const platform = await openOrExplain(settings, terminal)
    return platform === undefined ? 1 : await serve(platform, { config: settings.config, flags, terminal, signals })
  } finally {
    signals.close()
  }
}

const settingFlagsOf = ({ address, port, dataDir }: StartFlags): SettingFlags => ({
  ...(address === undefined ? {} : { HOST: { flag: '--address', text: address } }),
  ...(port === undefined ? {} : { PORT: { flag: '--port', text: String(port) } }),
  ...(dataDir === undefined ? {} : { XSHATHRA_DATA_DIR: { flag: '--data-dir', text: dataDir } }),
})

const openOrExplain = async (settings: Settings, terminal: Terminal): Promise<Platform | undefined> => {
  try {
    return await openPlatform({ ...settings, env: terminal.env })
  } catch (error) {
    const sentence = sentenceOf(error)
    if (sentence === undefined) throw error
    terminal.complain(sentence)
    return undefined
  }
}

interface Start {
  readonly config: ServerConfig
  readonly flags: StartFlags
  readonly terminal: Terminal
  readonly signals: StopSignals
}

const serve = async (platform: Platform, start: Start): Promise<number> => {
  const { config, terminal, signals } = start
  const { server } = platform
  const close = () => platform.close()
  const listening = await listen(server, config)
  if (!listening.ok) {
    terminal.complain(listening.problem)
    await close()
    return 1
  }
  platform.announce(listening.value)
  await greet(platform, listening.value, start)
  const note = noteOpenFileLimit()
  if (note !== undefined) terminal.complain(note)
  await signals.requested
  const { insisted } = signals
  return stopExitCodes[await stopServing({ server, closeEngine: close, insisted, deadlineMs: stopDeadlineMs })]
}

/** Says where everything is, and what to do next on a new deployment. */
const greet = async (platform: Platform, url: string, { config, flags, terminal }: Start): Promise<void> => {
  const origin = config.publicUrl ?? url.replace('//127.0.0.1:', '//localhost:')
  const lines = [
    `Xshathra ${version} listens on ${url}`,
    '',
    `  status   ${origin}/api/health`,
    `  API      ${origin}/api/realtime/openapi.json`,
    `  socket   ${config.realtimeUrl ?? socketUrl(origin)}`,
    `  data     ${config.dataDir}`,
    '',
    ...explainOwner(await platform.prepareFirstOwner(), origin),
    ...(await explainProjects(platform, flags)),
  ]
  for (const line of lines) terminal.print(line)
}

const explainOwner = (owner: FirstOwner, origin: string): readonly string[] => {
  switch (owner.kind) {
    case 'there':
      return []
    case 'created':
      return [`The owner ${owner.email} was created.`, '']
    case 'awaited':
      return [
        'Nobody can sign in yet. This link makes the first owner; it works once, for 24 hours:',
        `  ${origin}/setup#${owner.token.reveal()}`,
        '',
      ]
  }
}

const explainProjects = async ({ stores }: Platform, { demo }: StartFlags): Promise<readonly string[]> => {
  if (stores.directory.projects().length > 0) return []
  if (!demo)
    return ['There is no project yet. Make one, in another terminal:', '  npx xshathra project create "My product"', '']
  const { project, serverApiKey, clientApiKey } = await stores.projects.create({
    name: 'Demo',
    environment: 'development',
    locked: [],
  })
  return [
    'The project Demo was made. Its keys, the secret one for this once:',
    `  projectId     ${project.id}`,
    `  serverApiKey  ${serverApiKey.reveal()}`,
    `  clientApiKey  ${clientApiKey}`,
    '',
  ]
}
