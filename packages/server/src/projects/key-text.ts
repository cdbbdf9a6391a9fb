import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

/**
 * The text of a key: what it is, 22 random characters (130 bits) and a checksum of 6.
 *
 *     xsk_4fQx0wM2bC7rT9kLpZs81d0tv5Jo   server_api_key, secret
 *     xck_4fQx0wM2bC7rT9kLpZs81d1vbWPG   client_api_key, public
 *
 * The checksum is the CRC-32 of what stands before it, so that a typo is told from a key that was revoked without
 * asking anybody. Scanners for leaked secrets find keys with {@link keyPattern}, and rule out chance with the checksum.
 */
export const keyPattern = /\bx[sc]k_[0-9A-Za-z]{28}\b/

export type KeyKind = 'server' | 'client'

const prefixes = { server: 'xsk_', client: 'xck_' } as const satisfies Record<KeyKind, string>
const randomLength = 22
const checksumLength = 6
/** No text longer than this is a key. */
export const longestKey = 4 + randomLength + checksumLength

/** How much of a key is shown to tell it from others: 8 of its random characters. */
const shownLength = 12

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const wellFormed = new RegExp(`^${keyPattern.source}$`)

export const newKeyText = (kind: KeyKind): string => {
  const text = prefixes[kind] + randomCharacters(randomLength)
  return text + checksumOf(text)
}

/** What kind of key a text is by its form; undefined where it cannot be one: something is missing, added or mistyped. */
export const readKeyKind = (text: string): KeyKind | undefined => {
  if (text.length !== longestKey || !wellFormed.test(text)) return undefined
  if (checksumOf(text.slice(0, -checksumLength)) !== text.slice(-checksumLength)) return undefined
  return text.startsWith(prefixes.server) ? 'server' : 'client'
}

/** The part of a key that may be shown and stored in the open. */
export const shownPart = (text: string): string => text.slice(0, shownLength)

const checksumOf = (text: string): string => {
  let checksum = ''
  for (let rest = crc32(text), digit = 0; digit < checksumLength; digit += 1, rest = Math.floor(rest / 62)) {
    checksum = base62[rest % 62] + checksum
  }
  return checksum
}

/** Every character as likely as any other: bytes beyond the last multiple of 62 are drawn again. */
const randomCharacters = (length: number): string => {
  let text = ''
  while (text.length < length) {
    for (const byte of randomBytes(length)) if (byte < 248 && text.length < length) text += base62[byte % 62]
  }
  return text
}
