import type { ClientInfo, Payload, Publication, Result, StreamPosition, Tags } from '@xshathra/protocol'
import type { Retention } from '../channel-rules.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { InternalChannel } from '../names.ts'

/**
 * What a publication that was acknowledged survives: `memory` nothing, `process` the end of the process (kill -9 too),
 * `power` the end of the machine (fsync).
 */
export type Durability = 'memory' | 'process' | 'power'

/** A publication before it has a place in a stream. */
export interface PublicationDraft {
  readonly data: Payload
  readonly isJson?: boolean | undefined
  readonly info?: ClientInfo | undefined
  readonly tags?: Tags | undefined
}

export interface BrokerPublishOptions {
  /** Absent: deliver only, keep nothing, no offset. */
  readonly retention?: Retention | undefined
  /** Counts per channel for five minutes, as durable as the history it guards; `''` or absent: none. */
  readonly idempotencyKey?: string | undefined
  /** Greater than 0: suppressed unless greater than the stream's version (of the same version epoch). */
  readonly version?: number | undefined
  readonly versionEpoch?: string | undefined
  /** Subscribers that negotiated delta may get a patch against the stream's previous publication. */
  readonly delta?: boolean | undefined
}

/** Where a publication came to stand. Without history, offset 0 and epoch ''. */
export interface PublishOutcome extends StreamPosition {
  /** Nothing was added or delivered: the key was known, or the version not newer. */
  readonly suppressed?: 'idempotency' | 'version' | undefined
}

export interface HistoryFilter {
  /** 0: only the position; -1: all that is kept. */
  readonly limit: number
  /** Exclusive both ways. An empty epoch means any. */
  readonly since?: StreamPosition | undefined
  readonly reverse?: boolean | undefined
}

export interface HistoryPage {
  readonly publications: readonly Publication[]
  /** Top of the stream. */
  readonly offset: number
  readonly epoch: string
}

/**
 * `store`: the disk is full, read-only or gone; nothing was accepted, and the next try may succeed.
 * `unrecoverable`: history was asked for since a position of another epoch.
 */
export type BrokerProblem = 'store' | 'unrecoverable'

/** Told of every publication. */
export interface BrokerEvents {
  /**
   * Called once per accepted publication, in offset order per channel, before its publish() answers and after it is
   * committed where history is durable. Must not throw. `previous` is the stream's publication before this one, given
   * only where `delta` was asked for; `epoch` is the stream's, `''` without history.
   */
  onPublication(
    channel: InternalChannel,
    publication: Publication,
    epoch: string,
    previous: Publication | undefined,
    delta: boolean,
  ): void
}

/**
 * Carries publications and keeps history: one port, because assigning an offset, keeping the publication and announcing
 * it must be one step per channel.
 *
 * Guarantees: offsets of a stream rise by one without gap or repeat; announcements of one channel come in the order of
 * acceptance, publications without history included; history() never shows what was not announced; what a failed commit
 * took back was never seen by anybody. Answers come in the same tick wherever nothing must be waited for.
 */
export interface Broker {
  publish(
    channel: InternalChannel,
    draft: PublicationDraft,
    options: BrokerPublishOptions,
  ): MaybePromise<Result<PublishOutcome, BrokerProblem>>

  /** Reads a stream; one that does not exist yet gets its epoch by this. */
  history(
    channel: InternalChannel,
    filter: HistoryFilter,
    retention: Retention,
  ): MaybePromise<Result<HistoryPage, BrokerProblem>>

  /** Clears what is kept; offset and epoch stay. */
  removeHistory(channel: InternalChannel): MaybePromise<Result<void, BrokerProblem>>

  /** Commits what waits, then closes files and threads. */
  close(): Promise<void>
}
