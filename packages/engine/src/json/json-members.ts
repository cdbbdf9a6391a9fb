import type { Payload } from '@xshathra/protocol'
import { decodeBase64 } from './decode-base64.ts'
import { readMembers } from './read-members.ts'

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
  readonly #members: ReadonlyMap<string, Buffer>
  readonly #path: string
  readonly #doubt: Doubt

  private constructor(members: ReadonlyMap<string, Buffer>, path: string, doubt: Doubt) {
    this.#members = members
    this.#path = path
    this.#doubt = doubt
  }

  /** Undefined where the text is not one JSON object in UTF-8. */
  static parse(text: Buffer): JsonMembers | undefined {
    const members = readMembers(text)
    return members && new JsonMembers(members, '', {})
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
    const empty = new JsonMembers(new Map(), path, this.#doubt)
    return Array.from(map.#members.keys(), (key) => [key, map.#child(key, path) ?? empty] as const)
  }

  /** The member's text as written, in memory of its own; a written `null` is kept. */
  raw(name: string): Payload | undefined {
    const text = this.#members.get(name)
    if (text === undefined) return undefined
    const copy = Buffer.allocUnsafeSlow(text.length)
    text.copy(copy)
    return copy
  }

  /** A payload given as base64 in `b64name`, which wins where it is not empty, or as JSON in `name`. */
  payload(name: string): Payload | undefined {
    const text = this.string(`b64${name}`) ?? ''
    return text === '' ? this.raw(name) : (decodeBase64(text) ?? this.#unfit(`b64${name}`, text))
  }

  /** The parsed value, `null` included, for the few members whose type is the reader's own business. */
  value(name: string): unknown {
    const text = this.#members.get(name)
    return text && JSON.parse(text.toString('utf8'))
  }

  /** The digits of an integer of any size, else undefined. */
  digits(name: string): string | undefined {
    const text = this.#members.get(name)?.toString('latin1') ?? ''
    return /^-?\d+$/.test(text) ? text : undefined
  }

  /** Says that a member does not fit, for a rule that this class does not know. */
  refuse(name: string): void {
    this.#doubt.member ??= this.#pathOf(name)
  }

  #unfit(name: string, value: unknown): undefined {
    if (value !== undefined && value !== null) this.refuse(name)
    return undefined
  }

  #pathOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`
  }

  #child(name: string, path: string): JsonMembers | undefined {
    const text = this.#members.get(name)
    const members = text && readMembers(text)
    if (members) return new JsonMembers(members, path, this.#doubt)
    if (text && !text.equals(nullText)) this.#doubt.member ??= path
    return undefined
  }
}

const nullText = Buffer.from('null')

const isString = (value: unknown): value is string => typeof value === 'string'

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
