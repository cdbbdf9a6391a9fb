import { type Candidate, type Case, centrifugo, engine, ratio } from '../case.ts'
import { take } from '../load.ts'
import { milliseconds, thousands } from '../numbers.ts'
import type { RunningServer } from '../servers.ts'
import { type Stage, withServer } from '../stage.ts'

const connections = 64

/** Each publisher has a channel to itself and hears its own publications: a reply and a push for every command. */
const measure = (stage: Stage, starting: Promise<RunningServer>) =>
  withServer(starting, async (server) => {
    const report = await stage.load(server, {
      n: connections,
      channels: connections,
      pub: true,
      sample: 1,
      warmUp: 1,
      seconds: stage.seconds(2),
    })
    return {
      cost: take(report, 'cpuUsPerMessage'),
      note: `${thousands(take(report, 'perSecond'))}/s, p50 ${milliseconds(take(report, 'p50Us'))}`,
      report,
    }
  })

const candidates: readonly Candidate[] = [
  { name: engine, measure: (stage) => measure(stage, stage.startEngine()) },
  { name: centrifugo, needs: 'Centrifugo', measure: (stage) => measure(stage, stage.startCentrifugo()) },
]

export const socketPublish: Case = {
  name: 'socket-publish',
  title: `${connections} connections that publish over their sockets, as fast as they are answered`,
  unit: 'µs of CPU per publication',
  candidates,
  targets: [ratio(engine, centrifugo)],
}
