import { isUtf8 } from 'node:buffer'
import type { Payload } from '@xshathra/protocol'
import { decodeBase64 } from './decode-base64.ts'
import { memberSpans } from './json-spans.ts'

/** Where a document first turned out not to be what its reader asked for; shared by all objects of the document. */
interface Doubt {
  member?: string
}

/**
 * One JSON object that came from outside, read member by member by whoever knows which types belong there.
 *
 * A member that is absent or `null` reads as undefined. One of a wrong type reads as undefined too and is remembered in
 * {@link wrongMember}, so that a reader asks for all it wants and looks once, at the end, whether everything fitted.
 */
export class JsonMembers {
  readonly #values: Readonly<Record<string, unknown>>
  readonly #text: Buffer
  readonly #path: string
  readonly #doubt: Doubt
  #spans: ReadonlyMap<string, Buffer> | undefined

  private constructor(values: Readonly<Record<string, unknown>>, text: Buffer, path: string, doubt: Doubt) {
    this.#values = values
    this.#text = text
    this.#path = path
    this.#doubt = doubt
  }

  /** Undefined where the text is not one JSON object in UTF-8. */
  static parse(text: Buffer): JsonMembers | undefined {
    if (!isUtf8(text)) return undefined
    try {
      const value: unknown = JSON.parse(text.toString('utf8'))
      return isObject(value) ? new JsonMembers(value, text, '', {}) : undefined
    } catch {
      return undefined
    }
  }

  /** Path of the first member that had a wrong type. Values are never told. */
  get wrongMember(): string | undefined {
    return this.#doubt.member
  }

  string(name: string): string | undefined {
    const value = this.value(name)
    return typeof value === 'string' ? value : this.#unfit(name, value)
  }

  boolean(name: string): boolean | undefined {
    const value = this.value(name)
    return typeof value === 'boolean' ? value : this.#unfit(name, value)
  }

  /** A number written with digits alone, as integers of other languages have to be: `1.0` and `1e3` do not fit. */
  integer(name: string): number | undefined {
    const value = this.value(name)
    const fits = typeof value === 'number' && value >= -(2 ** 63) && value < 2 ** 63 && this.digits(name) !== undefined
    return fits ? value : this.#unfit(name, value)
  }

  strings(name: string): readonly string[] | undefined {
    const value = this.value(name)
    return Array.isArray(value) && value.every(isString) ? value : this.#unfit(name, value)
  }

  stringMap(name: string): Readonly<Record<string, string>> | undefined {
    const value = this.value(name)
    return isObject(value) && Object.values(value).every(isString)
      ? (value as Record<string, string>)
      : this.#unfit(name, value)
  }

  object(name: string): JsonMembers | undefined {
    return this.#child(name, this.#pathOf(name))
  }

  /** The members of an object that is a map of objects, with their names; `null` stands for an empty object. */
  objects(name: string): readonly (readonly [string, JsonMembers])[] {
    const map = this.object(name)
    if (map === undefined) return []
    const path = this.#pathOf(`${name}.*`)
    const empty = new JsonMembers({}, Buffer.from('{}'), path, this.#doubt)
    return Object.keys(map.#values).map((key) => [key, map.#child(key, path) ?? empty] as const)
  }

  /** The member's text as written, in memory of its own; a written `null` is kept. */
  raw(name: string): Payload | undefined {
    if (!Object.hasOwn(this.#values, name)) return undefined
    const span = this.#span(name)
    const copy = Buffer.allocUnsafeSlow(span.length)
    span.copy(copy)
    return copy
  }

  /** A payload given as base64 in `b64name`, which wins where it is not empty, or as JSON in `name`. */
  payload(name: string): Payload | undefined {
    const text = this.string(`b64${name}`) ?? ''
    return text === '' ? this.raw(name) : (decodeBase64(text) ?? this.#unfit(`b64${name}`, text))
  }

  /** The parsed value, `null` included, for the few members whose type is the reader's own business. */
  value(name: string): unknown {
    return Object.hasOwn(this.#values, name) ? this.#values[name] : undefined
  }

  /** The digits of an integer of any size, else undefined. */
  digits(name: string): string | undefined {
    if (typeof this.value(name) !== 'number') return undefined
    const source = this.#span(name).toString('latin1')
    return /^-?\d+$/.test(source) ? source : undefined
  }

  /** Says that a member does not fit, for a rule that this class does not know. */
  refuse(name: string): void {
    this.#doubt.member ??= this.#pathOf(name)
  }

  #unfit(name: string, value: unknown): undefined {
    if (value !== undefined && value !== null) this.refuse(name)
    return undefined
  }

  #span(name: string): Buffer {
    this.#spans ??= memberSpans(this.#text)
    return this.#spans.get(name)!
  }

  #pathOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`
  }

  #child(name: string, path: string): JsonMembers | undefined {
    const value = this.value(name)
    if (isObject(value)) return new JsonMembers(value, this.#span(name), path, this.#doubt)
    if (value !== undefined && value !== null) this.#doubt.member ??= path
    return undefined
  }
}

const isString = (value: unknown): value is string => typeof value === 'string'

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
