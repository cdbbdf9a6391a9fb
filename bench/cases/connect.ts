import { type Candidate, type Case, centrifugo, engine, figureOf, ratio } from '../case.ts'
import { take } from '../load.ts'
import { milliseconds, thousands } from '../numbers.ts'
import type { RunningServer } from '../servers.ts'
import { type Stage, withServer } from '../stage.ts'
import { mintTokens } from '../tokens.ts'

/** Each connection: TCP, upgrade, connect with a token (HS256), subscribe, and a close without words. */
const measure = (stage: Stage, starting: Promise<RunningServer>) =>
  withServer(starting, async (server) => {
    const tokens = stage.writeFile('tokens', mintTokens(1000))
    await stage.load(server, { storm: stage.count(10_000), tokens })
    const report = await stage.load(server, { storm: stage.count(10_000), tokens })
    return {
      cost: take(report, 'cpuUs'),
      note: `${thousands(take(report, 'perSecond'))}/s, p50 ${milliseconds(take(report, 'p50Us'))}`,
      report,
    }
  })

const candidates: readonly Candidate[] = [
  { name: engine, measure: (stage) => measure(stage, stage.startEngine()) },
  { name: centrifugo, needs: 'Centrifugo', measure: (stage) => measure(stage, stage.startCentrifugo()) },
]

export const connect: Case = {
  name: 'connect',
  title: 'connects with a token and one subscription, 200 at a time',
  unit: 'µs of CPU per connection',
  candidates,
  targets: [
    figureOf('CPU', 'µs', ({ cost }) => cost, { reach: { atMost: 250 }, stretch: { atMost: 150 } }),
    ratio(engine, centrifugo, { reach: 1.2, stretch: 0.9 }),
  ],
}
