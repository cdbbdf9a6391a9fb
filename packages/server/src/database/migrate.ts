import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { Migrator } from 'kysely/migration'
import { DatabaseUnusable, reasonOf } from './database-unusable.ts'
import { migrationTable, refuseNewer } from './known-migrations.ts'
import type { Tables } from './tables.ts'

export interface MigrateOptions {
  readonly migrations: Readonly<Record<string, Migration>>
  /** Called before the first change of a database that has something in it, with the name of the first migration. */
  readonly beforeChange: (migration: string) => Promise<void>
}

/**
 * Brings the tables up to this program, all migrations or none. Throws {@link DatabaseUnusable} for a database that has
 * migrations of a newer program, before anything is changed.
 */
export const migrate = async (kysely: Kysely<Tables>, options: MigrateOptions): Promise<void> => {
  const known = Object.keys(options.migrations)
  const done = await doneMigrations(kysely)
  refuseNewer(done, known)
  const next = known.find((name) => !done.includes(name))
  if (next === undefined) return
  if (done.length > 0) await options.beforeChange(next)
  const migrator = new Migrator({
    db: kysely,
    provider: { getMigrations: async () => ({ ...options.migrations }) },
    migrationTableName: migrationTable,
    migrationLockTableName: `${migrationTable}_lock`,
  })
  const { error } = await migrator.migrateToLatest()
  if (error === undefined) return
  throw new DatabaseUnusable(
    `The database could not be brought up to this version (${reasonOf(error)}). Nothing was changed.`,
    error,
  )
}

const doneMigrations = async (kysely: Kysely<Tables>): Promise<string[]> => {
  const tables = await kysely.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === migrationTable)) return []
  const rows = await kysely
    .withTables<{ migrations: { name: string } }>()
    .selectFrom('migrations')
    .select('name')
    .orderBy('name')
    .execute()
  return rows.map(({ name }) => name)
}
