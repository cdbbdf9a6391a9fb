import type { IncomingMessage, ServerResponse } from 'node:http'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** Counts requests that are being answered, so that stores are not closed under them. */
export class Drain {
  #count = 0
  readonly #waiting = new Set<() => void>()

  /** A handler whose requests are waited for. */
  watch(handler: Handler): Handler {
    return (request, response) => {
      this.#count += 1
      response.on('close', () => this.#leave())
      handler(request, response)
    }
  }

  /** Resolves when nothing is being answered any more, or when that takes too long. */
  finished(timeoutMs: number): Promise<void> {
    if (this.#count === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const settle = () => {
        clearTimeout(timer)
        this.#waiting.delete(settle)
        resolve()
      }
      const timer = setTimeout(settle, timeoutMs)
      this.#waiting.add(settle)
    })
  }

  #leave(): void {
    this.#count -= 1
    if (this.#count === 0) for (const settle of this.#waiting) settle()
  }
}
