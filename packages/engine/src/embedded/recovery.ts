import type { Publication, StreamPosition } from '@xshathra/protocol'
import type { HistoryPage } from '../broker/broker.ts'

export interface Recovery {
  readonly recovered: boolean
  /** What the client missed, oldest first; empty unless recovered. */
  readonly publications: readonly Publication[]
}

/**
 * Whether the page read since a client's position holds all that it missed: the first publication follows the position,
 * the last is the top. An empty epoch means any. Source: Centrifuge stream recovery.
 */
export const recoverStream = (since: StreamPosition, page: HistoryPage): Recovery => {
  if (since.epoch !== '' && since.epoch !== page.epoch) return lost
  const { publications } = page
  const first = publications[0]
  const last = publications.at(-1)
  if (!first || !last) return since.offset === page.offset ? { recovered: true, publications } : lost
  return first.offset === since.offset + 1 && last.offset === page.offset ? { recovered: true, publications } : lost
}

/**
 * Cache recovery: only the latest publication counts. `page` was read newest first with limit 1.
 * Source: Centrifuge `force_recovery_mode: cache`.
 */
export const recoverCache = (since: StreamPosition, page: HistoryPage): Recovery => {
  const latest = page.publications[0]
  const isUpToDate = since.offset > 0 && since.offset === page.offset && since.epoch === page.epoch
  if (!latest || latest.offset !== page.offset) return isUpToDate ? upToDate : lost
  return isUpToDate ? upToDate : { recovered: true, publications: [latest] }
}

const lost: Recovery = { recovered: false, publications: [] }
const upToDate: Recovery = { recovered: true, publications: [] }
