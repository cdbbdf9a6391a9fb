import { randomBytes } from 'node:crypto'

/** Crockford's base 32: no I, L, O and U. https://www.crockford.com/base32.html */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** 26 characters that sort by time: 48 bits of Unix milliseconds, then 80 random bits. https://github.com/ulid/spec */
export const newUlid = (nowMs: number): string => {
  let time = ''
  for (let rest = nowMs, digit = 0; digit < 10; digit += 1, rest = Math.floor(rest / 32)) {
    time = alphabet[rest % 32] + time
  }
  // 256 is a multiple of 32, so that every character is as likely as any other.
  let random = ''
  for (const byte of randomBytes(16)) random += alphabet[byte % 32]
  return time + random
}
