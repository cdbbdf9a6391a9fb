import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from '../database.ts'
import { openDatabase } from '../open-database.ts'

/** A migrated SQLite database of its own for one test; closing it leaves nothing behind. */
export const openTemporaryDatabase = async (): Promise<Database> => {
  const directory = mkdtempSync(join(tmpdir(), 'xshathra-test-'))
  const database = await openDatabase({ kind: 'sqlite', file: join(directory, 'xshathra.db') })
  const close = async () => {
    await database.close()
    rmSync(directory, { recursive: true })
  }
  return { ...database, close }
}
