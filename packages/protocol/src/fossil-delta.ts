import { isUtf8 } from 'node:buffer'

/**
 * Makes patches in the format of Fossil SCM, which Centrifuge SDKs apply:
 * `<size>\n`, then `<count>@<offset>,` copies from the base and `<count>:<bytes>` literals, then `<checksum>;`, all
 * numbers in the base-64 digits below. Source: https://fossil-scm.org/home/doc/trunk/www/delta_format.wiki
 */

/** Returns a patch that turns `base` into `target`. It may be longer than `target`, by a few bytes at most. */
export const createFossilDelta = (base: Uint8Array, target: Uint8Array): Buffer =>
  new PatchMaker(base, target, false).make()

/**
 * Returns a patch that is UTF-8 text itself, so that it can travel in a JSON string: no segment cuts a character.
 * `undefined` when base or target is not UTF-8 text, or the patch would not be shorter than the target.
 */
export const createTextFossilDelta = (base: Uint8Array, target: Uint8Array): Buffer | undefined => {
  if (!isUtf8(base) || !isUtf8(target)) return undefined
  const patch = new PatchMaker(base, target, true).make()
  return patch.length < target.length ? patch : undefined
}

const digits = Buffer.from('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~')
const digitBits = 6

const copyMark = 0x40 // @
const literalMark = 0x3a // :
const comma = 0x2c
const semicolon = 0x3b
const lineFeed = 0x0a

/** Size line, checksum, and the head of one literal that no copy paid for; no number has more than 9 digits. */
const overheadBytes = 32
/** What the head of the literal that follows a copy may cost. A copy that does not save more is not worth it. */
const literalHeadBytes = 7

/** Length of the blocks of the base that the target is searched for. */
const blockBytes = 16
/** How many equal-looking blocks are tried at one place: repetitive bases stay linear. */
const maxCandidates = 32

/** A stretch of the target that stands in the base. */
interface Match {
  readonly start: number
  readonly end: number
  readonly baseStart: number
}

/** The work on one patch, thrown away after it. Most updates change little in the middle: ends first, blocks then. */
class PatchMaker {
  readonly #base: Uint8Array
  readonly #target: Uint8Array
  readonly #isText: boolean
  readonly #out: Buffer
  #at = 0
  /** The target is patched up to here. */
  #done = 0

  constructor(base: Uint8Array, target: Uint8Array, isText: boolean) {
    this.#base = base
    this.#target = target
    this.#isText = isText
    this.#out = Buffer.allocUnsafe(target.length + overheadBytes)
  }

  make(): Buffer {
    this.#number(this.#target.length)
    this.#byte(lineFeed)
    const prefix = this.#worthwhile({ start: 0, end: this.#commonPrefix(), baseStart: 0 })
    if (prefix !== undefined) this.#copy(prefix)
    const suffix = this.#worthwhile(this.#commonSuffix())
    this.#patchMiddle(suffix?.start ?? this.#target.length)
    if (suffix !== undefined) this.#copy(suffix)
    this.#literal(this.#target.length)
    this.#number(checksum(this.#target))
    this.#byte(semicolon)
    return this.#out.subarray(0, this.#at)
  }

  // ── finding ───────────────────────────────────────────────────────────────────────────────────────────────────

  #commonPrefix(): number {
    const base = this.#base
    const target = this.#target
    const most = Math.min(base.length, target.length)
    let length = 0
    while (length < most && base[length] === target[length]) length++
    return length
  }

  /** The longest common end of base and target behind what is done. */
  #commonSuffix(): Match {
    const base = this.#base
    const target = this.#target
    let start = target.length
    let baseStart = base.length
    while (start > this.#done && baseStart > 0 && target[start - 1] === base[baseStart - 1]) {
      start--
      baseStart--
    }
    return { start, end: target.length, baseStart }
  }

  /** Patches the target up to `end` with whatever blocks of the base it repeats. Literals are left for later. */
  #patchMiddle(end: number): void {
    if (this.#base.length < blockBytes || end - this.#done < blockBytes) return
    const index = new BlockIndex(this.#base)
    const target = this.#target
    let at = this.#done
    let hash = hashBlock(target, at)
    while (at + blockBytes <= end) {
      const match = this.#bestMatch(index, hash, at, end)
      if (match !== undefined) {
        this.#copy(match)
        at = match.end
        if (at + blockBytes <= end) hash = hashBlock(target, at)
      } else {
        if (at + blockBytes < end) hash = rollHash(hash, target[at]!, target[at + blockBytes]!)
        at++
      }
    }
  }

  #bestMatch(index: BlockIndex, hash: number, at: number, end: number): Match | undefined {
    let best: Match | undefined
    let block = index.first(hash)
    for (let tried = 0; block >= 0 && tried < maxCandidates; tried++) {
      const match = this.#grow(at, block * blockBytes, end)
      if (match !== undefined && (best === undefined || match.end - match.start > best.end - best.start)) best = match
      block = index.next(block)
    }
    return best
  }

  /** The match around a block of equal hash, if the bytes are equal and it pays. */
  #grow(at: number, baseAt: number, most: number): Match | undefined {
    const base = this.#base
    const target = this.#target
    let end = at
    let baseEnd = baseAt
    while (end < most && baseEnd < base.length && target[end] === base[baseEnd]) {
      end++
      baseEnd++
    }
    if (end - at < blockBytes) return undefined
    let start = at
    let baseStart = baseAt
    while (start > this.#done && baseStart > 0 && target[start - 1] === base[baseStart - 1]) {
      start--
      baseStart--
    }
    return this.#worthwhile({ start, end, baseStart })
  }

  /** The match, cut back to whole characters where that is asked for, unless copying would not save anything. */
  #worthwhile(match: Match): Match | undefined {
    const { start, end, baseStart } = this.#isText ? this.#wholeCharacters(match) : match
    const length = end - start
    const cost = digitCount(length) + digitCount(baseStart) + 2 + literalHeadBytes
    return length > cost ? { start, end, baseStart } : undefined
  }

  #wholeCharacters(match: Match): Match {
    const target = this.#target
    let { start, end } = match
    while (end > start && end < target.length && isContinuation(target[end]!)) end--
    while (start < end && isContinuation(target[start]!)) start++
    return { start, end, baseStart: match.baseStart + (start - match.start) }
  }

  // ── writing ───────────────────────────────────────────────────────────────────────────────────────────────────

  #copy(match: Match): void {
    this.#literal(match.start)
    this.#number(match.end - match.start)
    this.#byte(copyMark)
    this.#number(match.baseStart)
    this.#byte(comma)
    this.#done = match.end
  }

  /** What the target says from where it is done up to `end`. */
  #literal(end: number): void {
    if (end === this.#done) return
    this.#number(end - this.#done)
    this.#byte(literalMark)
    this.#out.set(this.#target.subarray(this.#done, end), this.#at)
    this.#at += end - this.#done
    this.#done = end
  }

  #number(value: number): void {
    const count = digitCount(value)
    let rest = value
    for (let at = this.#at + count - 1; at >= this.#at; at--) {
      this.#out[at] = digits[rest & 0x3f]!
      rest >>>= digitBits
    }
    this.#at += count
  }

  #byte(byte: number): void {
    this.#out[this.#at++] = byte
  }
}

/** Where the blocks of a base stand, by their hash. Two integers of memory per block. */
class BlockIndex {
  readonly #mask: number
  /** Slot to its first block, or -1. */
  readonly #heads: Int32Array
  /** Block to the next one of the same slot, or -1. */
  readonly #nexts: Int32Array

  constructor(base: Uint8Array) {
    const blocks = Math.floor(base.length / blockBytes)
    const slots = 2 ** Math.ceil(Math.log2(blocks + 1))
    this.#mask = slots - 1
    this.#heads = new Int32Array(slots).fill(-1)
    this.#nexts = new Int32Array(blocks)
    // From the last to the first, so that early blocks, whose offsets are shorter, are tried first.
    for (let block = blocks - 1; block >= 0; block--) {
      const slot = this.#slot(hashBlock(base, block * blockBytes))
      this.#nexts[block] = this.#heads[slot]!
      this.#heads[slot] = block
    }
  }

  first(hash: number): number {
    return this.#heads[this.#slot(hash)]!
  }

  next(block: number): number {
    return this.#nexts[block]!
  }

  #slot(hash: number): number {
    return (hash ^ (hash >>> 15)) & this.#mask
  }
}

const hashFactor = 0x9e3779b1
/** The factor by which the first byte of a block counts: hashFactor to the power of blockBytes - 1. */
const firstByteFactor = Array.from({ length: blockBytes - 1 }).reduce<number>(
  (power) => Math.imul(power, hashFactor),
  1,
)

const hashBlock = (bytes: Uint8Array, start: number): number => {
  let hash = 0
  for (let at = start; at < start + blockBytes; at++) hash = (Math.imul(hash, hashFactor) + bytes[at]!) | 0
  return hash
}

/** The hash of the block one byte further on. */
const rollHash = (hash: number, leaving: number, entering: number): number =>
  (Math.imul(hash - Math.imul(leaving, firstByteFactor), hashFactor) + entering) | 0

/** The bytes as big-endian words of 32 bits, the last filled up with zeros, summed. */
const checksum = (bytes: Uint8Array): number => {
  const whole = bytes.length & ~3
  let sum = 0
  for (let at = 0; at < whole; at += 4) {
    sum = (sum + ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!)) | 0
  }
  for (let at = whole; at < bytes.length; at++) sum = (sum + (bytes[at]! << (24 - 8 * (at & 3)))) | 0
  return sum >>> 0
}

const digitCount = (value: number): number => (value === 0 ? 1 : Math.ceil((32 - Math.clz32(value)) / digitBits))

/** Whether a byte of UTF-8 text goes on with a character that began before it. */
const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80
