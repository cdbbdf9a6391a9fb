import { vi } from 'vitest'

/** Reads the endless body of an answer as it comes. */
export class StreamReader {
  readonly response: Response
  isEnded = false
  #bytes = Buffer.alloc(0)

  constructor(response: Response) {
    this.response = response
    void this.#read()
  }

  get text(): string {
    return this.#bytes.toString()
  }

  async until(text: string): Promise<void> {
    await vi.waitFor(() => {
      if (this.text !== text) throw new Error(`got ${JSON.stringify(this.text)}, not ${JSON.stringify(text)}`)
    })
  }

  async untilEnded(): Promise<void> {
    await vi.waitFor(() => {
      if (!this.isEnded) throw new Error('the stream has not ended')
    })
  }

  async #read(): Promise<void> {
    try {
      for await (const chunk of this.response.body ?? []) this.#bytes = Buffer.concat([this.#bytes, chunk])
    } catch {
      // Aborted, or cut off: an end as well.
    }
    this.isEnded = true
  }
}
