const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

/**
 * Finds where the values of an object stand in its text, so that they can be passed on byte for byte: parsing and
 * writing again would change numbers beyond 2^53, `1.0`, escapes and white space.
 *
 * `text` has to be one valid JSON object: this only looks for boundaries. Of a repeated name the last value counts, as
 * with `JSON.parse`. The spans share the memory of `text`.
 */
export const memberSpans = (text: Buffer): Map<string, Buffer> => {
  const spans = new Map<string, Buffer>()
  let at = skipSpace(text, skipSpace(text, 0) + 1)
  while (text[at] !== closeBrace) {
    const nameEnd = endOfString(text, at)
    const name = JSON.parse(text.toString('utf8', at, nameEnd)) as string
    const start = skipSpace(text, skipSpace(text, nameEnd) + 1)
    const end = endOfValue(text, start)
    spans.set(name, text.subarray(start, end))
    at = skipSpace(text, end)
    if (text[at] === comma) at = skipSpace(text, at + 1)
  }
  return spans
}

const skipSpace = (text: Buffer, from: number): number => {
  let at = from
  while (isSpace(text[at])) at++
  return at
}

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

/** `from` stands on the opening quote; answers the place behind the closing one. */
const endOfString = (text: Buffer, from: number): number => {
  let at = from + 1
  while (text[at] !== quote) at += text[at] === backslash ? 2 : 1
  return at + 1
}

const endOfValue = (text: Buffer, from: number): number => {
  const first = text[from]
  if (first === quote) return endOfString(text, from)
  return first === openBrace || first === openBracket ? endOfContainer(text, from) : endOfScalar(text, from)
}

const endOfContainer = (text: Buffer, from: number): number => {
  let depth = 0
  let at = from
  do {
    const byte = text[at]
    if (byte === quote) {
      at = endOfString(text, at)
      continue
    }
    if (byte === openBrace || byte === openBracket) depth++
    else if (byte === closeBrace || byte === closeBracket) depth--
    at++
  } while (depth > 0)
  return at
}

const endOfScalar = (text: Buffer, from: number): number => {
  let at = from
  while (at < text.length && text[at] !== comma && text[at] !== closeBrace && !isSpace(text[at])) at++
  return at
}
