import { hash } from 'node:crypto'
import { closeSync, fstatSync, openSync } from 'node:fs'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { InternalChannel } from '../names.ts'
import { ByteReader } from './byte-reader.ts'
import { copyFile } from './copy-file.ts'
import { epochFromBytes } from './epoch.ts'
import { OwnerBytes } from './owner-bytes.ts'
import { asUnusable, openStoreFile, readBootId } from './store-file.ts'
import type { OwnerUsage } from './store-messages.ts'
import type { RecordRun, StoredStream, StreamChange } from './stream-change.ts'
import { readChange } from './stream-change.ts'

/** Rows deleted or looked at in one step of tidying or trimming, so that no commit waits long behind it. */
const stepRows = 500

/** Streams that begin anew are counted per bucket of channel names, so that the counters stay few. */
const generationBuckets = 1024

/** Pages of the write-ahead log after which it is worth moving them into the file. */
const checkpointPages = 4000

/** An idempotency key as it is found when the store opens. */
export interface RememberedKey {
  readonly channel: InternalChannel
  readonly key: string
  readonly offset: number
  readonly epoch: string
  readonly expiresAtMs: number
}

interface StreamRow {
  readonly id: number
  readonly channel: string
  readonly epoch: string
  readonly life: number
  readonly top: number
  readonly floor: number
  readonly version: number
  readonly version_epoch: string
  readonly expires_at: number
  readonly meta_expires_at: number
  readonly written_at: number
  readonly power: number
  readonly owner: string
  readonly bytes: number
}

/**
 * The history file, for the one thread that has it open. Everything is synchronous; whatever fails throws and has
 * changed nothing.
 *
 * A commit survives the end of the process (it is in the file's write-ahead log, in the kernel's hands), and the end of
 * the machine where one of its changes asks for `power`. Streams that do not ask for it may lose their last publications
 * with the machine, and so they get a new epoch afterwards.
 */
export class HistoryStore {
  readonly #database: DatabaseSync
  readonly #sql: ReturnType<typeof prepareStatements>
  readonly #budgetBytes: number
  readonly #seed: Uint8Array
  /** Counts the unclean ends of the machine. */
  readonly #life: number
  readonly #owners: OwnerBytes
  /** Streams of an owner over quota, those not written for longest last. */
  #trimming: { readonly owner: string; readonly streams: TrimmedStream[] } | undefined
  readonly #path: string
  /** Kept open as long as the database is: closing any descriptor of a file drops all locks that a process has on it. */
  #copySource: number | undefined
  #isCopying = false
  #isFull = false
  #loggedPages = 0
  #tidiedStream = 0
  #tidiedAgeMs = Number.POSITIVE_INFINITY

  /** `budgetBytes`: what the file may hold of live data before the streams written longest ago lose publications. */
  constructor(path: string, budgetBytes: number) {
    this.#path = path
    this.#database = openStoreFile(path)
    this.#budgetBytes = budgetBytes
    try {
      this.#sql = prepareStatements(this.#database)
      this.#seed = this.#fact('seed') as Uint8Array
      this.#owners = new OwnerBytes(this.#sql.bytesOfOwners.all() as unknown as OwnerUsage[])
      this.#life = this.#beginLife()
    } catch (error) {
      this.#database.close()
      throw asUnusable(path, error)
    }
  }

  /** The first stream number that was never used. */
  nextStreamId(): number {
    const highest = this.#database.prepare(
      'SELECT max((SELECT ifnull(max(id), 0) FROM streams), (SELECT ifnull(max(stream), 0) FROM ended)) AS id',
    )
    return Number(highest.get()?.id ?? 0) + 1
  }

  /** The idempotency keys that still count, soonest to expire first. */
  keys(nowMs: number): RememberedKey[] {
    const found = this.#database.prepare(
      `SELECT s.*, k.key, k.offset, k.expires_at AS key_expires_at FROM keys k JOIN streams s ON s.id = k.stream
       WHERE k.expires_at > ? ORDER BY k.id`,
    )
    return found.all(nowMs).map((row) => ({
      channel: row.channel as InternalChannel,
      key: row.key as string,
      offset: Number(row.offset),
      epoch: this.#epochOf(row as unknown as StreamRow),
      expiresAtMs: Number(row.key_expires_at),
    }))
  }

  /** Commits changes of streams, all or none; returns what the owners of these streams have now. */
  commit(changes: Uint8Array, isPower: boolean, nowMs: number): OwnerUsage[] {
    this.#requireSafety(isPower)
    return this.#transaction(() => {
      const reader = new ByteReader(changes)
      while (!reader.atEnd) this.#write(readChange(reader), nowMs)
      this.#loggedPages += 2 + changes.byteLength / 4096
      return this.#owners.changed()
    })
  }

  /**
   * Deletes a few publications of an owner that has more than these bytes, the oldest of the streams not written for
   * longest. True: there is more to do.
   */
  trim(owner: string, bytes: number): boolean {
    return this.#transaction(() => {
      for (let deleted = 0; deleted < stepRows; deleted += trimmedRows) {
        if (this.#owners.bytesOf(owner) <= bytes) return false
        const stream = this.#nextToTrim(owner)
        if (stream === undefined) return false
        this.#deleteOldestChunks(stream)
      }
      return true
    })
  }

  /** Finds a channel's stream as it is at this time, with the publications that are kept. */
  load(channel: InternalChannel, nowMs: number): StoredStream {
    const row = this.#sql.findStream.get(channel) as StreamRow | undefined
    if (row === undefined) return this.#unwritten(channel)
    if (nowMs >= readTime(row.meta_expires_at)) {
      this.#transaction(() => this.#end(row))
      return this.#unwritten(channel)
    }
    const floor = nowMs >= readTime(row.expires_at) ? row.top + 1 : row.floor
    const runs = floor > row.top ? [] : (this.#sql.readChunks.all(row.id, floor) as unknown as RecordRun[])
    return {
      id: row.id,
      epoch: this.#epochOf(row),
      isSettled: this.#isCurrent(row),
      top: row.top,
      floor,
      version: row.version,
      versionEpoch: row.version_epoch,
      expiresAtMs: readTime(row.expires_at),
      metaExpiresAtMs: readTime(row.meta_expires_at),
      power: row.power === 1,
      runs,
    }
  }

  /**
   * Deletes a little of what has expired or is over budget, and moves the log into the file when it has grown. True: there
   * is more to do at once; false: a round over everything is done.
   */
  tidy(nowMs: number): boolean {
    this.checkpoint()
    return this.#transaction(() => {
      const keys = Number(this.#sql.deleteKeys.run(stepRows, nowMs).changes)
      const chunks = this.#deleteEnded()
      const isRoundOver = chunks === 0 && this.#tidyStreams(nowMs)
      return keys === stepRows || !isRoundOver
    })
  }

  /** Moves the log into the file when it has grown; what cannot be moved now is moved another time. */
  checkpoint(): void {
    if (this.#loggedPages < checkpointPages || this.#isCopying) return
    this.#loggedPages = 0
    this.#database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get()
  }

  /**
   * Writes a copy of all that is committed now, see {@link copyFile}; other work goes on meanwhile, but for another copy.
   * The file itself does not change while it is copied, for new commits are in its log until then.
   */
  async copyTo(path: string, signal: AbortSignal): Promise<void> {
    this.#copySource ??= openSync(this.#path, 'r')
    this.#database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()
    this.#isCopying = true
    try {
      await copyFile(this.#copySource, fstatSync(this.#copySource).size, path, signal)
    } finally {
      this.#isCopying = false
    }
  }

  /** Closes the file, marked as whole. No copy may be under way. */
  close(): void {
    try {
      this.#requireSafety(true)
      this.#sql.setFact.run(1, 'clean')
    } finally {
      this.#database.close()
      if (this.#copySource !== undefined) closeSync(this.#copySource)
    }
  }

  /** Ends whatever transaction is open, after a failure. */
  #transaction<Value>(work: () => Value): Value {
    this.#sql.begin.run()
    try {
      const value = work()
      this.#sql.commit.run()
      this.#owners.settle()
      return value
    } catch (error) {
      this.#owners.takeBack()
      if (this.#database.isTransaction) this.#sql.rollback.run()
      throw error
    }
  }

  /** FULL syncs the log at each commit; NORMAL leaves that to the kernel and keeps the file consistent all the same. */
  #requireSafety(isPower: boolean): void {
    if (isPower === this.#isFull) return
    this.#database.exec(isPower ? 'PRAGMA synchronous = FULL' : 'PRAGMA synchronous = NORMAL')
    this.#isFull = isPower
  }

  #write(change: StreamChange, nowMs: number): void {
    const { id, identity, top, floor, version, versionEpoch, count, records, keys } = change
    const expiresAt = storeTime(change.expiresAtMs)
    const metaExpiresAt = storeTime(change.metaExpiresAtMs)
    const power = change.power ? 1 : 0
    const freed = change.trim ? this.#deleteBelow(id, floor, stepRows).bytes : 0
    const grown = (count > 0 ? records.byteLength : 0) - freed
    const place = [this.#life, top, floor, version, versionEpoch, expiresAt, metaExpiresAt, nowMs, power] as const
    const written = (
      identity === undefined
        ? this.#sql.updateStream.get(...place, grown, id)
        : this.#sql.putStream.get(id, identity.channel, identity.epoch, ...place, identity.owner, grown)
    ) as { readonly owner: string } | undefined
    if (written === undefined) throw new Error(`stream ${id} is not in the history file`)
    this.#owners.add(written.owner, grown)
    if (count > 0) this.#sql.addChunk.run(id, top, count, records)
    for (const { key, offset, expiresAtMs } of keys) this.#sql.addKey.run(id, key, offset, expiresAtMs)
    this.#loggedPages += 1
  }

  /** A stream that nothing was written of: its epoch follows from its name, so that asking for it writes nothing. */
  #unwritten(channel: InternalChannel): StoredStream {
    const generation = this.#sql.findGeneration.get(bucketOf(channel))?.generation ?? 0
    return {
      id: 0,
      epoch: this.#deriveEpoch(channel, String(generation)),
      isSettled: false,
      top: 0,
      floor: 1,
      version: 0,
      versionEpoch: '',
      expiresAtMs: Number.POSITIVE_INFINITY,
      metaExpiresAtMs: Number.POSITIVE_INFINITY,
      power: false,
      runs: [],
    }
  }

  /** Forgets a stream; its next life gets another epoch, and its publications are deleted bit by bit. */
  #end(row: StreamRow): void {
    this.#sql.deleteStream.run(row.id)
    this.#owners.add(row.owner, -row.bytes)
    this.#sql.addEnded.run(row.id)
    this.#sql.raiseGeneration.run(bucketOf(row.channel))
  }

  #isCurrent(row: StreamRow): boolean {
    return row.power === 1 || row.life === this.#life
  }

  #epochOf(row: StreamRow): string {
    return this.#isCurrent(row) ? row.epoch : this.#deriveEpoch(row.channel, row.epoch)
  }

  #deriveEpoch(channel: string, distinction: string): string {
    const source = `${Buffer.from(this.#seed).toString('hex')} ${this.#life} ${distinction} ${channel}`
    return epochFromBytes(hash('sha256', source, 'buffer'))
  }

  /** Deletes chunks of streams that have ended, up to one step; returns how many rows that took. */
  #deleteEnded(): number {
    let deleted = 0
    while (deleted < stepRows) {
      const next = this.#sql.nextEnded.get()?.stream as number | undefined
      if (next === undefined) break
      const chunks = this.#deleteBelow(next, Number.MAX_SAFE_INTEGER, stepRows).rows
      if (chunks < stepRows) this.#sql.deleteEnded.run(next)
      deleted += chunks + 1
    }
    return deleted
  }

  /** Deletes chunks of a stream, the oldest first; returns how many. */
  #deleteChunks({ id, owner }: TrimmedStream, below: number, limit: number): number {
    const { rows, bytes } = this.#deleteBelow(id, below, limit)
    // One that has ended meanwhile is not the owner's any more.
    if (rows > 0 && this.#sql.shrinkStream.run(bytes, id).changes === 1) this.#owners.add(owner, -bytes)
    return rows
  }

  #deleteBelow(stream: number, below: number, limit: number): { readonly rows: number; readonly bytes: number } {
    const deleted = this.#sql.deleteBelow.all(stream, stream, below, limit)
    return { rows: deleted.length, bytes: deleted.reduce((sum, chunk) => sum + Number(chunk.bytes), 0) }
  }

  /** The order is looked up for many streams at once, since that takes a look at all of the owner's. */
  #nextToTrim(owner: string): TrimmedStream | undefined {
    if (this.#trimming?.owner !== owner || this.#trimming.streams.length === 0) {
      const streams = this.#sql.oldestOf.all(owner, trimmedStreams) as unknown as TrimmedStream[]
      this.#trimming = { owner, streams: streams.reverse() }
    }
    return this.#trimming.streams.at(-1)
  }

  /** A few, so that no more of a large stream goes than has to. What remains is whole up to its end. */
  #deleteOldestChunks(stream: TrimmedStream): void {
    const rows = this.#deleteChunks(stream, Number.MAX_SAFE_INTEGER, trimmedRows)
    if (rows < trimmedRows) this.#trimming?.streams.pop()
  }

  /** Goes on with the round over all streams; true when it comes to its end. */
  #tidyStreams(nowMs: number): boolean {
    if (this.#tidiedStream === 0) this.#chooseAge()
    const rows = this.#sql.nextStreams.all(this.#tidiedStream, stepRows) as unknown as StreamRow[]
    let deleted = 0
    for (const row of rows) {
      const chunks = this.#tidyStream(row, nowMs)
      deleted += chunks
      if (chunks === stepRows) return false
      this.#tidiedStream = row.id
      if (deleted >= stepRows) return false
    }
    if (rows.length === stepRows) return false
    this.#tidiedStream = 0
    return this.#tidiedAgeMs === Number.POSITIVE_INFINITY
  }

  /** Returns how many rows were deleted; a full step: there are more. */
  #tidyStream(row: StreamRow, nowMs: number): number {
    const { id, top, written_at: writtenAt, meta_expires_at: metaExpiresAt } = row
    // Whoever has the stream in memory may have renewed it since without writing each time: see DurableStream.
    const graceMs = (metaExpiresAt - writtenAt) / 4
    if (nowMs >= readTime(metaExpiresAt) + graceMs) {
      this.#end(row)
      return 1
    }
    const isOver = nowMs >= readTime(row.expires_at) || nowMs - writtenAt > this.#tidiedAgeMs
    const floor = isOver ? top + 1 : row.floor
    if (floor !== row.floor) this.#sql.setFloor.run(floor, id)
    return this.#deleteChunks(row, floor, stepRows)
  }

  /**
   * Over budget, a round takes the publications of streams not written for some age, and each further round of those
   * half as old: nearly the oldest first, without keeping an order on disk that every publish would have to update.
   */
  #chooseAge(): void {
    const { pages, free, bytes } = this.#sql.size.get() as { pages: number; free: number; bytes: number }
    if ((pages - free) * bytes <= this.#budgetBytes) this.#tidiedAgeMs = Number.POSITIVE_INFINITY
    else this.#tidiedAgeMs = Math.min(this.#tidiedAgeMs, oldestAgeMs) / 2
  }

  #fact(name: string): unknown {
    return this.#database.prepare('SELECT value FROM facts WHERE name = ?').get(name)?.value
  }

  /** Tells whether the machine ended uncleanly since the file was last closed, and marks the file as open. */
  #beginLife(): number {
    const bootId = readBootId()
    const isSameBoot = bootId !== '' && bootId === this.#fact('boot')
    const life = Number(this.#fact('life')) + (this.#fact('clean') === 1 || isSameBoot ? 0 : 1)
    this.#requireSafety(true)
    this.#transaction(() => {
      this.#sql.setFact.run(bootId, 'boot')
      this.#sql.setFact.run(life, 'life')
      this.#sql.setFact.run(0, 'clean')
    })
    return life
  }
}

type TrimmedStream = Pick<StreamRow, 'id' | 'owner'>

/** How many streams of an owner over quota are put in order at once, and how many chunks of one go at a time. */
const trimmedStreams = 20_000
const trimmedRows = 20

/** The age that the first round over budget begins to halve. */
const oldestAgeMs = 60 * 24 * 3_600_000

/** SQLite has no infinity among its whole numbers. */
const storeTime = (timeMs: number): number => Math.min(timeMs, Number.MAX_SAFE_INTEGER)
const readTime = (time: number): number => (time === Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : time)

const bucketOf = (channel: string): number => hash('sha256', channel, 'buffer').readUInt16BE(0) % generationBuckets

const prepareStatements = (database: DatabaseSync) => {
  const sql = (source: string): StatementSync => database.prepare(source)
  return {
    begin: sql('BEGIN IMMEDIATE'),
    commit: sql('COMMIT'),
    rollback: sql('ROLLBACK'),
    setFact: sql('UPDATE facts SET value = ? WHERE name = ?'),
    findStream: sql('SELECT * FROM streams WHERE channel = ?'),
    nextStreams: sql('SELECT * FROM streams WHERE id > ? ORDER BY id LIMIT ?'),
    putStream: sql(
      `INSERT INTO streams (id, channel, epoch, life, top, floor, version, version_epoch, expires_at, meta_expires_at,
         written_at, power, owner, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, life = excluded.life, top = excluded.top,
         floor = excluded.floor, version = excluded.version, version_epoch = excluded.version_epoch,
         expires_at = excluded.expires_at, meta_expires_at = excluded.meta_expires_at,
         written_at = excluded.written_at, power = excluded.power, owner = excluded.owner,
         bytes = bytes + excluded.bytes
       RETURNING owner`,
    ),
    updateStream: sql(
      `UPDATE streams SET life = ?, top = ?, floor = ?, version = ?, version_epoch = ?, expires_at = ?,
         meta_expires_at = ?, written_at = ?, power = ?, bytes = bytes + ? WHERE id = ? RETURNING owner`,
    ),
    setFloor: sql('UPDATE streams SET floor = ? WHERE id = ?'),
    deleteStream: sql('DELETE FROM streams WHERE id = ?'),
    addChunk: sql('INSERT INTO chunks (stream, last, count, records) VALUES (?, ?, ?, ?)'),
    readChunks: sql('SELECT count, last, records FROM chunks WHERE stream = ? AND last >= ? ORDER BY last'),
    deleteBelow: sql(
      `DELETE FROM chunks WHERE stream = ? AND last IN
         (SELECT last FROM chunks WHERE stream = ? AND last < ? ORDER BY last LIMIT ?)
       RETURNING length(records) AS bytes`,
    ),
    shrinkStream: sql('UPDATE streams SET bytes = bytes - ? WHERE id = ?'),
    bytesOfOwners: sql("SELECT owner, sum(bytes) AS bytes FROM streams WHERE owner <> '' GROUP BY owner"),
    oldestOf: sql('SELECT id, owner FROM streams WHERE owner = ? AND bytes > 0 ORDER BY written_at LIMIT ?'),
    addKey: sql('INSERT INTO keys (stream, key, offset, expires_at) VALUES (?, ?, ?, ?)'),
    deleteKeys: sql(
      `DELETE FROM keys WHERE id IN (SELECT id FROM (SELECT id, expires_at FROM keys ORDER BY id LIMIT ?)
         WHERE expires_at <= ?)`,
    ),
    addEnded: sql('INSERT INTO ended (stream) VALUES (?)'),
    nextEnded: sql('SELECT stream FROM ended LIMIT 1'),
    deleteEnded: sql('DELETE FROM ended WHERE stream = ?'),
    findGeneration: sql('SELECT generation FROM generations WHERE bucket = ?'),
    raiseGeneration: sql(
      'INSERT INTO generations VALUES (?, 1) ON CONFLICT (bucket) DO UPDATE SET generation = generation + 1',
    ),
    size: sql(
      `SELECT page_count AS pages, freelist_count AS free, page_size AS bytes
       FROM pragma_page_count, pragma_freelist_count, pragma_page_size`,
    ),
  }
}
