import { hkdfSync } from 'node:crypto'
import type { Secret } from './secret.ts'

/**
 * What keys are derived for. Each purpose has a key of its own, so that none can be turned against another; the texts
 * are part of what is stored and never change.
 */
export const purposes = {
  serverKeys: 'xshathra server keys v1',
  sessions: 'xshathra sessions v1',
  fingerprint: 'xshathra fingerprint v1',
} as const
export type Purpose = keyof typeof purposes

/** Derives 32 bytes from the master secret for one purpose. RFC 5869; the master secret has entropy enough to need no salt. */
export const deriveKey = (master: Secret, purpose: Purpose): Buffer =>
  Buffer.from(hkdfSync('sha256', master.reveal(), '', purposes[purpose], 32))
