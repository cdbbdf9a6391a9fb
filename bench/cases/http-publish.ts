import { type Candidate, type Case, centrifugo, engine, nodeEcho, ratio } from '../case.ts'
import { historyNamespace } from '../config.ts'
import { type LoadOptions, take } from '../load.ts'
import { milliseconds, thousands } from '../numbers.ts'
import type { RunningServer } from '../servers.ts'
import { type Stage, withServer } from '../stage.ts'

const durable = 'xshathra engine, durable'

const measure = (stage: Stage, starting: Promise<RunningServer>, load: LoadOptions) =>
  withServer(starting, async (server) => {
    const report = await stage.load(server, {
      n: 0,
      publishers: 64,
      channels: 100,
      warmUp: 1,
      seconds: stage.seconds(2),
      ...load,
    })
    return {
      cost: take(report, 'cpuUsPerRequest'),
      note: `${thousands(take(report, 'requestsPerSecond'))}/s, p50 ${milliseconds(take(report, 'p50Us'))}`,
      report,
    }
  })

const withoutHistory: LoadOptions = {}
const withHistory: LoadOptions = { channelPrefix: `${historyNamespace}:bench` }

const ours = (load: LoadOptions): Candidate => ({
  name: engine,
  measure: (stage) => measure(stage, stage.startEngine(), load),
})

const theirs = (load: LoadOptions): Candidate => ({
  name: centrifugo,
  needs: 'Centrifugo',
  measure: (stage) => measure(stage, stage.startCentrifugo(), load),
})

const bare: Candidate = {
  name: nodeEcho,
  measure: (stage) => measure(stage, stage.startNodeEcho(), withoutHistory),
}

export const httpPublish: Case = {
  name: 'http-publish',
  title: '64 HTTP publishers to channels without subscribers',
  unit: 'µs of CPU per request',
  candidates: [ours(withoutHistory), bare, theirs(withoutHistory)],
  targets: [
    ratio(engine, nodeEcho, { reach: 1.5, stretch: 1.1 }),
    ratio(engine, centrifugo, { reach: 0.9, stretch: 0.5 }),
  ],
}

/** `process` durability: an answer leaves when the publication would survive the end of our process. */
export const httpPublishHistory: Case = {
  name: 'http-publish-history',
  title: '64 HTTP publishers to 100 channels with a history of 100, in memory and durable',
  unit: 'µs of CPU per request',
  candidates: [
    ours(withHistory),
    {
      name: durable,
      measure: (stage) => measure(stage, stage.startEngine(stage.newDataDir()), withHistory),
    },
    bare,
    theirs(withHistory),
  ],
  targets: [
    ratio(engine, centrifugo, { reach: 0.9, stretch: 0.5 }),
    ratio(durable, centrifugo),
    ratio(durable, nodeEcho),
  ],
}
