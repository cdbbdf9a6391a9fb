const standardBase64 = /^[A-Za-z0-9+/]*={0,2}$/

/** Standard base64 with its padding (RFC 4648 §4); undefined for anything else. */
export const decodeBase64 = (text: string): Buffer | undefined =>
  text.length % 4 === 0 && standardBase64.test(text) ? Buffer.from(text, 'base64') : undefined
