import { readMembers } from '@xshathra/engine'
import { JsonScanner } from '@xshathra/protocol'

/** Deeper arrays and objects are refused, because the parsers of many client platforms would fall over them. */
export const maxDepth = 1000

/**
 * The text of a JSON object that was parsed already, kept for the values that travel on as they were written: 2^53+1 and
 * `1.0` come out as they went in. The spans share the memory of the text.
 */
export class RawObject {
  readonly #text: Buffer
  #members: ReadonlyMap<string, Buffer> | undefined

  constructor(text: Buffer) {
    this.#text = text
  }

  /** The value of a member as written; undefined where there is none. */
  member(name: string): Buffer | undefined {
    this.#members ??= readMembers(this.#text) ?? new Map()
    return this.#members.get(name)
  }

  /** The objects in an array that is a member, each with its own text. */
  objects(name: string): RawObject[] {
    const objects: RawObject[] = []
    const scanner = new JsonScanner(this.member(name) ?? emptyArray)
    for (let more = scanner.openArray(); more; more = scanner.nextElement()) objects.push(new RawObject(scanner.raw()))
    return objects
  }

  /** A member that is an object. */
  object(name: string): RawObject {
    return new RawObject(this.member(name) ?? emptyObject)
  }
}

const emptyArray = Buffer.from('[]')
const emptyObject = Buffer.from('{}')
