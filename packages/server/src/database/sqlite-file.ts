import { closeSync, existsSync, openSync, readSync, rmSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { DatabaseUnusable, reasonOf } from './database-unusable.ts'
import { migrationTable, refuseNewer } from './known-migrations.ts'

/** Marks a file as ours; `PRAGMA application_id`, "XShD". */
const applicationId = 0x58536844

/** How long a statement waits for another process that has the file locked. */
const busyTimeoutMs = 2_000

/** Every file that SQLite wrote begins like this. https://www.sqlite.org/fileformat2.html §1.3 */
const magic = 'SQLite format 3\0'

/**
 * Opens our database file, made where it is missing. Throws {@link DatabaseUnusable} for one that is damaged or of
 * another program, and leaves it as it is.
 */
export const openSqliteFile = (file: string): DatabaseSync => {
  const isNew = !existsSync(file)
  let database: DatabaseSync | undefined
  try {
    refuseOtherFormats(file)
    database = new DatabaseSync(privateFile(file), { timeout: busyTimeoutMs })
    refuseForeign(database, file)
    database.exec(`PRAGMA application_id = ${applicationId}`)
    // FULL: a key that was revoked stays so, even if the machine loses power right after. Writes are rare here.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216')
    return database
  } catch (error) {
    database?.close()
    // An empty one would be refused next time, as one that lost what it had.
    if (isNew && existsSync(file) && statSync(file).size === 0) rmSync(file)
    if (error instanceof DatabaseUnusable) throw error
    throw new DatabaseUnusable(
      `The database ${file} cannot be opened (${reasonOf(error)}). It and its directory must be writable by this user, on a disk with space left; if it is damaged, restore a backup.`,
      error,
    )
  }
}

/**
 * Looks whether a file is a whole database of ours that has none but the known migrations, without changing it. Throws
 * {@link DatabaseUnusable}.
 */
export const checkSqliteFile = (file: string, knownMigrations: readonly string[]): void => {
  if (!existsSync(file)) throw new DatabaseUnusable(`There is no file ${file}.`)
  refuseOtherFormats(file)
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    if (pragma(database, 'schema_version') === 0) throw foreign(file)
    refuseForeign(database, file)
    const done = database.prepare(`SELECT name FROM ${migrationTable}`).all()
    refuseNewer(
      done.map(({ name }) => String(name)),
      knownMigrations,
    )
  } finally {
    database.close()
  }
}

/** Makes a file for this user alone where it is missing; what SQLite puts beside it later gets the same mode. */
export const privateFile = (file: string): string => {
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return file
}

const refuseForeign = (database: DatabaseSync, file: string): void => {
  if (pragma(database, 'schema_version') === 0) return
  if (pragma(database, 'application_id') !== applicationId) throw foreign(file)
  const [check] = database.prepare('PRAGMA quick_check(1)').all()
  if (check?.quick_check !== 'ok') throw damaged(file, reasonOf(check?.quick_check))
}

const refuseOtherFormats = (file: string): void => {
  if (!existsSync(file)) return
  const head = Buffer.alloc(magic.length)
  const descriptor = openSync(file, 'r')
  try {
    const bytes = readSync(descriptor, head)
    if (bytes === 0) throw empty(file)
    if (head.toString('latin1') !== magic) throw damaged(file, 'it is not a database')
  } finally {
    closeSync(descriptor)
  }
}

const pragma = (database: DatabaseSync, name: string): unknown => database.prepare(`PRAGMA ${name}`).get()?.[name]

const foreign = (file: string): DatabaseUnusable =>
  new DatabaseUnusable(`The file ${file} belongs to another program. Move it away and start again.`)

/** SQLite takes an empty file for a new database: every project would be gone without a word. */
const empty = (file: string): DatabaseUnusable =>
  new DatabaseUnusable(
    `The database ${file} is empty. It was left as it is: restore a backup, or delete it to begin without projects.`,
  )

const damaged = (file: string, reason: string): DatabaseUnusable =>
  new DatabaseUnusable(`The database ${file} is damaged (${reason}). It was left as it is: restore a backup.`)
