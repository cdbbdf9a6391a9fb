import type { InternalChannel } from '../names.ts'

/** How much of the store each owner of channels may fill. */
export interface HistoryQuotas {
  /** Whose history a channel's is; `''`: nobody's, bounded by the store's own budget alone. Always the same for a channel. */
  ownerOf(channel: InternalChannel): string
  /** Bytes of publications on disk, as they are now in force; absent: the store's own budget alone. */
  bytesOf(owner: string): number | undefined
}

export const noQuotas: HistoryQuotas = { ownerOf: () => '', bytesOf: () => undefined }
