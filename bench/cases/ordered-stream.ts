import { type Case, engine, figureOf } from '../case.ts'
import { historyNamespace } from '../config.ts'
import { take } from '../load.ts'
import { millions, milliseconds } from '../numbers.ts'
import { withServer } from '../stage.ts'

const subscribers = 100
const rate = 20_000

/** One stream with history whose offsets the client checks, message by message: a gap or a repeat fails the run. */
export const orderedStream: Case = {
  name: 'ordered-stream',
  title: `one stream of ${rate} publications a second to ${subscribers} subscribers, offsets checked`,
  unit: 'µs of CPU per delivered message',
  candidates: [
    {
      name: engine,
      measure: (stage) =>
        withServer(stage.startEngine(), async (server) => {
          const report = await stage.load(server, {
            n: subscribers,
            channelPrefix: `${historyNamespace}:bench`,
            publishers: 4,
            rate,
            batch: 20,
            check: true,
            sample: 10,
            warmUp: 1,
            seconds: stage.seconds(3),
          })
          const perSecond = `${millions(take(report, 'perSecond'))}/s`
          return {
            cost: take(report, 'cpuUsPerMessage'),
            note: `${perSecond}, p50 ${milliseconds(take(report, 'p50Us'))}, p99 ${milliseconds(take(report, 'p99Us'))}`,
            report,
          }
        }),
    },
  ],
  targets: [
    // The window begins and ends between two publications: a last few of them fall out of it.
    figureOf('delivered in order', 'M/s', ({ report }) => take(report, 'perSecond') / 1e6, {
      reach: { atLeast: (0.99 * subscribers * rate) / 1e6 },
    }),
    figureOf('p50', 'ms', ({ report }) => take(report, 'p50Us') / 1000, { stretch: { atMost: 1 } }),
  ],
}
