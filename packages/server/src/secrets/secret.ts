import { inspect } from 'node:util'

/** A text that must not be shown: it prints as `[secret]` wherever it is logged, joined or turned into JSON. */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** The text itself. Each call is a place where it can leak, so they are few and easy to search for. */
  reveal(): string {
    return this.#text
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [inspect.custom](): string {
    return '[secret]'
  }
}
