import { isUtf8 } from 'node:buffer'
import type { Payload, Tags } from '@xshathra/protocol'
import { JsonScanner, KeyTable } from '@xshathra/protocol'

/**
 * Reads the value of one field. Whatever does not fit makes the scanner fail; `null` leaves what stood there before, as
 * for Centrifugo's reader.
 */
export interface FieldReader<Value> {
  /** The value of a field that is not there. */
  readonly absent: Value
  read(scanner: JsonScanner, previous: Value): Value
}

export type Shape = Readonly<Record<string, FieldReader<unknown>>>

export type FieldsOf<S extends Shape> = {
  readonly [Name in keyof S]: S[Name] extends FieldReader<infer Value> ? Value : never
}

/**
 * Makes a reader of one JSON object whose fields are known by name, in one pass and without parsing raw fields. Names
 * match in any ASCII case, unknown ones are stepped over, of a repeated one the last counts, `null` is an empty object.
 */
export const fieldsReader = <S extends Shape>(shape: S): ((scanner: JsonScanner) => FieldsOf<S>) => {
  const keys = new KeyTable(...Object.keys(shape))
  const absent = Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, field.absent]))
  return (scanner) => {
    const fields: Record<string, unknown> = { ...absent }
    if (scanner.takeNull()) return fields as FieldsOf<S>
    for (let more = scanner.openObject(); more; more = scanner.nextMember()) {
      const name = scanner.key(keys)
      if (name === undefined) scanner.skipValue()
      else fields[name] = shape[name]!.read(scanner, fields[name])
    }
    return fields as FieldsOf<S>
  }
}

/** Reads a body that is one JSON text in UTF-8; undefined where it is not, or where something in it did not fit. */
export const readJson = <Value>(body: Buffer, read: (scanner: JsonScanner) => Value): Value | undefined => {
  if (!isUtf8(body)) return undefined
  const scanner = new JsonScanner(body)
  const value = read(scanner)
  return scanner.isComplete() ? value : undefined
}

export const text: FieldReader<string> = {
  absent: '',
  read: (scanner, previous) => scanner.string(previous),
}

export const flag: FieldReader<boolean> = {
  absent: false,
  read: (scanner, previous) => scanner.boolean(previous),
}

/** Integers beyond 2^53 do not fit: two of them could not be told apart. */
const integer = (min: number, max: number): FieldReader<number> => ({
  absent: 0,
  read: (scanner, previous) => scanner.integer(previous, min, max),
})

export const int32 = integer(-(2 ** 31), 2 ** 31 - 1)
export const uint32 = integer(0, 2 ** 32 - 1)
export const int64 = integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
export const uint64 = integer(0, Number.MAX_SAFE_INTEGER)

/** Any JSON value, `null` too, as its very bytes: a view into the body. */
export const raw: FieldReader<Payload | undefined> = {
  absent: undefined,
  read: (scanner) => scanner.raw(),
}

/** Like {@link raw} in memory of its own, for what is kept as long as a connection lives. */
export const ownRaw: FieldReader<Payload | undefined> = {
  absent: undefined,
  read: (scanner) => new Uint8Array(scanner.raw()),
}

/** A bound of ours: small elements become large objects, and large answers. */
export const maxElements = 100_000

/** At most {@link maxElements} values of one kind. */
export const list = <Value>({ absent, read }: FieldReader<Value>): FieldReader<readonly Value[]> => ({
  absent: [],
  read(scanner, previous) {
    if (scanner.takeNull()) return previous
    const values: Value[] = []
    for (let more = scanner.openArray(); more; more = scanner.nextElement()) {
      if (values.length === maxElements) scanner.fail()
      values.push(read(scanner, absent))
    }
    return values
  },
})

export const tags: FieldReader<Tags | undefined> = {
  absent: undefined,
  read(scanner, previous) {
    if (scanner.takeNull()) return previous
    const entries: [string, string][] = []
    for (let more = scanner.openObject(); more; more = scanner.nextMember()) {
      entries.push([scanner.name(), scanner.string('')])
    }
    return entries.length === 0 ? undefined : Object.fromEntries(entries)
  },
}

/** An object inside the request; undefined where it is absent or `null`. */
export const nested = <S extends Shape>(shape: S): FieldReader<FieldsOf<S> | undefined> => {
  const read = fieldsReader(shape)
  return { absent: undefined, read: (scanner, previous) => (scanner.takeNull() ? previous : read(scanner)) }
}
