import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { InternalChannel } from '../names.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import type { Durability } from './broker.ts'
import { textOf } from './broker-conformance.ts'
import { createDurableBroker } from './durable-broker.ts'

/** A publication that was acknowledged to somebody. */
interface Acknowledged {
  readonly channel: string
  readonly offset: number
  readonly epoch: string
  readonly text: string
}

describe('durable broker, killed', () => {
  let directory: string

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'xshathra-storm-'))
  })

  afterEach(() => rmSync(directory, { recursive: true }))

  /** Lets a process publish until it has acknowledged `hundreds` of publications, and kills it in the middle. */
  const storm = async (durability: Durability, hundreds: number): Promise<void> => {
    const program = fileURLToPath(new URL('./storm-process.ts', import.meta.url))
    const child = spawn(process.execPath, ['--conditions=@xshathra/source', program, directory, durability])
    let errors = ''
    let dots = 0
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text
    })
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      dots += text.length
      if (dots >= hundreds) child.kill('SIGKILL')
    })
    await new Promise((resolve) => child.once('close', resolve))
    expect(errors).toBe('')
  }

  const readAcknowledged = (): readonly Acknowledged[] =>
    readFileSync(join(directory, 'acknowledged.txt'), 'latin1')
      .split('\n')
      .slice(0, -1)
      .map((line) => {
        const [channel = '', offset, epoch = '', text = ''] = line.split(' ')
        return { channel, offset: Number(offset), epoch, text }
      })

  /** What a broker opened now has of the channels, by place. */
  const readAll = async (channels: Iterable<string>): Promise<ReadonlyMap<string, string>> => {
    // After the storm's own time, but before anything it kept expires.
    const clock = new FakeClock(Date.now())
    const broker = await createDurableBroker({ directory, clock, events: { onPublication() {} }, onStoreProblem() {} })
    const found = new Map<string, string>()
    const retention = { size: 1_000_000, ttlMs: 3_600_000, metaTtlMs: 3_600_000, durability: 'process' as const }
    for (const channel of channels) {
      const page = await broker.history(channel as InternalChannel, { limit: -1 }, retention)
      if (!page.ok) throw new Error(page.problem)
      const offsets = page.value.publications.map(({ offset }) => offset)
      expect(offsets, 'no gap, no repeat').toEqual(Array.from({ length: page.value.offset }, (_, index) => index + 1))
      for (const publication of page.value.publications) {
        found.set(`${channel} ${publication.offset} ${page.value.epoch}`, textOf(publication))
      }
    }
    await broker.close()
    return found
  }

  it.each<[Durability, number]>([
    ['process', 4],
    ['power', 2],
  ])(
    '[BR17] kill -9 in a storm of %s durability loses nothing that was acknowledged, %i times over',
    async (durability, times) => {
      for (let time = 1; time <= times; time += 1) await storm(durability, 7 * time)
      const acknowledged = readAcknowledged()
      expect(acknowledged.length).toBeGreaterThan(700 * times)
      const found = await readAll(new Set(acknowledged.map(({ channel }) => channel)))
      for (const { channel, offset, epoch, text } of acknowledged) {
        expect(found.get(`${channel} ${offset} ${epoch}`)).toBe(text)
      }
    },
    60_000,
  )
})
