import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Centrifuge } from 'centrifuge'
import type { Backend } from '../outside/backend.ts'
import { connect, createClient } from '../outside/open-client.ts'
import { percentile } from './percentile.ts'

/** How much load, and for how long. */
export interface Load {
  readonly connections: number
  readonly publishesPerSecond: number
  readonly seconds: number
}

/** What came of it. Latencies in milliseconds, from the call of the API to the arrival at a client. */
export interface LoadReport extends Load {
  readonly published: number
  readonly failedPublishes: number
  readonly expected: number
  readonly delivered: number
  /** Share of the expected deliveries that happened. */
  readonly reach: number
  readonly p50Ms: number | undefined
  readonly p99Ms: number | undefined
  readonly maxMs: number | undefined
}

const connectTimeoutMs = 30_000
/** Clients that connect at the same time. */
const connectBatch = 50
/** How long deliveries are waited for after the last publish. */
const settleMs = 2_000

/** Loads a deployment: every client subscribes to one channel, and each publication has to reach all of them. */
export const runLoad = async (origin: string, backend: Backend, load: Load): Promise<LoadReport> => {
  const channel = `public:xshathra-bench-${randomBytes(6).toString('hex')}`
  const latencies: number[] = []
  const clients: Centrifuge[] = []
  try {
    const onArrival = (sentAtMs: number) => void latencies.push(performance.now() - sentAtMs)
    while (clients.length < load.connections) {
      const batch = Math.min(connectBatch, load.connections - clients.length)
      clients.push(
        ...(await Promise.all(Array.from({ length: batch }, () => join(origin, backend, channel, onArrival)))),
      )
    }
    const outcomes = await publishAll(backend, channel, load)
    const expected = outcomes.filter(Boolean).length * clients.length
    await waitUntil(() => latencies.length >= expected, settleMs)
    return report(load, outcomes, expected, latencies)
  } finally {
    for (const client of clients) client.disconnect()
  }
}

const join = async (
  origin: string,
  backend: Backend,
  channel: string,
  onArrival: (sentAtMs: number) => void,
): Promise<Centrifuge> => {
  const client = createClient(origin, { token: await backend.token('xshathra-bench') })
  const subscription = client.newSubscription(channel)
  subscription.on('publication', ({ data }) => onArrival((data as { readonly sentAtMs: number }).sentAtMs))
  subscription.subscribe()
  try {
    await connect(client, connectTimeoutMs)
    await subscription.ready(connectTimeoutMs)
    return client
  } catch (error) {
    client.disconnect()
    throw error
  }
}

/** Publishes at an even pace that does not slow down with the server: what is late counts as late. */
const publishAll = async (
  backend: Backend,
  channel: string,
  { publishesPerSecond, seconds }: Load,
): Promise<readonly boolean[]> => {
  const startedAtMs = performance.now()
  const outcomes: Promise<boolean>[] = []
  for (let n = 0; n < publishesPerSecond * seconds; n++) {
    const dueAtMs = startedAtMs + (n * 1000) / publishesPerSecond
    const aheadMs = dueAtMs - performance.now()
    if (aheadMs > 0) await pause(aheadMs)
    outcomes.push(
      backend.publish(channel, { sentAtMs: dueAtMs }).then(
        () => true,
        () => false,
      ),
    )
  }
  return Promise.all(outcomes)
}

const waitUntil = async (isDone: () => boolean, timeoutMs: number): Promise<void> => {
  const deadlineMs = performance.now() + timeoutMs
  while (!isDone() && performance.now() < deadlineMs) await pause(10)
}

const report = (
  load: Load,
  outcomes: readonly boolean[],
  expected: number,
  latencies: readonly number[],
): LoadReport => {
  const sorted = latencies.toSorted((one, other) => one - other)
  const rounded = (share: number) => {
    const value = percentile(sorted, share)
    return value === undefined ? undefined : Math.round(value * 100) / 100
  }
  const published = outcomes.filter(Boolean).length
  return {
    ...load,
    published,
    failedPublishes: outcomes.length - published,
    expected,
    delivered: latencies.length,
    reach: expected === 0 ? 0 : latencies.length / expected,
    p50Ms: rounded(0.5),
    p99Ms: rounded(0.99),
    maxMs: rounded(1),
  }
}
