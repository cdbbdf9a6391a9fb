import { basename, dirname, extname, join } from 'node:path'
import { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { backupSqlite, fileTime, keepNewestBackups } from './backup.ts'
import type { Database, DatabaseKind } from './database.ts'
import { DatabaseUnusable, reasonOf } from './database-unusable.ts'
import { migrate } from './migrate.ts'
import { migrations } from './migrations/migrations.ts'
import { NodeSqliteDialect } from './node-sqlite-dialect.ts'
import { createPostgresDialect } from './postgres-dialect.ts'
import { openSqliteFile } from './sqlite-file.ts'
import type { Tables } from './tables.ts'

export type DatabasePlace =
  | { readonly kind: 'sqlite'; readonly file: string }
  /** The URL holds a password: it is in no error and no log. */
  | { readonly kind: 'postgres'; readonly url: string }

export interface OpenDatabaseOptions {
  /** Hears of idle Postgres connections that ended; the pool replaces them. */
  readonly onConnectionLost?: (error: Error) => void
  /** In place of the program's own, in tests of upgrades. */
  readonly migrations?: (kind: DatabaseKind) => Readonly<Record<string, Migration>>
}

/**
 * Opens the database of projects and accounts and migrates it; an SQLite file is copied to `backups/` beside it first.
 * Throws {@link DatabaseUnusable}.
 */
export const openDatabase = async (place: DatabasePlace, options: OpenDatabaseOptions = {}): Promise<Database> => {
  const kysely = new Kysely<Tables>({ dialect: createDialect(place, options) })
  const beforeChange = async (migration: string) => {
    if (place.kind === 'sqlite') await copyBeforeMigration(kysely, place.file, migration)
  }
  try {
    await migrate(kysely, { migrations: (options.migrations ?? migrations)(place.kind), beforeChange })
  } catch (error) {
    await kysely.destroy()
    throw error instanceof DatabaseUnusable ? error : unreachable(place, error)
  }
  return { kind: place.kind, kysely, close: () => kysely.destroy() }
}

const createDialect = (place: DatabasePlace, { onConnectionLost = () => {} }: OpenDatabaseOptions) =>
  place.kind === 'sqlite'
    ? new NodeSqliteDialect(openSqliteFile(place.file))
    : createPostgresDialect(place.url, onConnectionLost)

const copyBeforeMigration = async (kysely: Kysely<Tables>, file: string, migration: string): Promise<void> => {
  const directory = join(dirname(file), 'backups')
  const stem = `${basename(file, extname(file))}-before-`
  await backupSqlite(kysely, join(directory, `${stem}${migration}-${fileTime(new Date())}.db`))
  keepNewestBackups(directory, stem)
}

const unreachable = (place: DatabasePlace, error: unknown): DatabaseUnusable => {
  if (place.kind === 'sqlite') {
    return new DatabaseUnusable(`The database ${place.file} cannot be read (${reasonOf(error)}).`, error)
  }
  const { host } = URL.canParse(place.url) ? new URL(place.url) : { host: '' }
  return new DatabaseUnusable(
    `The Postgres database${host === '' ? '' : ` at ${host}`} cannot be used (${reasonOf(error)}). Check DATABASE_URL, and that the server runs and lets this user in.`,
    error,
  )
}
