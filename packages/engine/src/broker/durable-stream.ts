import type { Publication } from '@xshathra/protocol'
import type { Retention } from '../channel-rules.ts'
import type { InternalChannel } from '../names.ts'
import { ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import type { Batch, KeepOperation } from './commit-queue.ts'
import { idempotencyTtlMs } from './idempotency-cache.ts'
import { readPublication, writePublication } from './publication-record.ts'
import { Stream } from './stream.ts'
import type { StoredKey, StoredStream } from './stream-change.ts'
import { writeChange } from './stream-change.ts'

/** Chunks of evicted publications that may lie in the file before a commit of the stream takes them out. */
const trimSlack = 32

/** A read renews the life of offset and epoch on disk only when this part of it has passed. */
const renewalPart = 0.1

/**
 * A stream whose truth is on disk. What {@link Stream} holds is committed; what is beyond it (`aheadTop` and so on) is
 * assigned and waits for its commit, and falls back if that fails.
 */
export class DurableStream extends Stream {
  /** Whose quota its publications count on; `''`: nobody's. */
  readonly owner: string
  /** Number in the store; 0: nothing was ever assigned. */
  id: number
  /** The store knows it, under this epoch. */
  isSettled: boolean
  /** Place, version and lower end when all that waits is committed. */
  aheadTop: number
  aheadVersion: number
  aheadVersionEpoch: string
  aheadFloor: number
  /** Operations that wait for a commit, and the batch of the last of them. */
  waiting = 0
  lastBatch: Batch | undefined = undefined
  /** Idempotency keys among them. */
  waitingKeys: Set<string> | undefined = undefined
  /** What the batch that is being filled adds to the stream. */
  readonly unsent: KeepOperation[] = []
  isDirty = false
  #isPower: boolean
  #trimmedBelow: number
  #storedMetaExpiresAtMs: number

  constructor(channel: InternalChannel, stored: StoredStream, owner: string) {
    super(channel, stored.epoch, stored.top)
    this.owner = owner
    this.id = stored.id
    this.isSettled = stored.isSettled
    this.version = stored.version
    this.versionEpoch = stored.versionEpoch
    this.expiresAtMs = stored.expiresAtMs
    this.metaExpiresAtMs = stored.metaExpiresAtMs
    this.#storedMetaExpiresAtMs = stored.metaExpiresAtMs
    this.restore(readPublications(stored))
    this.aheadTop = stored.top
    this.aheadVersion = stored.version
    this.aheadVersionEpoch = stored.versionEpoch
    this.aheadFloor = stored.floor
    this.#trimmedBelow = stored.floor
    this.#isPower = stored.power
  }

  get isWritten(): boolean {
    return this.top > 0
  }

  override clear(): void {
    super.clear()
    this.aheadFloor = Math.max(this.aheadFloor, this.top + 1)
  }

  /** Gives up what is ahead, because its commit failed. The next change says everything, whatever the file has by then. */
  fallBack(): void {
    this.isSettled = false
    this.#storedMetaExpiresAtMs = 0
    this.unsent.length = 0
    this.isDirty = false
    this.waitingKeys = undefined
    this.resetAhead()
  }

  /** Makes what is ahead what is committed: before the first operation that waits, and after a failure. */
  resetAhead(): void {
    this.aheadTop = this.top
    this.aheadVersion = this.version
    this.aheadVersionEpoch = this.versionEpoch
    this.aheadFloor = this.top - this.length + 1
  }

  /** Assigns the next place to a publication. */
  assign(publication: Publication, { size, durability }: Retention, versionEpoch: string): void {
    this.aheadTop = publication.offset
    this.aheadVersion = publication.version ?? 0
    this.aheadVersionEpoch = versionEpoch
    this.aheadFloor = Math.max(this.aheadFloor, publication.offset - size + 1)
    this.#isPower = durability === 'power'
  }

  /** True where so much of the stored life has passed that a read has to renew it on disk. */
  needsRenewal({ metaTtlMs }: Retention): boolean {
    return this.isWritten && this.metaExpiresAtMs - this.#storedMetaExpiresAtMs > renewalPart * metaTtlMs
  }

  /** The latest publication must survive the end of the machine, and with it all before it. */
  get isPower(): boolean {
    return this.#isPower
  }

  /** Version of the latest publication, committed or not. */
  get ahead(): { readonly version: number; readonly versionEpoch: string } {
    return { version: this.aheadVersion, versionEpoch: this.aheadVersionEpoch }
  }

  waitFor(idempotencyKey: string): void {
    this.waitingKeys ??= new Set()
    this.waitingKeys.add(idempotencyKey)
  }

  /** Writes all that is ahead and was not sent yet as one change, and counts it as sent. */
  send(writer: ByteWriter): void {
    const fresh = this.unsent.filter(({ publication }) => publication.offset >= this.aheadFloor)
    const trim = this.aheadFloor - this.#trimmedBelow >= trimSlack
    if (trim) this.#trimmedBelow = this.aheadFloor
    this.#storedMetaExpiresAtMs = this.metaExpiresAtMs
    const change = {
      id: this.id,
      identity: this.isSettled ? undefined : { channel: this.channel, epoch: this.epoch, owner: this.owner },
      top: this.aheadTop,
      floor: this.aheadFloor,
      version: this.aheadVersion,
      versionEpoch: this.aheadVersionEpoch,
      expiresAtMs: this.expiresAtMs,
      metaExpiresAtMs: this.metaExpiresAtMs,
      power: this.#isPower,
      trim,
      count: fresh.length,
      keys: this.#keys(),
    }
    writeChange(writer, change, () => {
      for (const { publication } of fresh) writePublication(writer, publication)
    })
    this.unsent.length = 0
    this.isDirty = false
  }

  #keys(): readonly StoredKey[] {
    let keys: StoredKey[] | undefined
    for (const { idempotencyKey, publication, acceptedAtMs } of this.unsent) {
      if (idempotencyKey === '') continue
      keys ??= []
      keys.push({ key: idempotencyKey, offset: publication.offset, expiresAtMs: acceptedAtMs + idempotencyTtlMs })
    }
    return keys ?? noKeys
  }
}

const noKeys: readonly StoredKey[] = []

/** Reads the publications that count: those up to the top without a gap, none below the floor. */
const readPublications = ({ top, floor, epoch, runs }: StoredStream): Publication[] => {
  const publications: Publication[] = []
  for (const { count, last, records } of runs) {
    const reader = new ByteReader(records)
    const first = last - count + 1
    if (publications.at(-1)?.offset !== first - 1) publications.length = 0
    for (let offset = first; offset <= last; offset += 1) {
      const publication = readPublication(reader, offset, epoch)
      if (offset >= floor) publications.push(publication)
    }
  }
  return publications.at(-1)?.offset === top ? publications : []
}
