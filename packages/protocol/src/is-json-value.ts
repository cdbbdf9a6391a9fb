import { isUtf8 } from 'node:buffer'
import { asBuffer } from './as-buffer.ts'
import { JsonScanner } from './json-scanner.ts'

/** Whether the bytes are exactly one JSON value in UTF-8, white space around it allowed. Linear; builds nothing. */
export const isJsonValue = (bytes: Uint8Array): boolean => {
  if (!isUtf8(bytes)) return false
  const scanner = new JsonScanner(asBuffer(bytes))
  scanner.skipValue()
  return scanner.isComplete()
}

/** Whether the bytes are exactly one JSON object, see {@link isJsonValue}. */
export const isJsonObject = (bytes: Uint8Array): boolean => {
  const first = bytes.find((byte) => !isSpace(byte))
  return first === 0x7b && isJsonValue(bytes)
}

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
