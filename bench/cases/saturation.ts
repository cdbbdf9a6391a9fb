import { type Candidate, type Case, centrifugo, cReference, engine, type Figures, ratio } from '../case.ts'
import { type LoadOptions, type LoadReport, take } from '../load.ts'
import { millions, milliseconds, short } from '../numbers.ts'
import { type Stage, withServer } from '../stage.ts'

const figuresOf = (report: LoadReport): Figures => {
  // A client that counts no TCP segments cannot tell how much was merged.
  const merged = report.perWrite === undefined ? '' : `${short(report.perWrite)} merged, `
  return {
    cost: take(report, 'cpuUsPerMessage'),
    note: `${millions(take(report, 'perSecond'))}/s, ${merged}p50 ${milliseconds(take(report, 'p50Us'))}`,
    report,
  }
}

const window = (stage: Stage, n: number) => ({ n, warmUp: 1, seconds: stage.seconds(2) })

const servers = (n: number, load: LoadOptions): readonly [ours: Candidate, theirs: Candidate] => [
  {
    name: engine,
    measure: (stage) =>
      withServer(stage.startEngine(), async (server) =>
        figuresOf(await stage.load(server, { ...window(stage, n), ...load })),
      ),
  },
  {
    name: centrifugo,
    needs: 'Centrifugo',
    measure: (stage) =>
      withServer(stage.startCentrifugo(), async (server) =>
        figuresOf(await stage.load(server, { ...window(stage, n), ...load })),
      ),
  },
]

/**
 * The reference sender at the rate that the engine had in this round, with as many publications in a write. Flat out, it
 * would overrun the load client, and full buffers would merge more for it than it does itself.
 */
const referenceAtSameMerge = (n: number): Candidate => ({
  name: cReference,
  needs: 'C compiler',
  after: engine,
  measure: (stage, soFar) => {
    const ours = soFar.get(engine)
    if (!ours) throw new Error('without the engine, its merge is not known')
    const burst = Math.max(1, Math.round(take(ours.report, 'perWrite')))
    const rate = take(ours.report, 'perSecond') / n
    return withServer(stage.startReferenceSender(rate, burst), async (server) =>
      figuresOf(await stage.load(server, { ...window(stage, n), signal: true })),
    )
  },
})

const flatOut = { publishers: 64 } as const

/** The engine reads 64 HTTP requests and answers them on top of what the reference sender does. */
export const saturation1000: Case = {
  name: 'saturation-1000',
  title: '64 HTTP publishers, as fast as they are answered, to 1000 subscribers',
  unit: 'µs of CPU per delivered message',
  candidates: [...servers(1000, flatOut), referenceAtSameMerge(1000)],
  targets: [
    ratio(engine, cReference, { reach: 2, stretch: 1.5 }),
    ratio(engine, centrifugo, { reach: 0.25, stretch: 0.15 }),
  ],
}

/** With so few subscribers the HTTP requests are most of the work, which the reference sender does not have. */
export const saturation100: Case = {
  name: 'saturation-100',
  title: '64 HTTP publishers, as fast as they are answered, to 100 subscribers',
  unit: 'µs of CPU per delivered message',
  candidates: [...servers(100, flatOut), referenceAtSameMerge(100)],
  targets: [ratio(engine, cReference), ratio(engine, centrifugo, { reach: 0.4, stretch: 0.2 })],
}

/** A batch of 16 is one HTTP request: what is compared is the sending. */
export const merge16: Case = {
  name: 'merge-16',
  title: '16 publications at a time, flat out, to 1000 subscribers',
  unit: 'µs of CPU per delivered message',
  candidates: [...servers(1000, { publishers: 1, batch: 16 }), referenceAtSameMerge(1000)],
  targets: [ratio(engine, cReference, { reach: 1.8, stretch: 1.3 }), ratio(engine, centrifugo)],
}
