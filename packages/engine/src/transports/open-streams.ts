import type { Disconnect } from '@xshathra/protocol'
import type { Transport } from '../transport.ts'

/** Every stream of an engine that is open or still closing. */
export class OpenStreams {
  readonly #streams = new Set<Transport>()
  #onEmpty: (() => void)[] = []

  get size(): number {
    return this.#streams.size
  }

  add(stream: Transport): void {
    this.#streams.add(stream)
  }

  delete(stream: Transport): void {
    this.#streams.delete(stream)
    if (this.#streams.size > 0) return
    for (const settle of this.#onEmpty.splice(0)) settle()
  }

  closeAll(disconnect: Disconnect): void {
    for (const stream of this.#streams) stream.close(disconnect)
  }

  /** Settles when none is left. */
  async untilEmpty(): Promise<void> {
    if (this.#streams.size > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve))
  }
}
