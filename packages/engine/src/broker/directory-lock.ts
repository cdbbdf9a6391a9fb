import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Another process works in the data directory. The message is a sentence for people. */
export class DataDirectoryInUse extends Error {
  constructor(directory: string) {
    super(
      `The data directory ${directory} is in use by another Xshathra process. Stop that one first, or give this one a directory of its own.`,
    )
    this.name = 'DataDirectoryInUse'
  }
}

/** The data directory cannot be made, read or written. The message is a sentence for people. */
export class DataDirectoryUnusable extends Error {
  constructor(directory: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    super(
      `The data directory ${directory} cannot be used (${reason}). It must be a directory that this user may write to.`,
      { cause },
    )
    this.name = 'DataDirectoryUnusable'
  }
}

export interface DirectoryLock {
  /** Lets others in. May be called more than once. */
  release(): void
}

/**
 * Makes the directory where it is missing (0700) and takes it for this process, until {@link DirectoryLock.release} or the
 * end of the process, however it ends: the lock is the operating system's, on a small SQLite file in an exclusive
 * transaction. Throws {@link DataDirectoryInUse} or {@link DataDirectoryUnusable}.
 *
 * @NOTE Nothing else in the process may open `lock.db`: closing any descriptor of a file drops POSIX locks on it.
 */
export const lockDataDirectory = async (directory: string): Promise<DirectoryLock> => {
  const database = openLockFile(directory)
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    throw isLocked(error) ? new DataDirectoryInUse(directory) : new DataDirectoryUnusable(directory, error)
  }
  return { release: () => void (database.isOpen && database.close()) }
}

/** True where SQLite says that another connection holds the file. */
export const isLocked = (error: unknown): boolean => {
  const code = (error as { readonly errcode?: unknown } | undefined)?.errcode
  return typeof code === 'number' && ((code & 0xff) === sqliteBusy || (code & 0xff) === sqliteLocked)
}

/** SQLite result codes; the low byte of an extended code is its primary one. */
const sqliteBusy = 5
const sqliteLocked = 6

const openLockFile = (directory: string): DatabaseSync => {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    return new DatabaseSync(privateFile(join(directory, 'lock.db')))
  } catch (error) {
    throw new DataDirectoryUnusable(directory, error)
  }
}

/**
 * Makes a file where it is missing, for this user alone; what SQLite puts beside it later gets the same mode. One that
 * is there is not even opened: closing it again would drop the locks that this process has on it.
 */
export const privateFile = (path: string): string => {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return path
}
