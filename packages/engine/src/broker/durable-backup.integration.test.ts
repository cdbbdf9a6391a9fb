import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Retention } from '../channel-rules.ts'
import { systemClock } from '../clock.ts'
import type { InternalChannel } from '../names.ts'
import { collectAnnouncements, draftOf, textOf } from './broker-conformance.ts'
import { createDurableBroker, type DurableBroker } from './durable-broker.ts'
import { renewEpochs } from './store-file.ts'

const retention: Retention = { size: 100_000, ttlMs: 600_000, metaTtlMs: 3_600_000, durability: 'process' }
const chat = 'chat:1' as InternalChannel

describe('[BR26] a copy of the history made while it is in use', () => {
  let root: string
  let opened: DurableBroker[]

  const open = async (name: string): Promise<DurableBroker> => {
    const directory = join(root, name)
    mkdirSync(directory, { recursive: true })
    const { events } = collectAnnouncements()
    const broker = await createDurableBroker({ directory, clock: systemClock, events, onStoreProblem: () => {} })
    opened.push(broker)
    return broker
  }

  const publish = async (broker: DurableBroker, text: string, channel = chat) => {
    const outcome = await broker.publish(channel, draftOf(text), { retention })
    if (!outcome.ok) throw new Error(outcome.problem)
    return outcome.value
  }

  const read = async (broker: DurableBroker, channel = chat) => {
    const page = await broker.history(channel, { limit: -1 }, retention)
    if (!page.ok) throw new Error(page.problem)
    return { texts: page.value.publications.map(textOf), offset: page.value.offset, epoch: page.value.epoch }
  }

  /** Opens a copy as somebody who restores it does. */
  const restore = async (copy: string): Promise<DurableBroker> => {
    mkdirSync(join(root, 'restored'))
    renameSync(copy, join(root, 'restored', 'history.db'))
    renewEpochs(join(root, 'restored', 'history.db'))
    return open('restored')
  }

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'xshathra-backup-'))
    opened = []
  })

  afterEach(async () => {
    for (const broker of opened) await broker.close()
    rmSync(root, { recursive: true })
  })

  it('holds what was acknowledged, is for this user alone, and begins new epochs when it is restored', async () => {
    const broker = await open('live')
    const { epoch } = await publish(broker, 'a')
    await publish(broker, 'b')
    const copy = join(root, 'copy.db')
    expect(await broker.backup(copy)).toEqual({ ok: true, value: undefined })
    expect(statSync(copy).mode & 0o777).toBe(0o600)
    await publish(broker, 'c')
    const restored = await read(await restore(copy))
    expect(restored).toMatchObject({ texts: ['a', 'b'], offset: 2 })
    expect(restored.epoch).not.toBe(epoch)
    expect(await read(broker)).toEqual({ texts: ['a', 'b', 'c'], offset: 3, epoch })
  })

  it('is consistent in the middle of a storm, which goes on meanwhile', async () => {
    const broker = await open('live')
    const filler = 'x'.repeat(10_000)
    const channels = Array.from({ length: 20 }, (_, index) => `room:${index}` as InternalChannel)
    await Promise.all(
      channels.flatMap((channel) => Array.from({ length: 100 }, () => publish(broker, filler, channel))),
    )

    let isCopying = true
    let accepted = 0
    const storm = async (channel: InternalChannel) => {
      while (isCopying) {
        await publish(broker, filler, channel)
        accepted += 1
      }
    }
    const storming = Promise.all(channels.map(storm))
    const copied = await broker.backup(join(root, 'copy.db'))
    const acceptedMeanwhile = accepted
    isCopying = false
    await storming
    expect(copied).toEqual({ ok: true, value: undefined })
    expect(acceptedMeanwhile).toBeGreaterThan(0)

    const restored = await restore(join(root, 'copy.db'))
    for (const channel of channels) {
      const { texts, offset } = await read(restored, channel)
      expect(offset).toBeGreaterThanOrEqual(100)
      expect(texts).toHaveLength(offset)
    }
  })

  it('is refused where a file stands or none can stand, and leaves nothing behind', async () => {
    const broker = await open('live')
    await publish(broker, 'a')
    const taken = join(root, 'taken.db')
    writeFileSync(taken, 'somebody else')
    expect(await broker.backup(taken)).toEqual({
      ok: false,
      problem: `The file ${taken} exists already. Choose another name.`,
    })
    expect(await broker.backup(join(root, 'nowhere', 'copy.db'))).toEqual({
      ok: false,
      problem: expect.stringMatching(/^The copy .*nowhere.* could not be written \(ENOENT.*\)\.$/),
    })
    expect(readdirSync(root).sort()).toEqual(['live', 'taken.db'])
    expect((await publish(broker, 'b')).offset).toBe(2)
  })

  it('leaves the file locked against other processes', async () => {
    const broker = await open('live')
    await publish(broker, 'a')
    await broker.backup(join(root, 'copy.db'))
    const intrude = `new (require('node:sqlite').DatabaseSync)(process.argv[1]).exec('SELECT * FROM facts')`
    const { status, stderr } = spawnSync(process.execPath, ['-e', intrude, join(root, 'live', 'history.db')])
    expect(status).toBe(1)
    expect(String(stderr)).toContain('database is locked')
  })

  it('may be asked for twice at once', async () => {
    const broker = await open('live')
    await publish(broker, 'a')
    const copies = [join(root, 'one.db'), join(root, 'two.db')]
    expect(await Promise.all(copies.map((copy) => broker.backup(copy)))).toMatchObject([{ ok: true }, { ok: true }])
    expect(copies.map((copy) => existsSync(copy))).toEqual([true, true])
  })

  it('is given up when the broker closes, which does not wait for it', async () => {
    const broker = await open('live')
    await Promise.all(Array.from({ length: 1_000 }, () => publish(broker, 'x'.repeat(10_000))))
    const copying = broker.backup(join(root, 'copy.db'))
    await broker.close()
    expect(await copying).toEqual({ ok: false, problem: 'The server is being stopped.' })
    expect(readdirSync(root)).toEqual(['live'])
    expect((await read(await open('live'))).texts).toHaveLength(1_000)
  })
})
