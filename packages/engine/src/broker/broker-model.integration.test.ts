import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, it } from 'vitest'
import { checkAgainstModel } from './broker-model.ts'
import { createDurableBroker } from './durable-broker.ts'
import { createMemoryBroker } from './memory-broker.ts'
import { mountSmallDisk } from './small-disk.ts'

describe('brokers against a plain-array model', () => {
  const disk = mountSmallDisk(2 * 1024 * 1024)

  afterAll(() => disk?.unmount())

  it('memory', async () => {
    await checkAgainstModel(
      { open: async (needs) => createMemoryBroker(needs), reopens: false, cleanUp() {}, durability: 'memory' },
      500,
    )
  })

  it('durable, closed and opened again at any time, with hardly any memory', async () => {
    let directory = mkdtempSync(join(tmpdir(), 'xshathra-model-'))
    await checkAgainstModel(
      {
        open: (needs) =>
          createDurableBroker({ ...needs, directory, onStoreProblem() {}, limits: { cacheBytes: 10_000 } }),
        reopens: true,
        cleanUp() {
          rmSync(directory, { recursive: true })
          directory = mkdtempSync(join(tmpdir(), 'xshathra-model-'))
        },
        durability: 'process',
      },
      25,
    )
    rmSync(directory, { recursive: true })
  }, 60_000)

  it.skipIf(disk === undefined)(
    '[BR24] durable, on a disk that fills up and gets room again (needs root to mount a tmpfs)',
    async () => {
      if (disk === undefined) return
      const directory = join(disk.path, 'data')
      mkdirSync(directory)
      await checkAgainstModel(
        {
          open: (needs) => createDurableBroker({ ...needs, directory, onStoreProblem() {} }),
          reopens: true,
          setFull: (isFull) => (isFull ? disk.fill() : disk.empty()),
          cleanUp() {
            for (const name of readdirSync(directory)) rmSync(join(directory, name))
          },
          durability: 'power',
        },
        25,
      )
    },
    60_000,
  )
})
