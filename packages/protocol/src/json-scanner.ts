/**
 * How deep arrays and objects may stand in one another. A bound of ours: payloads deeper than this are refused, because
 * the parsers of many client platforms recurse and would fall over on what one publisher sends.
 */
const maxDepth = 1000

const inObject = 1
const inArray = 2
/** What is open while a value is skipped. Shared: skipping never waits and never nests. */
const nesting = new Uint8Array(maxDepth)

/** What a byte means inside a JSON string: nothing special, the end or an escape, or not allowed at all. */
const plain = 0
const special = 1
const forbidden = 2
const stringBytes = new Uint8Array(256)
stringBytes.fill(forbidden, 0, 0x20)
stringBytes[0x22] = special
stringBytes[0x5c] = special

/** Bytes of ASCII letters to their lower case, all others to themselves. */
const lowerCase = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte))

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39

const isHexDigit = (byte: number | undefined): boolean =>
  isDigit(byte) || (byte !== undefined && lowerCase[byte]! >= 0x61 && lowerCase[byte]! <= 0x66)

const hashStep = (hash: number, byte: number): number => (Math.imul(hash, 31) + lowerCase[byte]!) | 0

/**
 * The keys one message knows, found by the bytes of a frame without making a string of them. ASCII case does not matter,
 * as for Centrifugo's reader.
 */
export class KeyTable<Key extends string> {
  readonly #byHash = new Map<number, Key>()

  constructor(...keys: readonly Key[]) {
    for (const key of keys) {
      let hash = 0
      for (let at = 0; at < key.length; at++) hash = hashStep(hash, key.charCodeAt(at))
      if (this.#byHash.has(hash)) throw new Error(`the keys ${key} and ${this.#byHash.get(hash)} share a hash`)
      this.#byHash.set(hash, key)
    }
  }

  /** The key whose bytes stand from `start` to `end` and have this hash, or `undefined`. */
  find(bytes: Uint8Array, start: number, end: number, hash: number): Key | undefined {
    const key = this.#byHash.get(hash)
    if (key === undefined || key.length !== end - start) return undefined
    for (let at = 0; at < key.length; at++) {
      if (key.charCodeAt(at) !== lowerCase[bytes[start + at]!]) return undefined
    }
    return key
  }

  findText(text: string): Key | undefined {
    const bytes = Buffer.from(text)
    return this.find(bytes, 0, bytes.length, bytes.reduce(hashStep, 0))
  }
}

/**
 * Walks over the bytes of one JSON text from left to right, once. The caller asks for what it expects; whatever else is
 * there sets `failed` and moves to the end, so that every loop ends by itself and a caller looks at `failed` only once.
 *
 * Accepts exactly RFC 8259 up to a depth of 1000. Whether the bytes are UTF-8 is for the caller to check.
 */
export class JsonScanner {
  failed = false
  readonly #bytes: Buffer
  #at: number
  #end: number

  constructor(bytes: Buffer, start = 0, end: number = bytes.length) {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
    this.#skipSpace()
  }

  /** Starts over on another part of the same bytes. */
  restart(start: number, end: number): void {
    this.failed = false
    this.#at = start
    this.#end = end
    this.#skipSpace()
  }

  /** True when everything was as expected and nothing but white space follows. */
  isComplete(): boolean {
    this.#skipSpace()
    return !this.failed && this.#at === this.#end
  }

  fail(): void {
    this.failed = true
    this.#at = this.#end
  }

  // ── structure ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** Enters an object. True when a key stands next. */
  openObject(): boolean {
    return this.#open(0x7b, 0x7d)
  }

  /** After a member's value: true when another key stands next, false when the object has ended. */
  nextMember(): boolean {
    return this.#next(0x7d)
  }

  /** Enters an array. True when an element stands next. */
  openArray(): boolean {
    return this.#open(0x5b, 0x5d)
  }

  /** After an element: true when another stands next, false when the array has ended. */
  nextElement(): boolean {
    return this.#next(0x5d)
  }

  #open(opening: number, closing: number): boolean {
    if (this.#peek() !== opening) {
      this.fail()
      return false
    }
    this.#at++
    this.#skipSpace()
    if (this.#peek() !== closing) return true
    this.#at++
    return false
  }

  #next(closing: number): boolean {
    this.#skipSpace()
    const byte = this.#peek()
    if (byte === 0x2c) {
      this.#at++
      this.#skipSpace()
      return true
    }
    if (byte === closing) this.#at++
    else this.fail()
    return false
  }

  /** Reads a key and its colon; `undefined` for one that the table does not know (or none at all: `failed`). */
  key<Key extends string>(table: KeyTable<Key>): Key | undefined {
    const bytes = this.#bytes
    const start = this.#at + 1
    let at = start
    let hash = 0
    if (this.#peek() === 0x22) {
      while (at < this.#end && stringBytes[bytes[at]!] === plain) hash = hashStep(hash, bytes[at++]!)
      if (at < this.#end && bytes[at] === 0x22) {
        this.#at = at + 1
        this.#colon()
        return table.find(bytes, start, at, hash)
      }
    }
    return table.findText(this.name())
  }

  /** Reads any key, as text, and its colon. */
  name(): string {
    const name = this.#text()
    this.#colon()
    return name
  }

  #colon(): void {
    this.#skipSpace()
    if (this.#peek() !== 0x3a) return this.fail()
    this.#at++
    this.#skipSpace()
  }

  // ── values ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Steps over `null` if that is what stands here. */
  takeNull(): boolean {
    if (this.#peek() !== 0x6e) return false
    this.#literal('null')
    return true
  }

  /** A string; `null` gives `otherwise`. Halves of surrogate pairs become U+FFFD, as in every UTF-8 text. */
  string(otherwise: string): string {
    return this.takeNull() ? otherwise : this.#text()
  }

  boolean(otherwise: boolean): boolean {
    if (this.takeNull()) return otherwise
    const isTrue = this.#peek() === 0x74
    this.#literal(isTrue ? 'true' : 'false')
    return isTrue
  }

  /** An integer written without fraction or exponent, between two safe integers; unsigned ones take no sign at all. */
  integer(otherwise: number, min: number, max: number): number {
    if (this.takeNull()) return otherwise
    const isNegative = min < 0 && this.#peek() === 0x2d
    if (isNegative) this.#at++
    const start = this.#at
    const mayGoOn = this.#peek() !== 0x30
    let value = 0
    while (this.#at < this.#end && isDigit(this.#bytes[this.#at]) && value <= Number.MAX_SAFE_INTEGER) {
      value = value * 10 + (this.#bytes[this.#at++]! - 0x30)
      if (!mayGoOn) break
    }
    const signed = isNegative && value > 0 ? -value : value
    if (this.#at === start || signed < min || signed > max) this.fail()
    return signed
  }

  /** Any value, as its very bytes: a view into the frame. */
  raw(): Buffer {
    const start = this.#at
    this.skipValue()
    return this.#bytes.subarray(start, this.#at)
  }

  /** Steps over one value of any kind, however deep, without recursion. */
  skipValue(): void {
    let depth = 0
    do {
      const opened = this.#enterOrSkip()
      if (opened !== 0) {
        if (depth === maxDepth) return this.fail()
        nesting[depth++] = opened
        if (!this.#hasFirst(opened)) depth--
        else continue
      }
      while (depth > 0 && !this.#hasNext(nesting[depth - 1]!)) depth--
    } while (depth > 0 && !this.failed)
  }

  /** Steps over a scalar, or over the bracket that opens something, which it names. */
  #enterOrSkip(): number {
    switch (this.#peek()) {
      case 0x7b:
        return inObject
      case 0x5b:
        return inArray
      case 0x22:
        this.#skipString()
        return 0
      case 0x74:
        this.#literal('true')
        return 0
      case 0x66:
        this.#literal('false')
        return 0
      case 0x6e:
        this.#literal('null')
        return 0
      default:
        this.#skipNumber()
        return 0
    }
  }

  #hasFirst(kind: number): boolean {
    return kind === inObject ? this.openObject() && this.#skipKey() : this.openArray()
  }

  #hasNext(kind: number): boolean {
    return kind === inObject ? this.nextMember() && this.#skipKey() : this.nextElement()
  }

  #skipKey(): boolean {
    this.#skipString()
    this.#colon()
    return !this.failed
  }

  // ── tokens ────────────────────────────────────────────────────────────────────────────────────────────────────

  #peek(): number {
    return this.#at < this.#end ? this.#bytes[this.#at]! : -1
  }

  #skipSpace(): void {
    const bytes = this.#bytes
    const end = this.#end
    let at = this.#at
    while (at < end) {
      const byte = bytes[at]!
      if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) break
      at++
    }
    this.#at = at
  }

  #literal(word: string): void {
    for (let at = 0; at < word.length; at++) {
      if (this.#peek() !== word.charCodeAt(at)) return this.fail()
      this.#at++
    }
  }

  #text(): string {
    const start = this.#at
    const hasEscapes = this.#skipString()
    if (this.failed) return ''
    if (!hasEscapes) return this.#bytes.toString('utf8', start + 1, this.#at - 1)
    return (JSON.parse(this.#bytes.toString('utf8', start, this.#at)) as string).toWellFormed()
  }

  /** Steps over a string and tells whether there are escapes in it. */
  #skipString(): boolean {
    const bytes = this.#bytes
    const end = this.#end
    let at = this.#at + 1
    let hasEscapes = false
    if (this.#peek() !== 0x22) at = end
    while (at < end) {
      const meaning = stringBytes[bytes[at]!]
      if (meaning === plain) at++
      else if (meaning === forbidden) break
      else if (bytes[at] === 0x22) {
        this.#at = at + 1
        return hasEscapes
      } else {
        hasEscapes = true
        at = this.#afterEscape(at)
      }
    }
    this.fail()
    return hasEscapes
  }

  /** The place behind the escape that starts at `at`, or the end for what is no escape. */
  #afterEscape(at: number): number {
    const bytes = this.#bytes
    const end = this.#end
    if (at + 1 >= end) return end
    switch (bytes[at + 1]) {
      case 0x22: // "
      case 0x5c: // \
      case 0x2f: // /
      case 0x62: // b
      case 0x66: // f
      case 0x6e: // n
      case 0x72: // r
      case 0x74: // t
        return at + 2
      case 0x75: // u
        for (let digit = at + 2; digit < at + 6; digit++) if (digit >= end || !isHexDigit(bytes[digit])) return end
        return at + 6
      default:
        return end
    }
  }

  #skipNumber(): void {
    if (this.#peek() === 0x2d) this.#at++
    if (this.#peek() === 0x30) this.#at++
    else this.#skipDigits()
    if (this.#peek() === 0x2e) {
      this.#at++
      this.#skipDigits()
    }
    if (this.#peek() === 0x65 || this.#peek() === 0x45) {
      this.#at++
      if (this.#peek() === 0x2b || this.#peek() === 0x2d) this.#at++
      this.#skipDigits()
    }
  }

  /** Steps over at least one digit. */
  #skipDigits(): void {
    if (!isDigit(this.#peek())) return this.fail()
    while (isDigit(this.#peek())) this.#at++
  }
}
