import { openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../clock.ts'
import type { InternalChannel } from '../names.ts'
import type { Durability } from './broker.ts'
import { createDurableBroker } from './durable-broker.ts'

/** Publications on their way at once. */
const inFlight = 64

const channels = 8

/**
 * A process for tests to kill: publishes without end over a durable broker, and appends each acknowledged publication to
 * `acknowledged.txt` in the directory as `channel offset epoch text`. Writes a dot to standard output every hundred.
 */
const storm = async (directory: string, durability: Durability): Promise<void> => {
  const broker = await createDurableBroker({
    directory,
    clock: systemClock,
    events: { onPublication() {} },
    onStoreProblem: ({ detail }) => console.error(detail),
  })
  const acknowledged = openSync(join(directory, 'acknowledged.txt'), 'a')
  let total = 0
  const retention = { size: 1_000_000, ttlMs: 3_600_000, metaTtlMs: 3_600_000, durability }
  const publish = async (worker: number): Promise<never> => {
    for (let count = 0; ; count += 1) {
      const channel = `storm:${(worker + count) % channels}` as InternalChannel
      const text = `${process.pid}-${worker}-${count}`
      const result = await broker.publish(channel, { data: Buffer.from(text) }, { retention })
      if (!result.ok) throw new Error(result.problem)
      // Written at once: what was acknowledged must be known after the kill.
      writeSync(acknowledged, `${channel} ${result.value.offset} ${result.value.epoch} ${text}\n`)
      total += 1
      if (total % 100 === 0) process.stdout.write('.')
    }
  }
  await Promise.all(Array.from({ length: inFlight }, (_, worker) => publish(worker)))
}

const [directory = '', durability = 'process'] = process.argv.slice(2)
await storm(directory, durability as Durability)
