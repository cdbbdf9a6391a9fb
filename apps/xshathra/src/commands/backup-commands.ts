import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { lockDataDirectory } from '@xshathra/engine'
import { databaseFile, restoreDatabase } from '@xshathra/server'
import type { Command } from 'commander'
import { sentenceOf } from '../people-can-help.ts'
import { addCommand, asking, type CommandLine, type CommonFlags, fail, settingsOf } from './command-line.ts'

/** `xshathra backup` and `restore`. */
export const addBackupCommands = (program: Command, line: CommandLine): void => {
  addCommand(program, 'backup <file>', 'copy projects, keys and accounts to a file, also while the server runs').action(
    asking(line, (file: string, _flags: CommonFlags) => {
      return { action: 'backup.write', input: { file: resolve(file) }, say: sayBackup }
    }),
  )
  addCommand(program, 'restore <file>', 'put a backup in the place of the database; the server must be stopped').action(
    async (file: string, flags: CommonFlags) => line.onExit(await runRestore(resolve(file), line, flags)),
  )
}

const sayBackup = (answer: unknown): readonly string[] => [
  `Projects, keys and accounts are in ${(answer as { file: string }).file}, keys and passwords as they are stored.`,
  'To use the keys again the master secret is needed too: XSHATHRA_MASTER_SECRET, or master.secret of the data directory.',
]

/** What SQLite puts beside a database. */
const historyFiles = ['history.db', 'history.db-wal', 'history.db-shm']

const runRestore = async (file: string, line: CommandLine, flags: CommonFlags): Promise<number> => {
  const settings = settingsOf(line, flags)
  if (settings === undefined) return 1
  const { dataDir, databaseUrl } = settings.config
  if (databaseUrl !== undefined) {
    const message = 'Projects and accounts are in Postgres: restore them with pg_restore.'
    return fail(line, flags, { code: 'conflict', message })
  }
  if (!existsSync(dataDir)) {
    const message = `There is no data directory ${dataDir}. The first start makes it: npm start`
    return fail(line, flags, { code: 'no_data_directory', message })
  }
  try {
    const lock = await lockDataDirectory(dataDir)
    try {
      const previous = restoreDatabase(file, join(dataDir, databaseFile))
      const history = setHistoryAside(dataDir)
      tellRestored({ restored: file, previous, history }, line, flags)
      return 0
    } finally {
      lock.release()
    }
  } catch (error) {
    const message = sentenceOf(error)
    if (message === undefined) throw error
    return fail(line, flags, { code: 'conflict', message })
  }
}

/**
 * What history holds belongs to the database that was replaced. A new one begins new lives of every stream, so that
 * clients notice and do not take an old position for one of them.
 */
const setHistoryAside = (dataDir: string): string | undefined => {
  if (!existsSync(join(dataDir, 'history.db'))) return undefined
  const backups = join(dataDir, 'backups')
  mkdirSync(backups, { recursive: true, mode: 0o700 })
  const stem = `before-restore-${new Date().toISOString().replaceAll(/[:.]/g, '-')}-`
  for (const name of historyFiles) {
    if (existsSync(join(dataDir, name))) renameSync(join(dataDir, name), join(backups, stem + name))
  }
  return join(backups, `${stem}history.db`)
}

interface Restored {
  readonly restored: string
  readonly previous: string | undefined
  readonly history: string | undefined
}

const tellRestored = ({ restored, previous, history }: Restored, { terminal }: CommandLine, { json }: CommonFlags) => {
  if (json) return terminal.print(JSON.stringify({ restored, previous: previous ?? null, history: history ?? null }))
  terminal.print(`${restored} is in place. Channels begin new histories.`)
  if (previous !== undefined) terminal.print(`What was there before is in ${previous}`)
  if (history !== undefined) terminal.print(`and the history in ${history}`)
}
