import { DatabaseUnusable } from './database-unusable.ts'

/** Where a database notes which migrations it has. */
export const migrationTable = 'migrations'

/** Throws {@link DatabaseUnusable} where a database has migrations that this program does not know. */
export const refuseNewer = (done: readonly string[], known: readonly string[]): void => {
  const newer = done.find((name) => !known.includes(name))
  if (newer === undefined) return
  throw new DatabaseUnusable(
    `The database was written by a newer Xshathra (it has the migration ${newer}). Start that version, or restore a backup made before the upgrade.`,
  )
}
