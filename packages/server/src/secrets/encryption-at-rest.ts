import type { KeyObject } from 'node:crypto'
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto'
import { deriveKey, type Purpose } from './derive-key.ts'
import type { Secret } from './secret.ts'

/** What was read cannot be decrypted: it was changed, moved to another row, or written under another master secret. */
export class Undecipherable extends Error {
  constructor(cause?: unknown) {
    super(
      'An encrypted value in the database cannot be read: it was altered, or written under another master secret.',
      {
        cause,
      },
    )
    this.name = 'Undecipherable'
  }
}

/** Version of the text form: `v1.` and base64url of initialisation vector, ciphertext and tag. */
const version = 'v1.'
const ivBytes = 12
const tagBytes = 16

/** The key that values of one purpose are encrypted under. */
export const createAtRestKey = (master: Secret, purpose: Purpose): KeyObject =>
  createSecretKey(deriveKey(master, purpose))

/**
 * Encrypts with AES-256-GCM into a text for the database. `place` (a row's id) is authenticated with it: the text cannot
 * be read anywhere else.
 */
export const encryptAtRest = (key: KeyObject, place: string, plain: string): string => {
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(place))
  const sealed = Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return version + sealed.toString('base64url')
}

/** Reads what {@link encryptAtRest} wrote for this place. Throws {@link Undecipherable}. */
export const decryptAtRest = (key: KeyObject, place: string, text: string): string => {
  const sealed = Buffer.from(text.slice(version.length), 'base64url')
  if (!text.startsWith(version) || sealed.length < ivBytes + tagBytes) throw new Undecipherable()
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, ivBytes), { authTagLength: tagBytes })
    .setAAD(Buffer.from(place))
    .setAuthTag(sealed.subarray(-tagBytes))
  try {
    return decipher.update(sealed.subarray(ivBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8')
  } catch (error) {
    throw new Undecipherable(error)
  }
}
