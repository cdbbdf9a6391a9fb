import { isUtf8 } from 'node:buffer'
import { asBuffer } from './as-buffer.ts'
import { ByteSink } from './byte-sink.ts'
import { InappropriatePayload } from './codec.ts'
import { isJsonValue } from './is-json-value.ts'
import type { Payload } from './messages.ts'

const quote = 0x22
const comma = 0x2c
const colon = 0x3a
const lineFeed = 0x0a
const carriageReturn = 0x0d

/**
 * What stands in a JSON string as it is: all but quotes, backslashes, control characters, halves of surrogate pairs, and
 * the five characters that Centrifugo escapes because they are dangerous inside HTML and old scripts.
 */
const isPlainText = /^[ !#-%'-;=?-[\]-\u2027\u202a-\ud7ff\ue000-\uffff]*$/
const needsMoreEscapes = /[<>&\u2028\u2029]/g

/** The same for single bytes of ASCII, for texts that are cheaper to walk over than to hand to a regular expression. */
const isPlainByte = Uint8Array.from({ length: 128 }, (_, code) => (isPlainText.test(String.fromCharCode(code)) ? 1 : 0))
const maxWalkedLength = 48

const sink = new ByteSink()

/**
 * Puts one JSON message together; one at a time. Payloads stay the bytes they are. The `…Field` methods leave out what
 * is zero, empty or absent, as the protocol wants it.
 */
export class JsonWriter {
  #isFirst = true

  constructor() {
    sink.clear()
  }

  beginObject(): void {
    this.#begin('{')
  }

  endObject(): void {
    this.#end('}')
  }

  beginArray(): void {
    this.#begin('[')
  }

  endArray(): void {
    this.#end(']')
  }

  #begin(bracket: string): void {
    sink.ascii(bracket)
    this.#isFirst = true
  }

  #end(bracket: string): void {
    sink.ascii(bracket)
    this.#isFirst = false
  }

  /** Stands before every element of an array. */
  element(): void {
    if (!this.#isFirst) sink.ascii(',')
    this.#isFirst = false
  }

  /** Opens the next member, by a name of the protocol. */
  key(name: string): void {
    sink.reserve(name.length + 4)
    const { bytes } = sink
    let { at } = sink
    if (!this.#isFirst) bytes[at++] = comma
    bytes[at++] = quote
    for (let index = 0; index < name.length; index++) bytes[at++] = name.charCodeAt(index)
    bytes[at++] = quote
    bytes[at++] = colon
    sink.at = at
    this.#isFirst = false
  }

  /** Opens the next member of a map, whose names come from outside. */
  name(name: string): void {
    this.element()
    this.string(name)
    sink.ascii(':')
  }

  /** A text. Halves of surrogate pairs become U+FFFD. */
  string(text: string): void {
    if (text.length <= maxWalkedLength && this.#shortPlainString(text)) return
    if (isPlainText.test(text)) {
      sink.ascii('"')
      sink.utf8(text)
      sink.ascii('"')
    } else sink.utf8(JSON.stringify(text.toWellFormed()).replace(needsMoreEscapes, unicodeEscape))
  }

  /** Writes a text that needs no escapes and is ASCII; otherwise writes nothing and answers false. */
  #shortPlainString(text: string): boolean {
    sink.reserve(text.length + 2)
    const { bytes } = sink
    let { at } = sink
    bytes[at++] = quote
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index)
      if (code > 127 || isPlainByte[code] === 0) return false
      bytes[at++] = code
    }
    bytes[at++] = quote
    sink.at = at
    return true
  }

  /** A safe integer. */
  number(value: number): void {
    sink.ascii(`${value}`)
  }

  /**
   * A payload as the JSON value it is, without the line breaks between its tokens: one message is one line, and an
   * event stream counts carriage returns as line ends too. Throws {@link InappropriatePayload} for what is not JSON.
   */
  raw(payload: Payload, isJson: boolean): void {
    if (!isJson && !isJsonValue(payload)) throw new InappropriatePayload()
    const bytes = asBuffer(payload)
    if (!bytes.includes(lineFeed) && !bytes.includes(carriageReturn)) sink.copy(bytes)
    else sink.copy(bytes.filter((byte) => byte !== lineFeed && byte !== carriageReturn))
  }

  /**
   * A payload as a JSON string holding its text, line breaks and all. Throws {@link InappropriatePayload} for what is
   * not UTF-8, or not JSON where `isAnyText` is false.
   */
  text(payload: Payload, isAnyText: boolean): void {
    if (!(isAnyText ? isUtf8(payload) : isJsonValue(payload))) throw new InappropriatePayload()
    this.string(asBuffer(payload).toString('utf8'))
  }

  stringField(name: string, text: string | undefined): void {
    if (text === undefined || text === '') return
    this.key(name)
    this.string(text)
  }

  numberField(name: string, value: number | undefined): void {
    if (value === undefined || value === 0) return
    this.key(name)
    this.number(value)
  }

  trueField(name: string, value: boolean | undefined): void {
    if (value !== true) return
    this.key(name)
    sink.ascii('true')
  }

  rawField(name: string, payload: Payload | undefined, isJson = false): void {
    if (payload === undefined || payload.length === 0) return
    this.key(name)
    this.raw(payload, isJson)
  }

  finish(): Buffer {
    return sink.take()
  }
}

const unicodeEscape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
