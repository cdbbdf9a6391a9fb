import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { isLocked, privateFile } from './directory-lock.ts'

/** The history file cannot be used as it is. The message is a sentence or two for people, with the way out. */
export class HistoryFileUnusable extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'HistoryFileUnusable'
  }
}

/** Version of the tables below and of the records in them; `PRAGMA user_version`. */
const schemaVersion = 1

/** Marks the file as ours; `PRAGMA application_id`, "XShH". */
const applicationId = 0x58536848

/** Files up to this size are checked whole when they are opened; that takes a fraction of a second. */
const wholeCheckBytes = 64 * 1024 * 1024

/**
 * `streams.life` is the life of the machine the row was written in, `streams.bytes` what its chunks weigh; `chunks` holds runs of publication records by the
 * offset of their last one; `keys` is in the order of expiry; `ended` are streams whose chunks are yet to be deleted;
 * `generations` counts ended streams per bucket of channel names.
 */
const schema = `
  CREATE TABLE facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE streams (
    id INTEGER PRIMARY KEY, channel TEXT NOT NULL UNIQUE, epoch TEXT NOT NULL, life INTEGER NOT NULL,
    top INTEGER NOT NULL, floor INTEGER NOT NULL, version INTEGER NOT NULL, version_epoch TEXT NOT NULL,
    expires_at INTEGER NOT NULL, meta_expires_at INTEGER NOT NULL, written_at INTEGER NOT NULL, power INTEGER NOT NULL,
    owner TEXT NOT NULL, bytes INTEGER NOT NULL
  );
  CREATE INDEX streams_by_owner ON streams (owner);
  CREATE TABLE chunks (
    stream INTEGER NOT NULL, last INTEGER NOT NULL, count INTEGER NOT NULL, records BLOB NOT NULL,
    PRIMARY KEY (stream, last)
  ) WITHOUT ROWID;
  CREATE TABLE keys (
    id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, key TEXT NOT NULL, offset INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  );
  CREATE TABLE ended (stream INTEGER PRIMARY KEY);
  CREATE TABLE generations (bucket INTEGER PRIMARY KEY, generation INTEGER NOT NULL);
`

/**
 * Opens the history file, made where it is missing, for this connection alone. Throws {@link HistoryFileUnusable} for a
 * file that is damaged, foreign, newer or in use, and leaves it as it is.
 */
export const openStoreFile = (path: string): DatabaseSync => {
  inspect(path)
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(privateFile(path))
    database.exec(
      'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0',
    )
    database.exec('PRAGMA cache_size = -32768; PRAGMA journal_size_limit = 67108864; PRAGMA temp_store = MEMORY')
    createSchema(database)
    return database
  } catch (error) {
    database?.close()
    throw asUnusable(path, error)
  }
}

/** Says what stood in the way of opening the file. */
export const asUnusable = (path: string, error: unknown): HistoryFileUnusable => {
  if (error instanceof HistoryFileUnusable) return error
  if (isLocked(error)) return new HistoryFileUnusable(`The history file ${path} is in use by another process.`, error)
  return isDamage(error) ? damaged(path, error) : unusable(path, error)
}

/**
 * Gives every stream of a closed history file a new epoch, as after restoring a backup: clients may have seen what the
 * file no longer has. Throws {@link HistoryFileUnusable}.
 */
export const renewEpochs = (path: string): void => {
  const database = openStoreFile(path)
  try {
    database.exec("BEGIN; UPDATE streams SET power = 0; UPDATE facts SET value = value + 1 WHERE name = 'life'; COMMIT")
  } catch (error) {
    throw asUnusable(path, error)
  } finally {
    database.close()
  }
}

/** True where SQLite says that the file is not what it should be. SQLITE_CORRUPT, SQLITE_NOTADB. */
export const isDamage = (error: unknown): boolean => {
  const code = (error as { readonly errcode?: unknown } | undefined)?.errcode
  return typeof code === 'number' && ((code & 0xff) === 11 || (code & 0xff) === 26)
}

/** Changes at every start of the machine; `''` where the system does not tell. */
export const readBootId = (): string => {
  const path = '/proc/sys/kernel/random/boot_id'
  return existsSync(path) ? readFileSync(path, 'latin1').trim() : ''
}

/** A file that ends before its own header says, or that has another header, SQLite would notice late or overwrite. */
const refuseDamaged = (path: string): void => {
  const { header, size } = readHeader(path)
  if (header.toString('latin1', 0, 16) !== 'SQLite format 3\0') throw damaged(path, 'it is not a history file')
  const pageBytes = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16)
  const isWhole = size >= header.readUInt32BE(28) * pageBytes
  const isAwaitingLog = existsSync(`${path}-wal`) && statSync(`${path}-wal`).size > 0
  if (!isWhole && !isAwaitingLog) throw damaged(path, 'it is cut short')
}

/** https://www.sqlite.org/fileformat2.html §1.3: the first hundred bytes. */
const readHeader = (path: string): { readonly header: Buffer; readonly size: number } => {
  let descriptor: number
  try {
    descriptor = openSync(path, 'r')
  } catch (error) {
    throw unusable(path, error)
  }
  try {
    const header = Buffer.alloc(100)
    readSync(descriptor, header, 0, 100, 0)
    return { header, size: fstatSync(descriptor).size }
  } finally {
    closeSync(descriptor)
  }
}

/** Looks at the file without being able to write: closing a writer would move the log into a file that is refused. */
const inspect = (path: string): void => {
  if (!existsSync(path) || statSync(path).size === 0) return
  refuseDamaged(path)
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { readOnly: true })
    refuseForeign(database, path)
  } catch (error) {
    throw asUnusable(path, error)
  } finally {
    database?.close()
  }
}

const refuseForeign = (database: DatabaseSync, path: string): void => {
  const version = pragma(database, 'user_version')
  const isNew = pragma(database, 'schema_version') === 0
  if (!isNew && pragma(database, 'application_id') !== applicationId) {
    throw new HistoryFileUnusable(`The file ${path} belongs to another program. Move it away and start again.`)
  }
  if (version > schemaVersion) {
    throw new HistoryFileUnusable(
      `The history file ${path} was written by a newer Xshathra (schema ${version}, this one knows ${schemaVersion}). Start that version, or restore a backup made before the upgrade.`,
    )
  }
  if (pragma(database, 'page_count') * pragma(database, 'page_size') > wholeCheckBytes) return
  const [first] = database.prepare('PRAGMA quick_check(1)').all()
  if (first?.quick_check !== 'ok') throw damaged(path, String(first?.quick_check))
}

const createSchema = (database: DatabaseSync): void => {
  if (pragma(database, 'user_version') !== 0) return
  database.exec(`BEGIN; ${schema}`)
  database
    .prepare("INSERT INTO facts VALUES ('seed', ?), ('life', 1), ('boot', ?), ('clean', 1)")
    .run(randomBytes(16), readBootId())
  database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}; COMMIT`)
}

const pragma = (database: DatabaseSync, name: string): number =>
  Number(database.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0)

const damaged = (path: string, cause: unknown): HistoryFileUnusable =>
  new HistoryFileUnusable(
    `The history file ${path} is damaged (${reasonOf(cause)}). It was left as it is: restore a backup, or move it and the files beside it (-wal, -shm) away to start with empty history.`,
    cause,
  )

const unusable = (path: string, cause: unknown): HistoryFileUnusable =>
  new HistoryFileUnusable(
    `The history file ${path} cannot be opened (${reasonOf(cause)}). It and its directory must be writable by this user, on a disk with space left.`,
    cause,
  )

/** SQLite's own reports have several lines. */
const reasonOf = (cause: unknown): string =>
  (cause instanceof Error ? cause.message : String(cause)).replaceAll(/\s+/g, ' ')
