import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Retention } from '../channel-rules.ts'
import { isPromise } from '../maybe-promise.ts'
import type { InternalChannel } from '../names.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { collectAnnouncements, describeBroker, draftOf, textOf } from './broker-conformance.ts'
import type { DurableBroker, DurableBrokerNeeds } from './durable-broker.ts'
import { createDurableBroker } from './durable-broker.ts'
import type { HistoryQuotas } from './history-quotas.ts'
import { mountSmallDisk } from './small-disk.ts'
import { renewEpochs } from './store-file.ts'
import type { StoreState } from './store-keeper.ts'

const makeDirectory = (): string => mkdtempSync(join(tmpdir(), 'xshathra-history-'))

const conformanceDirectories: string[] = []

describeBroker('durable', {
  create: (needs) => {
    const directory = makeDirectory()
    conformanceDirectories.push(directory)
    return createDurableBroker({ ...needs, directory, onStoreProblem: () => {} })
  },
  cleanUp: () => {
    for (const directory of conformanceDirectories.splice(0)) rmSync(directory, { recursive: true })
  },
  durability: 'process',
})

const chat = 'chat:1' as InternalChannel
const retention: Retention = { size: 100, ttlMs: 600_000, metaTtlMs: 3_600_000, durability: 'process' }

describe('durable broker', () => {
  const disk = mountSmallDisk(2 * 1024 * 1024)
  let directory: string
  let clock: FakeClock
  let broker: DurableBroker
  let problems: StoreState[]

  const open = async (needs: Partial<DurableBrokerNeeds> = {}): Promise<DurableBroker> => {
    const { events } = collectAnnouncements()
    const onStoreProblem = (state: StoreState) => void problems.push(state)
    broker = await createDurableBroker({ directory, clock, events, onStoreProblem, ...needs })
    return broker
  }

  const publish = async (text: string, kept = retention, channel = chat, idempotencyKey?: string) => {
    const result = await broker.publish(channel, draftOf(text), { retention: kept, idempotencyKey })
    if (!result.ok) throw new Error(result.problem)
    return result.value
  }

  const read = async (channel = chat, kept = retention) => {
    const result = await broker.history(channel, { limit: -1 }, kept)
    if (!result.ok) throw new Error(result.problem)
    return { texts: result.value.publications.map(textOf), offset: result.value.offset, epoch: result.value.epoch }
  }

  /** Changes the file behind a closed broker's back. */
  const edit = (sql: string): void => {
    const database = new DatabaseSync(join(directory, 'history.db'))
    database.exec(sql)
    database.close()
  }

  afterAll(() => disk?.unmount())

  beforeEach(() => {
    directory = makeDirectory()
    clock = new FakeClock()
    problems = []
  })

  afterEach(async () => {
    await broker.close()
    expect(clock.pending).toBe(0)
    rmSync(directory, { recursive: true })
  })

  it('[BR14] answers reads in the same tick once a stream is in memory', async () => {
    await open()
    expect(isPromise(broker.history(chat, { limit: -1 }, retention))).toBe(true)
    await publish('a')
    expect(isPromise(broker.history(chat, { limit: -1 }, retention))).toBe(false)
  })

  it('[BR17] history, offset, epoch, version and idempotency keys outlive the broker', async () => {
    await open()
    const first = await publish('a', retention, chat, 'k')
    await broker.publish(chat, draftOf('b'), { retention, version: 7 })
    await broker.close()
    await open()
    expect(await read()).toEqual({ texts: ['a', 'b'], offset: 2, epoch: first.epoch })
    expect(await publish('c', retention, chat, 'k')).toEqual({ ...first, suppressed: 'idempotency' })
    expect(await broker.publish(chat, draftOf('d'), { retention, version: 7 })).toMatchObject({
      value: { offset: 2, suppressed: 'version' },
    })
    expect(await publish('e')).toEqual({ offset: 3, epoch: first.epoch })
  })

  it('[BR17] a purge outlives the broker', async () => {
    await open()
    await publish('a')
    await broker.removeHistory(chat)
    await broker.close()
    await open()
    expect(await read()).toMatchObject({ texts: [], offset: 1 })
  })

  it('[BR17] removes the history of a stream that is not in memory', async () => {
    await open()
    await publish('a')
    await broker.close()
    await open()
    expect(await broker.removeHistory(chat)).toEqual({ ok: true, value: undefined })
    expect(await read()).toMatchObject({ texts: [], offset: 1 })
  })

  it('[BR17] the epoch of a stream that nothing was written of is the same after a restart, and writes nothing', async () => {
    await open()
    const before = await read()
    await broker.close()
    await open()
    expect(await read()).toEqual(before)
    await broker.close()
    const database = new DatabaseSync(join(directory, 'history.db'))
    expect(database.prepare('SELECT count(*) AS count FROM streams').get()).toEqual({ count: 0 })
    database.close()
  })

  it('[BR17] what expired while nobody had it in memory is gone, and an ended stream begins another epoch', async () => {
    await open()
    const { epoch } = await publish('a')
    await broker.close()
    clock.advance(retention.ttlMs)
    await open()
    expect(await read()).toEqual({ texts: [], offset: 1, epoch })
    await broker.close()
    clock.advance(retention.metaTtlMs)
    await open()
    const next = await read()
    expect(next).toMatchObject({ texts: [], offset: 0 })
    expect(next.epoch).not.toBe(epoch)
    await publish('b')
    expect(await read()).toEqual({ texts: ['b'], offset: 1, epoch: next.epoch })
  })

  it('[BR18] memory durability never touches the disk', async () => {
    const inMemory: Retention = { ...retention, durability: 'memory' }
    await open()
    expect(isPromise(broker.publish(chat, draftOf('a'), { retention: inMemory }))).toBe(false)
    expect(await read(chat, inMemory)).toMatchObject({ texts: ['a'] })
    await broker.close()
    await open()
    expect(await read(chat, inMemory)).toMatchObject({ texts: [], offset: 0 })
  })

  it('[BR19] beyond the memory budget streams leave memory and come back from disk whole', async () => {
    await open({ limits: { cacheBytes: 5_000 } })
    const channels = Array.from({ length: 50 }, (_, number) => `c:${number}` as InternalChannel)
    for (const channel of channels)
      await Promise.all([publish('a', retention, channel), publish('b', retention, channel)])
    expect(isPromise(broker.history(channels[0] as InternalChannel, { limit: -1 }, retention))).toBe(true)
    for (const channel of channels) expect(await read(channel)).toMatchObject({ texts: ['a', 'b'], offset: 2 })
  })

  it('[BR19] many who touch a cold stream at once are served in order', async () => {
    await open()
    const outcomes = await Promise.all(Array.from({ length: 100 }, (_, number) => publish(String(number))))
    expect(outcomes.map(({ offset }) => offset)).toEqual(Array.from({ length: 100 }, (_, number) => number + 1))
  })

  it('[BR20] refuses what would wait for a load or a commit beyond its budget, and takes more when it has room', async () => {
    await open({ limits: { pendingBytes: 10_000 } })
    const big = { data: new Uint8Array(6_000) }
    const publishThree = () => Promise.all([1, 2, 3].map(() => broker.publish(chat, big, { retention })))
    const oneOf = (offset: number) => [
      { ok: true, value: { offset } },
      { ok: false, problem: 'store' },
      { ok: false, problem: 'store' },
    ]
    expect(await publishThree()).toMatchObject(oneOf(1))
    expect(await publishThree()).toMatchObject(oneOf(2))
    expect(await broker.publish(chat, big, { retention })).toMatchObject({ ok: true, value: { offset: 3 } })
  })

  it('[BR21] after the machine ended uncleanly only streams of power durability keep their epoch', async () => {
    const power: Retention = { ...retention, durability: 'power' }
    const safe = 'safe:1' as InternalChannel
    const unwritten = 'new:1' as InternalChannel
    await open()
    const lost = await publish('a')
    const kept = await publish('a', power, safe)
    const { epoch } = await read(unwritten)
    await broker.close()
    edit("UPDATE facts SET value = 0 WHERE name = 'clean'; UPDATE facts SET value = 'other' WHERE name = 'boot'")
    await open()
    const after = await read()
    expect(after).toMatchObject({ texts: ['a'], offset: 1 })
    expect(after.epoch).not.toBe(lost.epoch)
    expect(await read(safe, power)).toEqual({ texts: ['a'], offset: 1, epoch: kept.epoch })
    expect((await read(unwritten)).epoch).not.toBe(epoch)
    await publish('b')
    await broker.close()
    await open()
    expect(await read()).toEqual({ texts: ['a', 'b'], offset: 2, epoch: after.epoch })
  })

  it('[BR21] after an unclean end of the process alone every stream keeps its epoch', async () => {
    await open()
    const { epoch } = await publish('a')
    await broker.close()
    edit("UPDATE facts SET value = 0 WHERE name = 'clean'")
    await open()
    expect(await read()).toEqual({ texts: ['a'], offset: 1, epoch })
  })

  it('[BR22] deletes from the file what is evicted, expired and ended, bit by bit', async () => {
    const small: Retention = { ...retention, size: 5 }
    await open()
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(
        Array.from({ length: 100 }, (_, number) => publish('x', small, `c:${number % 10}` as InternalChannel)),
      )
    }
    await publish('y', retention, chat, 'k')
    await broker.close()
    const rows = () => {
      const database = new DatabaseSync(join(directory, 'history.db'))
      const counts = database.prepare(
        `SELECT (SELECT ifnull(sum(count), 0) FROM chunks) AS kept, (SELECT count(*) FROM streams) AS streams,
           (SELECT count(*) FROM keys) AS keys`,
      )
      const found = counts.get()
      database.close()
      return found
    }
    expect(rows()?.kept).toBeLessThan(10 * (5 + 64) + 1)
    expect(rows()).toMatchObject({ streams: 11, keys: 1 })
    clock.advance(2 * retention.metaTtlMs)
    await open()
    for (let step = 0; step < 20; step += 1) {
      clock.advance(60_000)
      // An answer of the store means that it is through with the step asked for before.
      await read(`unwritten:${step}` as InternalChannel)
    }
    await broker.close()
    expect(rows()).toEqual({ kept: 0, streams: 0, keys: 0 })
  })

  it('[BR22] over its budget on disk the store drops the publications written longest ago, and keeps positions', async () => {
    await open({ limits: { storeBytes: 300_000, cacheBytes: 1 } })
    const eternal: Retention = { ...retention, ttlMs: 1e12, metaTtlMs: 1e12 }
    const old = 'old:1' as InternalChannel
    for (let number = 0; number < 40; number += 1) await publish('x'.repeat(10_000), eternal, old)
    clock.advance(40 * 86_400_000)
    await publish('fresh', eternal)
    for (let step = 0; step < 5; step += 1) {
      clock.advance(60_000)
      await read(`unwritten:${step}` as InternalChannel)
    }
    expect(await read(old, eternal)).toMatchObject({ texts: [], offset: 40 })
    expect(await read(chat, eternal)).toMatchObject({ texts: ['fresh'], offset: 1 })
  })

  describe('with quotas of owners', () => {
    const quotas: HistoryQuotas = {
      ownerOf: (channel) => channel.split(':')[0] ?? '',
      bytesOf: (owner) => (owner === 'big' ? 200_000 : undefined),
    }
    const [idle, busy, other] = ['big:idle', 'big:busy', 'other:1'] as InternalChannel[]
    const fill = async (channel: InternalChannel | undefined, count: number) => {
      for (let number = 0; number < count; number += 1) await publish('x'.repeat(10_000), retention, channel)
      clock.advance(1000)
    }
    const lengthOf = async (channel: InternalChannel | undefined) => (await read(channel)).texts.length
    /** The store's thread answers in order: what it was asked to trim is done some answers later. */
    const trimmed = async () => {
      for (let step = 0; step < 10; step += 1) await read(`unwritten:${clock.now()}:${step}` as InternalChannel)
    }

    it('[BR27] an owner over quota loses its oldest publications, of streams not written for longest, and positions stay', async () => {
      await open({ quotas, limits: { cacheBytes: 1 } })
      await fill(other, 40)
      await fill(idle, 10)
      await fill(busy, 12)
      await trimmed()
      expect(await lengthOf(busy)).toBe(12)
      expect(await read(idle)).toMatchObject({ texts: [], offset: 10 })
      await fill(busy, 30)
      await trimmed()
      const { texts, offset } = await read(busy)
      expect(offset).toBe(42)
      expect(texts.length).toBeGreaterThan(0)
      expect(texts.length).toBeLessThan(20)
      expect(await lengthOf(other)).toBe(40)
      await fill(busy, 1)
      expect((await read(busy)).offset).toBe(43)
    })

    it('[BR27] what an owner has is counted on after the broker was closed, and less when it is purged', async () => {
      await open({ quotas, limits: { cacheBytes: 1 } })
      await fill(idle, 10)
      await fill(busy, 9)
      await broker.removeHistory(busy as InternalChannel)
      await broker.close()
      await open({ quotas, limits: { cacheBytes: 1 } })
      await fill(busy, 32)
      await trimmed()
      expect(await lengthOf(idle)).toBe(0)
      expect(await lengthOf(busy)).toBeLessThan(20)
    })
  })

  it('[BR23] refuses a damaged file with the way out, and leaves it as it was', async () => {
    await open()
    for (let number = 0; number < 50; number += 1) await publish('x'.repeat(1000))
    await broker.close()
    const path = join(directory, 'history.db')
    const whole = readFileSync(path)
    const scrambled = Buffer.from(whole)
    scrambled.fill(0x5a, 4096, whole.byteLength - 4096)
    const damages = [whole.subarray(0, whole.byteLength - 8192), scrambled, Buffer.from('not a history file, but text')]
    for (const damage of damages) {
      writeFileSync(path, damage)
      await expect(open()).rejects.toThrow(/history\.db is damaged .*restore a backup, or move it/)
      expect(readFileSync(path).equals(damage)).toBe(true)
    }
    writeFileSync(path, whole)
    await open()
    expect((await read()).offset).toBe(50)
  })

  it('[BR23] leaves a damaged file as it was even where its log is not in it yet', async () => {
    await open()
    for (let number = 0; number < 50; number += 1) await publish('x'.repeat(1000))
    await broker.close()
    await open()
    await publish('in the log')
    // What is on disk now is what a killed process would leave.
    const path = join(directory, 'history.db')
    const log = readFileSync(`${path}-wal`)
    const damage = readFileSync(path)
    damage.fill(0x5a, 4096 * 6)
    await broker.close()
    writeFileSync(path, damage)
    writeFileSync(`${path}-wal`, log)
    await expect(open()).rejects.toThrow(/is damaged/)
    expect(readFileSync(path).equals(damage)).toBe(true)
    expect(readFileSync(`${path}-wal`).equals(log)).toBe(true)
  })

  it('[BR21] renewing epochs, as after a restore, gives every stream another one and keeps its history', async () => {
    const power: Retention = { ...retention, durability: 'power' }
    await open()
    const { epoch } = await publish('a', power)
    await broker.close()
    renewEpochs(join(directory, 'history.db'))
    await open()
    const after = await read(chat, power)
    expect(after).toMatchObject({ texts: ['a'], offset: 1 })
    expect(after.epoch).not.toBe(epoch)
    await publish('b', power)
    await broker.close()
    await open()
    expect(await read(chat, power)).toEqual({ texts: ['a', 'b'], offset: 2, epoch: after.epoch })
  })

  it('[BR23] refuses a file of a newer version or of another program', async () => {
    await open()
    await broker.close()
    edit('PRAGMA user_version = 9')
    await expect(open()).rejects.toThrow(/newer Xshathra \(schema 9/)
    edit('PRAGMA user_version = 1; PRAGMA application_id = 5')
    await expect(open()).rejects.toThrow(/belongs to another program/)
  })

  it('[BR23] refuses a file that another broker has open', async () => {
    const first = await open()
    await expect(open()).rejects.toThrow(/in use by another process/)
    broker = first
  })

  it('[BR23] makes its file for this user alone', async () => {
    await open()
    await publish('a')
    for (const suffix of ['', '-wal']) {
      const path = join(directory, `history.db${suffix}`)
      expect(existsSync(path) && statSync(path).mode & 0o777).toBe(0o600)
    }
  })

  it.skipIf(disk === undefined)(
    '[BR24] a full disk gives problems, said once, and no false acknowledgement; with room again all is well (needs root to mount a tmpfs)',
    async () => {
      if (disk === undefined) return
      const { announced, events } = collectAnnouncements()
      await open({ directory: disk.path, events })
      await publish('x'.repeat(5_000))
      disk.fill()
      const full = await Promise.all(
        Array.from({ length: 200 }, () => broker.publish(chat, draftOf('x'.repeat(20_000)), { retention })),
      )
      expect(full.filter(({ ok }) => !ok)).toHaveLength(200)
      expect(await broker.publish(chat, draftOf('x'.repeat(1e6)), {})).toMatchObject({ ok: true })
      expect(problems).toMatchObject([{ state: 'failing', detail: expect.stringMatching(/full/) }])
      expect((await read()).offset).toBe(1)
      disk.empty()
      expect(await publish('b')).toMatchObject({ offset: 2 })
      expect(problems).toMatchObject([{ state: 'failing' }, { state: 'recovered' }])
      expect(announced.map(({ publication }) => publication.offset)).toEqual([1, 0, 2])
      await broker.close()
      await open({ directory: disk.path })
      expect(await read()).toMatchObject({ offset: 2 })
    },
  )

  it('[BR24] a lost thread is started again; what was not committed is answered with a problem', async () => {
    const workers: Worker[] = []
    const spawn = (settings: unknown) => {
      const worker = new Worker(new URL('./store-worker.ts', import.meta.url), { workerData: settings })
      workers.push(worker)
      return worker
    }
    await open({ spawn })
    await publish('a')
    const lost = broker.publish(chat, draftOf('b'), { retention })
    const ended = new Promise((resolve) => workers[0]?.once('exit', resolve))
    await workers[0]?.terminate()
    await ended
    expect(await lost).toEqual({ ok: false, problem: 'store' })
    expect(await broker.publish(chat, draftOf('c'), { retention })).toEqual({ ok: false, problem: 'store' })
    expect(problems).toMatchObject([{ state: 'failing' }])
    clock.advance(1000)
    await new Promise((resolve) => workers[1]?.once('message', resolve))
    const { offset } = await read()
    expect(await publish('d')).toMatchObject({ offset: offset + 1 })
    expect(problems).toMatchObject([{ state: 'failing' }, { state: 'recovered' }])
  })

  it('[BR24] a truncated file under a running broker gives problems, never a crash', async () => {
    await open({ limits: { cacheBytes: 1 } })
    for (let number = 0; number < 50; number += 1) await publish('x'.repeat(1000))
    await broker.close()
    await open()
    truncateSync(join(directory, 'history.db'), 4096)
    expect(await broker.history(chat, { limit: -1 }, retention)).toEqual({ ok: false, problem: 'store' })
    expect(problems).toMatchObject([{ state: 'failing' }])
  })

  it('answers with a problem when it is closed, and closing commits what waits', async () => {
    await open()
    const waiting = ['a', 'b', 'c'].map((text) => publish(text))
    await broker.close()
    expect(await Promise.all(waiting)).toMatchObject([{ offset: 1 }, { offset: 2 }, { offset: 3 }])
    expect(await broker.publish(chat, draftOf('d'), { retention })).toEqual({ ok: false, problem: 'store' })
    await open()
    expect(await read()).toMatchObject({ texts: ['a', 'b', 'c'] })
  })
})
