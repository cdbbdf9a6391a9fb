import type { InternalChannel } from '../names.ts'
import type { RememberedKey } from './history-store.ts'

/** What the store's thread is started with. */
export interface StoreSettings {
  readonly path: string
  readonly budgetBytes: number
  /** Unix milliseconds, here and below: the thread has no clock of its own. */
  readonly nowMs: number
}

/** Bytes of publications that an owner has on disk. */
export interface OwnerUsage {
  readonly owner: string
  readonly bytes: number
}

/**
 * What the store's thread is asked. It answers each with one reply, in order, but for copies: those take long, are
 * answered in an order of their own, and hold nothing else up.
 */
export type StoreRequest =
  | {
      readonly kind: 'commit'
      readonly changes: Uint8Array
      /** Must survive the end of the machine. */
      readonly isPower: boolean
      readonly nowMs: number
    }
  | { readonly kind: 'load'; readonly channels: readonly InternalChannel[]; readonly nowMs: number }
  | { readonly kind: 'tidy'; readonly nowMs: number }
  /** Takes a few publications of an owner that has more than these bytes. */
  | { readonly kind: 'trim'; readonly owner: string; readonly bytes: number }
  | { readonly kind: 'copy'; readonly path: string }
  | { readonly kind: 'close' }

export type StoreReply =
  /** The first reply, to being started. */
  | { readonly kind: 'opened'; readonly nextStreamId: number; readonly keys: readonly RememberedKey[] }
  /** Instead of it: the file cannot be used; the message is for people. */
  | { readonly kind: 'refused'; readonly message: string }
  /** With what the owners have now whose streams were changed. */
  | { readonly kind: 'committed'; readonly usage: readonly OwnerUsage[] }
  /** The first `count` of the streams asked for, at least one; the others have to be asked for again. */
  | { readonly kind: 'loaded'; readonly count: number; readonly streams: Uint8Array }
  | { readonly kind: 'tidied'; readonly more: boolean }
  | { readonly kind: 'trimmed'; readonly more: boolean }
  /** `failure`, a sentence for people: there is no copy. */
  | { readonly kind: 'copied'; readonly failure?: string | undefined }
  | { readonly kind: 'closed' }
  /** Nothing was changed, or nothing read. */
  | { readonly kind: 'failed'; readonly detail: string }
