import { existsSync, renameSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { backup, type DatabaseSync } from 'node:sqlite'
import { privateFile } from './directory-lock.ts'

/** Pages copied between two looks at what else there is to do: a quarter of a megabyte. */
const stepPages = 64

/**
 * Copies an open database into a file that is not there yet, as it is at the end of copying and for this user alone.
 * The copying is done in steps beside the event loop; what is committed between them is in the copy too. The file has
 * its name only once all of it is on the disk. Aborting ends it after the current step. Throws a sentence for
 * people, and leaves nothing behind then.
 */
export const copyStore = async (database: DatabaseSync, path: string, signal: AbortSignal): Promise<void> => {
  if (existsSync(path)) throw new Error(`The file ${path} exists already. Choose another name.`)
  const draft = `${path}.new`
  try {
    rmSync(draft, { force: true })
    // SQLite writes into a file that is there, if it is empty, and leaves its mode alone.
    privateFile(draft)
    await backup(database, draft, { rate: stepPages, progress: () => signal.throwIfAborted() })
    await sync(draft)
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    if (signal.aborted) throw signal.reason
    throw new Error(`The copy ${path} could not be written (${(error as Error).message}).`, { cause: error })
  }
}

const sync = async (path: string): Promise<void> => {
  const file = await open(path, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
