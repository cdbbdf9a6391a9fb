/** The database cannot be used as it is. The message is a sentence or two for people, with the way out. */
export class DatabaseUnusable extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'DatabaseUnusable'
  }
}

/** What a driver said, on one line. Where several addresses of a host were tried, the last one's reason. */
export const reasonOf = (cause: unknown): string => {
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors.at(-1))
  return (cause instanceof Error ? cause.message : String(cause)).replaceAll(/\s+/g, ' ')
}
