import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Database } from './database.ts'
import { DatabaseUnusable, reasonOf } from './database-unusable.ts'
import { migrations } from './migrations/migrations.ts'
import { checkSqliteFile, privateFile } from './sqlite-file.ts'
import type { Tables } from './tables.ts'

/** How many copies made before migrations are kept. */
const keptCopies = 10

/**
 * Writes a copy of the database, consistent and without interrupting anybody, for this user alone. It holds keys and
 * passwords only as they are stored: to use the keys again, the deployment's master secret is needed too. Throws
 * {@link DatabaseUnusable}, also for a file that is there already.
 */
export const backupDatabase = async (database: Database, file: string): Promise<void> => {
  if (database.kind !== 'sqlite') {
    throw new DatabaseUnusable('Projects and accounts are in Postgres: back them up with pg_dump.')
  }
  await backupSqlite(database.kysely, file)
}

/** {@link backupDatabase} of a connection that is known to be SQLite's. The directory is made where it is missing. */
export const backupSqlite = async (kysely: Kysely<Tables>, file: string): Promise<void> => {
  if (existsSync(file)) throw new DatabaseUnusable(`The file ${file} exists already. Choose another name.`)
  const draft = `${file}.new`
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    discard(draft)
    // SQLite writes into a file that is there, if it is empty, and leaves its mode alone.
    privateFile(draft)
    await sql`VACUUM INTO ${draft}`.execute(kysely)
    settle(draft, file)
  } catch (error) {
    discard(draft)
    throw new DatabaseUnusable(`The copy ${file} could not be written (${reasonOf(error)}).`, error)
  }
}

/**
 * Puts a backup in the place of the database, which nobody may have open: the caller holds the data directory's lock.
 * What was there is moved to `backups/` beside it; returned is where to. Throws {@link DatabaseUnusable} before anything
 * is changed, for a file that is no whole backup or was made by a newer program.
 */
export const restoreDatabase = (backup: string, file: string): string | undefined => {
  checkSqliteFile(backup, Object.keys(migrations('sqlite')))
  const draft = `${file}.new`
  discard(draft)
  copyFileSync(backup, privateFile(draft))
  const previous = existsSync(file) ? setAside(file) : undefined
  settle(draft, file)
  return previous
}

/** Deletes all but the newest of the copies whose names begin with `stem`; their names end with the time. */
export const keepNewestBackups = (directory: string, stem: string): void => {
  const timeOf = (name: string) => name.slice(-timeLength)
  const copies = readdirSync(directory).filter((name) => name.startsWith(stem) && name.endsWith('.db'))
  copies.sort((one, other) => (timeOf(one) < timeOf(other) ? 1 : -1))
  for (const name of copies.slice(keptCopies)) rmSync(join(directory, name))
}

/** `2026-01-31T12-00-00-000Z.db`: the time in a copy's name. */
export const fileTime = (now: Date): string => now.toISOString().replaceAll(/[:.]/g, '-')
const timeLength = '2026-01-31T12-00-00-000Z.db'.length

/** Moves a database away with what SQLite has beside it, where it stays usable. */
const setAside = (file: string): string => {
  const directory = join(dirname(file), 'backups')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const aside = join(directory, `before-restore-${fileTime(new Date())}.db`)
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix)
  }
  return aside
}

const discard = (draft: string): void => {
  if (existsSync(draft)) rmSync(draft)
}

/** Gives a file its name once all of it is on the disk. */
const settle = (draft: string, file: string): void => {
  const descriptor = openSync(draft, 'r+')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(draft, file)
}
