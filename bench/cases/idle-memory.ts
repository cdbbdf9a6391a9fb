import { type Candidate, type Case, centrifugo, engine, figureOf, ratio } from '../case.ts'
import { take } from '../load.ts'
import { short } from '../numbers.ts'
import type { RunningServer } from '../servers.ts'
import { type Stage, withServer } from '../stage.ts'

/**
 * Growth of resident memory, from a server that has seen connections come and go, so that code and heap are warm, to
 * one that holds them, after time for the collectors to settle.
 */
const measure = (stage: Stage, starting: Promise<RunningServer>) =>
  withServer(starting, async (server) => {
    await stage.load(server, { storm: 2000 })
    const n = Math.max(5000, stage.count(10_000))
    const report = await stage.load(server, { n, idle: true, seconds: stage.seconds(4) })
    return {
      cost: take(report, 'kbEach'),
      note: `${n} connections, ${short(take(report, 'rssMb'))} MB in all`,
      report,
    }
  })

const candidates: readonly Candidate[] = [
  { name: engine, measure: (stage) => measure(stage, stage.startEngine()) },
  { name: centrifugo, needs: 'Centrifugo', measure: (stage) => measure(stage, stage.startCentrifugo()) },
]

export const idleMemory: Case = {
  name: 'idle-memory',
  title: 'idle connections with one subscription each',
  unit: 'KB of resident memory per connection',
  candidates,
  targets: [
    figureOf('per connection', 'KB', ({ cost }) => cost, { reach: { atMost: 10 }, stretch: { atMost: 7 } }),
    ratio(engine, centrifugo, { reach: 0.25, stretch: 0.15 }),
  ],
}
