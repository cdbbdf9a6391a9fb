import { type Candidate, type Case, engine, type Figures, nodeEcho, ratio } from '../case.ts'
import { historyNamespace, openNamespace } from '../config.ts'
import { type LoadOptions, type LoadReport, take } from '../load.ts'
import { millions, milliseconds, short, thousands } from '../numbers.ts'
import type { RunningServer } from '../servers.ts'
import { type Stage, withServer } from '../stage.ts'
import { mintTokens } from '../tokens.ts'

/**
 * The platform does what the bare engine does, and knows for whom: keys, projects, their rules and quotas, metrics and an
 * access log stand between. Both keep history in a data directory.
 */
const platform = 'xshathra platform'

const promised = ratio(platform, engine, { reach: 1.3 })

/** A server that is loaded, where its doors are, and tokens that it believes, one a line. */
interface Loaded {
  readonly server: RunningServer
  readonly doors: LoadOptions
  readonly mintTokens: (count: number) => string | Promise<string>
}

type Measure = (stage: Stage, loaded: Loaded) => Promise<Figures>

const onPlatform = (measure: Measure): Candidate => ({
  name: platform,
  measure: (stage) =>
    withServer(stage.startPlatform(), (server) =>
      measure(stage, { server, doors: server.doors, mintTokens: (count) => server.mintTokens(count) }),
    ),
})

const onEngine = (measure: Measure): Candidate => ({
  name: engine,
  measure: (stage) =>
    withServer(stage.startEngine(stage.newDataDir()), (server) => measure(stage, { server, doors: {}, mintTokens })),
})

const onNodeEcho = (measure: Measure): Candidate => ({
  name: nodeEcho,
  measure: (stage) => withServer(stage.startNodeEcho(), (server) => measure(stage, { server, doors: {}, mintTokens })),
})

// ── requests ────────────────────────────────────────────────────────────────────────────────────────────────────

const requestFigures = (report: LoadReport): Figures => ({
  cost: take(report, 'cpuUsPerRequest'),
  note: `${thousands(take(report, 'requestsPerSecond'))}/s, p50 ${milliseconds(take(report, 'p50Us'))}`,
  report,
})

const requests =
  (load: LoadOptions): Measure =>
  async (stage, { server, doors }) => {
    const window = { n: 0, publishers: 64, channels: 100, warmUp: 1, seconds: stage.seconds(2) }
    return requestFigures(await stage.load(server, { ...window, ...doors, ...load }))
  }

const publishCase = (name: string, title: string, namespace: string): Case => {
  const measure = requests({ channelPrefix: `${namespace}:bench` })
  return {
    name,
    title,
    unit: 'µs of CPU per request',
    candidates: [onPlatform(measure), onEngine(measure), onNodeEcho(measure)],
    targets: [promised, ratio(platform, nodeEcho)],
  }
}

export const platformPublish = publishCase(
  'platform-publish',
  '64 publishers with the key of a project, nobody subscribed',
  openNamespace,
)

export const platformPublishHistory = publishCase(
  'platform-publish-history',
  '64 publishers with the key of a project, to 100 channels with a durable history of 100',
  historyNamespace,
)

const mint = requests({ mint: true })

/** The bare engine mints nothing: what a request costs at least stands beside it. */
export const platformToken: Case = {
  name: 'platform-token',
  title: '64 backends that ask for connection tokens',
  unit: 'µs of CPU per token',
  candidates: [onPlatform(mint), onNodeEcho(mint)],
  targets: [ratio(platform, nodeEcho)],
}

// ── sockets ─────────────────────────────────────────────────────────────────────────────────────────────────────

const writeTokens = async (stage: Stage, { mintTokens }: Loaded): Promise<string> =>
  stage.writeFile('tokens', await mintTokens(1000))

const connecting: Measure = async (stage, loaded) => {
  const tokens = await writeTokens(stage, loaded)
  const load = { storm: stage.count(10_000), channelPrefix: `${openNamespace}:bench`, tokens, ...loaded.doors }
  await stage.load(loaded.server, load)
  const report = await stage.load(loaded.server, load)
  return {
    cost: take(report, 'cpuUs'),
    note: `${thousands(take(report, 'perSecond'))}/s, p50 ${milliseconds(take(report, 'p50Us'))}`,
    report,
  }
}

export const platformConnect: Case = {
  name: 'platform-connect',
  title: 'connects with a minted token and one subscription, 200 at a time',
  unit: 'µs of CPU per connection',
  candidates: [onPlatform(connecting), onEngine(connecting)],
  targets: [promised],
}

const saturating: Measure = async (stage, loaded) => {
  const tokens = await writeTokens(stage, loaded)
  const window = { n: 1000, publishers: 64, warmUp: 1, seconds: stage.seconds(2) }
  const channel = { channelPrefix: `${openNamespace}:bench`, tokens }
  const report = await stage.load(loaded.server, { ...window, ...channel, ...loaded.doors })
  const merged = report.perWrite === undefined ? '' : `${short(report.perWrite)} merged, `
  return {
    cost: take(report, 'cpuUsPerMessage'),
    note: `${millions(take(report, 'perSecond'))}/s, ${merged}p50 ${milliseconds(take(report, 'p50Us'))}`,
    report,
  }
}

export const platformSaturation: Case = {
  name: 'platform-saturation',
  title: '64 publishers with the key of a project, as fast as they are answered, to 1000 subscribers',
  unit: 'µs of CPU per delivered message',
  candidates: [onPlatform(saturating), onEngine(saturating)],
  targets: [promised],
}
