import { type Case, centrifugo, engine, type Figures, ratio } from '../case.ts'
import { apiKey, historyNamespace } from '../config.ts'
import { type LoadReport, take } from '../load.ts'
import { short } from '../numbers.ts'
import type { RunningServer } from '../servers.ts'
import { type Stage, withServer } from '../stage.ts'

const channels = 100
const seenBefore = 5
const missed = 20
const channelPrefix = `${historyNamespace}:bench`
const withoutRecovery = 'xshathra engine, recovering nothing'

interface Position {
  readonly offset: number
  readonly epoch: string
}

const figuresOf = (report: LoadReport): Figures => ({
  cost: take(report, 'setupCpuUs'),
  note: `all ${take(report, 'n')} in ${short(take(report, 'setupS'))} s, ${take(report, 'recovered')} publications`,
  report,
})

/** Publishes once to every channel and answers where each stream stands then. */
const publishToAll = async (server: RunningServer): Promise<readonly Position[]> => {
  const data = { text: 'x'.repeat(100) }
  const commands = Array.from({ length: channels }, (_, at) => ({
    publish: { channel: `${channelPrefix}${at}`, data },
  }))
  const response = await fetch(`http://127.0.0.1:${server.port}/api/batch`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-API-Key': apiKey },
    body: JSON.stringify({ commands }),
  })
  const { replies } = (await response.json()) as { replies: { publish?: Position }[] }
  return replies.map(({ publish }) => {
    if (!publish) throw new Error('a publish was refused')
    return publish
  })
}

/** Publishes what clients saw and then what they missed. Answers the file that tells the load client about it. */
const publishHistory = async (stage: Stage, server: RunningServer): Promise<string> => {
  let since: readonly Position[] = []
  for (let i = 0; i < seenBefore; i++) since = await publishToAll(server)
  for (let i = 0; i < missed; i++) await publishToAll(server)
  const lines = since.map(({ offset, epoch }) => `${offset} ${epoch} ${offset + missed}\n`)
  return stage.writeFile('places', lines.join(''))
}

const crowd = (stage: Stage) => ({ n: stage.count(10_000), channels, channelPrefix, idle: true, seconds: 0 })

/** A data directory as a crash leaves it: its engine was killed right after the last publication was answered. */
const leaveHistory = async (stage: Stage): Promise<{ dataDir: string; recover: string }> => {
  const dataDir = stage.newDataDir()
  const recover = await withServer(stage.startEngine(dataDir), (server) => publishHistory(stage, server))
  return { dataDir, recover }
}

export const recovery: Case = {
  name: 'recovery',
  title: `clients that recover ${missed} publications each, all at once, after the server was killed and started again`,
  unit: 'µs of CPU per client, connect included',
  candidates: [
    {
      name: engine,
      measure: async (stage) => {
        const { dataDir, recover } = await leaveHistory(stage)
        return withServer(stage.startEngine(dataDir), async (server) =>
          figuresOf(await stage.load(server, { ...crowd(stage), recover })),
        )
      },
    },
    {
      name: withoutRecovery,
      measure: async (stage) => {
        const { dataDir } = await leaveHistory(stage)
        return withServer(stage.startEngine(dataDir), async (server) =>
          figuresOf(await stage.load(server, crowd(stage))),
        )
      },
    },
    {
      // Not started again: its memory engine would have forgotten everything.
      name: centrifugo,
      needs: 'Centrifugo',
      measure: (stage) =>
        withServer(stage.startCentrifugo(), async (server) => {
          const recover = await publishHistory(stage, server)
          return figuresOf(await stage.load(server, { ...crowd(stage), recover }))
        }),
    },
  ],
  targets: [ratio(engine, withoutRecovery), ratio(engine, centrifugo)],
}
