/**
 * HMAC-SHA-256 without waiting: Web Crypto only has it as a promise, and Node's crypto is not everywhere. For signing
 * short texts; it takes microseconds per token. FIPS 180-4 and RFC 2104.
 */
export const hmacSha256 = (key: Uint8Array, message: Uint8Array): Uint8Array => {
  const block = new Uint8Array(blockBytes)
  block.set(key.length > blockBytes ? sha256(key) : key)
  const inner = sha256(
    concat(
      block.map((byte) => byte ^ 0x36),
      message,
    ),
  )
  return sha256(
    concat(
      block.map((byte) => byte ^ 0x5c),
      inner,
    ),
  )
}

const blockBytes = 64

/** SHA-256 of a message, FIPS 180-4 §6.2. */
export const sha256 = (message: Uint8Array): Uint8Array => {
  const state = Uint32Array.from(initialState)
  const padded = pad(message)
  const words = new Uint32Array(64)
  for (let at = 0; at < padded.byteLength; at += blockBytes) compress(state, words, padded, at)
  const digest = new DataView(new ArrayBuffer(32))
  for (const [index, word] of state.entries()) digest.setUint32(index * 4, word)
  return new Uint8Array(digest.buffer)
}

/** The message, a one bit, zeros, and the length in bits, in whole blocks: §5.1.1. */
const pad = (message: Uint8Array): DataView => {
  const padded = new Uint8Array(Math.ceil((message.length + 9) / blockBytes) * blockBytes)
  padded.set(message)
  padded[message.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, Math.floor(message.length / 0x2000_0000))
  view.setUint32(padded.length - 4, message.length * 8)
  return view
}

const compress = (state: Uint32Array, words: Uint32Array, block: DataView, at: number): void => {
  for (let index = 0; index < 64; index++) {
    words[index] = index < 16 ? block.getUint32(at + index * 4) : extend(words, index)
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  for (let index = 0; index < 64; index++) {
    const choose = (e & f) ^ (~e & g)
    const first = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + choose + roundConstants[index]! + words[index]!
    const majority = (a & b) ^ (a & c) ^ (b & c)
    const second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + majority
    ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0]
  }
  // Adding up wraps at 32 bits by itself in a Uint32Array.
  for (const [index, value] of [a, b, c, d, e, f, g, h].entries()) state[index]! += value
}

const extend = (words: Uint32Array, index: number): number => {
  const early = words[index - 15]!
  const late = words[index - 2]!
  const low = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3)
  const high = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10)
  return words[index - 16]! + low + words[index - 7]! + high
}

const rotate = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits))

const concat = (first: Uint8Array, second: Uint8Array): Uint8Array => {
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}

/** The first `count` primes, from which the constants of §4.2.2 and §5.3.3 are made. */
const primes = (count: number): readonly number[] => {
  const found: number[] = []
  for (let candidate = 2; found.length < count; candidate++) {
    if (found.every((prime) => candidate % prime !== 0)) found.push(candidate)
  }
  return found
}

/** First 32 bits of the fractional part. */
const fraction = (value: number): number => Math.floor((value - Math.floor(value)) * 2 ** 32)

const initialState = /* @__PURE__ */ Uint32Array.from(primes(8), (prime) => fraction(Math.sqrt(prime)))
const roundConstants = /* @__PURE__ */ Uint32Array.from(primes(64), (prime) => fraction(Math.cbrt(prime)))
