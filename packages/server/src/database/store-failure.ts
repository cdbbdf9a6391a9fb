/** SQLite result codes that say the disk or the file failed, not the statement. https://www.sqlite.org/rescode.html */
const sqliteFailures: ReadonlySet<number> = new Set([
  5, // BUSY
  6, // LOCKED
  8, // READONLY
  10, // IOERR
  11, // CORRUPT
  13, // FULL
  14, // CANTOPEN
  26, // NOTADB
])

/**
 * Postgres classes of the same kind: connections, resources, the operator, the system.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const postgresFailure = /^(08|53|57|58)/

/** What sockets say when the other side is not there. */
const connectionFailures: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EPIPE',
])

/** Whether an error says that the database cannot be written or read right now, which is not the request's fault. */
export const isStoreFailure = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false
  if ('errcode' in error && typeof error.errcode === 'number') return sqliteFailures.has(error.errcode & 0xff)
  if (!('code' in error)) return isLostConnection(error)
  return connectionFailures.has(error.code) || (typeof error.code === 'string' && isPostgresFailure(error.code))
}

/** Postgres codes have five characters; a longer one is Node's. */
const isPostgresFailure = (code: string): boolean => code.length === 5 && postgresFailure.test(code)

/** pg has no code for connections that end under a query or take too long to open. */
const isLostConnection = ({ message }: Error): boolean =>
  /^(Connection terminated|timeout exceeded when trying to connect)/.test(message)
