import type { Migration } from 'kysely/migration'
import type { DatabaseKind } from '../database.ts'
import { firstTables } from './0001-first-tables.ts'

/** Every migration by name, in the order of the names. One that was released is never changed again. */
export const migrations = (kind: DatabaseKind): Readonly<Record<string, Migration>> => ({
  '0001-first-tables': firstTables(kind),
})
