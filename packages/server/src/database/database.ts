import type { Kysely } from 'kysely'
import type { Tables } from './tables.ts'

export type DatabaseKind = 'sqlite' | 'postgres'

/** The database of projects and accounts, open and migrated. */
export interface Database {
  readonly kind: DatabaseKind
  readonly kysely: Kysely<Tables>
  /** Ends all connections, after what is under way on them. */
  close(): Promise<void>
}
