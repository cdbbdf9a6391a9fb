import { type Case, centrifugo, cReference, engine, type Figures, ratio } from '../case.ts'
import { type LoadReport, take } from '../load.ts'
import { millions, milliseconds } from '../numbers.ts'
import { type Stage, withServer } from '../stage.ts'

/** `wanted` deliveries a second. Much else means that a server lagged, and merged what it should have sent one by one. */
const figuresOf = (report: LoadReport, wanted: number): Figures => {
  const perSecond = take(report, 'perSecond')
  if (Math.abs(perSecond / wanted - 1) > 0.15)
    throw new Error(`${millions(perSecond)}/s arrived of ${millions(wanted)}/s`)
  return {
    cost: take(report, 'cpuUsPerMessage'),
    note: `${millions(perSecond)}/s, p50 ${milliseconds(take(report, 'p50Us'))}`,
    report,
  }
}

const window = (stage: Stage, n: number) => ({ n, warmUp: 1, seconds: stage.seconds(3) })

/** One publication at a time, so that there is nothing to merge: every delivery is a write of its own. */
const fanOut = (n: number, rate: number, toCentrifugo: { reach: number; stretch: number }): Case => ({
  name: `fan-out-${n}`,
  title: `${rate} publications a second to ${n} subscribers`,
  unit: 'µs of CPU per delivered message',
  candidates: [
    {
      name: engine,
      measure: (stage) =>
        withServer(stage.startEngine(), async (server) =>
          figuresOf(
            await stage.load(server, { ...window(stage, n), publishers: 1, rate, warmUpRate: 3 * rate }),
            n * rate,
          ),
        ),
    },
    {
      name: cReference,
      needs: 'C compiler',
      measure: (stage) =>
        withServer(stage.startReferenceSender(rate, 1), async (server) =>
          figuresOf(await stage.load(server, { ...window(stage, n), signal: true }), n * rate),
        ),
    },
    {
      name: centrifugo,
      needs: 'Centrifugo',
      measure: (stage) =>
        withServer(stage.startCentrifugo(), async (server) =>
          figuresOf(
            await stage.load(server, { ...window(stage, n), publishers: 1, rate, warmUpRate: 3 * rate }),
            n * rate,
          ),
        ),
    },
  ],
  targets: [ratio(engine, cReference, { reach: 1.5, stretch: 1.2 }), ratio(engine, centrifugo, toCentrifugo)],
})

export const fanOut1000 = fanOut(1000, 20, { reach: 0.75, stretch: 0.6 })
export const fanOut5000 = fanOut(5000, 4, { reach: 0.75, stretch: 0.6 })
