/**
 * Headers of a request in one string, to be held for the life of a connection: a few hundred bytes in place of the
 * dozens of strings and the objects that node:http makes of them.
 */
export const packHeaders = (rawHeaders: readonly string[]): string => rawHeaders.join('\n')

/** Headers by lower-case name; several of one name are joined with a comma, cookies with a semicolon. */
export const unpackHeaders = (packed: string): Readonly<Record<string, string>> => {
  const headers: Record<string, string> = Object.create(null)
  const parts = packed.split('\n')
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const name = (parts[i] as string).toLowerCase()
    const value = parts[i + 1] as string
    const before = headers[name]
    headers[name] = before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`
  }
  return headers
}
