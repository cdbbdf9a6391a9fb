const base64Alphabet = /^[A-Za-z0-9+/]*={0,2}$/

/**
 * Standard base64 with its padding (RFC 4648 §4), line breaks allowed as Centrifugo allows them; undefined for anything
 * else. Linear in the length of the text, whatever is in it.
 */
export const decodeBase64 = (text: string): Buffer | undefined => {
  const line = text.includes('\n') || text.includes('\r') ? text.replaceAll(/[\r\n]/g, '') : text
  return line.length % 4 === 0 && base64Alphabet.test(line) ? Buffer.from(line, 'base64') : undefined
}
