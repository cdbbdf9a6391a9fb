import type { HistoryQuotas } from './history-quotas.ts'
import type { StoreKeeper } from './store-keeper.ts'
import type { OwnerUsage } from './store-messages.ts'

/** An owner over quota is brought down to this part of it, so that not every publish makes room for itself. */
const trimmedPart = 0.9

/**
 * Keeps owners within their quotas: after the commit that leads one over, the publications of its streams not written
 * for longest go, bit by bit. Publishing is never refused for it, and nobody else's history is touched.
 */
export class QuotaKeeper {
  readonly #quotas: HistoryQuotas
  readonly #store: StoreKeeper
  readonly #trimming = new Set<string>()

  constructor(quotas: HistoryQuotas, store: StoreKeeper) {
    this.#quotas = quotas
    this.#store = store
  }

  /** Looks at what owners have on disk after a commit. */
  check(usage: readonly OwnerUsage[]): void {
    for (const { owner, bytes } of usage) {
      const quota = this.#quotas.bytesOf(owner)
      if (quota === undefined || bytes <= quota || this.#trimming.has(owner)) continue
      this.#trimming.add(owner)
      this.#store.trim(owner, Math.floor(quota * trimmedPart), () => this.#trimming.delete(owner))
    }
  }
}
