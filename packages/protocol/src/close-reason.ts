import { isReconnectCode } from './codes.ts'

/** What a close frame leaves for the reason: 125 bytes less the two of the code. Source: RFC 6455 §5.5. */
const maxReasonBytes = 123

/** A reason as a close frame can carry it: at most 123 bytes of UTF-8, cut between characters. */
export const truncateCloseReason = (reason: string): string => {
  // A code unit is at least one byte, so what stands behind this cannot fit and need not be encoded.
  const bytes = Buffer.from(reason.slice(0, maxReasonBytes + 1).toWellFormed())
  if (bytes.length <= maxReasonBytes) return bytes.toString()
  let end = maxReasonBytes
  while ((bytes[end]! & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}

/**
 * The code that a close frame carries for a disconnect code. Applications may choose numbers that WebSocket forbids;
 * those become the custom code that makes SDKs do the same, come back (4000) or stay away (4500).
 */
export const toCloseCode = (code: number): number => {
  if (isCloseCode(code)) return code
  return isReconnectCode(code) ? 4000 : 4500
}

/** Source: RFC 6455 §7.4 and the IANA registry; 1004-1006 and 1015 never travel. */
const isCloseCode = (code: number): boolean =>
  Number.isInteger(code) &&
  ((code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999))
