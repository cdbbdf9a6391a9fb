/** What callers get wrong, told at once: each throws a TypeError that begins with the field's name. */

export const assertText = (field: string, value: unknown, maxBytes = 255): void => {
  if (typeof value !== 'string') throw new TypeError(`${field} must be a string, not ${kindOf(value)}`)
  const bytes = new TextEncoder().encode(value).length
  if (bytes === 0 || bytes > maxBytes) throw new TypeError(`${field} must have 1 to ${maxBytes} bytes, not ${bytes}`)
}

export const assertOptionalText = (field: string, value: unknown, maxBytes?: number): void => {
  if (value !== undefined) assertText(field, value, maxBytes)
}

export const assertInteger = (field: string, value: unknown, min: number, max: number): void => {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max))
    return
  throw new TypeError(`${field} must be a whole number from ${min} to ${max}`)
}

/** Throws unless the value has a JSON form; `undefined`, functions, BigInt and cycles have none. */
export const assertJson = (field: string, value: unknown): void => {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (error) {
    throw new TypeError(`${field} must be JSON: ${(error as Error).message.split('\n')[0]}`)
  }
  if (text === undefined) throw new TypeError(`${field} must be JSON, not ${kindOf(value)}`)
}

export const assertObject = (field: string, value: unknown): void => {
  if (value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value))) return
  throw new TypeError(`${field} must be an object, not ${kindOf(value)}`)
}

export const assertList = (field: string, value: unknown, max: number): void => {
  if (!Array.isArray(value)) throw new TypeError(`${field} must be a list, not ${kindOf(value)}`)
  if (value.length > max) throw new TypeError(`${field} must have ${max} members at most, not ${value.length}`)
}

const kindOf = (value: unknown): string => {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : value === undefined ? 'undefined' : `a ${typeof value}`
}
