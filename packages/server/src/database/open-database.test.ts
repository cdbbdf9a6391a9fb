import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { backupDatabase, restoreDatabase } from './backup.ts'
import type { Database } from './database.ts'
import { DatabaseUnusable } from './database-unusable.ts'
import { migrations } from './migrations/migrations.ts'
import { openDatabase } from './open-database.ts'
import { isStoreFailure } from './store-failure.ts'

let directory = ''
let file = ''
const opened: Database[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'xshathra-database-'))
  file = join(directory, 'xshathra.db')
})
afterEach(async () => {
  for (const database of opened.splice(0)) await database.close()
  rmSync(directory, { recursive: true })
})

const open = async (more: Readonly<Record<string, Migration>> = {}): Promise<Database> => {
  const database = await openDatabase(
    { kind: 'sqlite', file },
    { migrations: (kind) => ({ ...migrations(kind), ...more }) },
  )
  opened.push(database)
  return database
}

const close = async () => {
  for (const database of opened.splice(0)) await database.close()
}

const setFact = ({ kysely }: Database, name: string, value: string) =>
  kysely.insertInto('facts').values({ name, value }).execute()
const facts = async ({ kysely }: Database) =>
  (await kysely.selectFrom('facts').selectAll().execute()).map((row) => row.name)

const addColumn: Migration = {
  up: async (database) => database.schema.alterTable('facts').addColumn('note', 'text').execute(),
}
const failing: Migration = {
  async up(database) {
    await database.schema.dropTable('audit_entries').execute()
    throw new Error('no such luck')
  },
}
const copies = (): string[] => readdirSync(join(directory, 'backups')).sort()

describe('an SQLite file', () => {
  it('is made for its owner alone, with the organisation and the system’s project in it', async () => {
    const { kysely } = await open()
    expect(await kysely.selectFrom('organisations').select('id').execute()).toHaveLength(1)
    expect(await kysely.selectFrom('projects').select('is_system').execute()).toEqual([{ is_system: 1 }])
    for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600)
  })

  it('keeps what was written, and is not copied where nothing is to be migrated', async () => {
    await setFact(await open(), 'kept', '1')
    await close()
    expect(await facts(await open())).toEqual(['kept'])
    expect(readdirSync(directory)).not.toContain('backups')
  })

  it('syncs every commit to the disk and checks references', async () => {
    const { kysely } = await open()
    // https://www.sqlite.org/pragma.html#pragma_synchronous: 2 is FULL.
    expect((await sql`PRAGMA synchronous`.execute(kysely)).rows).toEqual([{ synchronous: 2 }])
    const orphan = { account_id: 'nobody', organisation_id: 'none', role: 'owner', created_at_ms: 1 } as const
    await expect(kysely.insertInto('members').values(orphan).execute()).rejects.toThrow('FOREIGN KEY')
  })

  it('that is no database is refused by name and left as it is', async () => {
    writeFileSync(file, 'a shopping list, not a database')
    await expect(open()).rejects.toThrow(`${file} is damaged (it is not a database)`)
    expect(readFileSync(file, 'utf8')).toBe('a shopping list, not a database')
  })

  it('that was emptied is refused and not taken for a new one', async () => {
    await open()
    await close()
    writeFileSync(file, '')
    await expect(open()).rejects.toThrow(`${file} is empty`)
    expect(statSync(file).size).toBe(0)
  })

  it('that a full disk refuses says so, and not what came after', async () => {
    const { kysely } = await open()
    const { rows } = await sql<{ page_count: number }>`PRAGMA page_count`.execute(kysely)
    await sql.raw(`PRAGMA max_page_count = ${rows[0]?.page_count}`).execute(kysely)
    const fill = kysely.transaction().execute((transaction) =>
      transaction
        .insertInto('facts')
        .values({ name: 'large', value: 'x'.repeat(1_000_000) })
        .execute(),
    )
    await expect(fill).rejects.toSatisfy(isStoreFailure)
  })

  it('of another program is refused by name', async () => {
    const other = new DatabaseSync(file)
    other.exec('CREATE TABLE notes (text)')
    other.close()
    await expect(open()).rejects.toThrow(`${file} belongs to another program`)
  })

  it('in a directory that is not there is refused by name', async () => {
    file = join(directory, 'nowhere', 'xshathra.db')
    await expect(open()).rejects.toThrow(DatabaseUnusable)
  })

  it('runs transactions one after the other, though there is one connection', async () => {
    const database = await open()
    const { kysely } = database
    await setFact(database, 'count', '0')
    const raise = () =>
      kysely.transaction().execute(async (transaction) => {
        const { value } = await transaction.selectFrom('facts').select('value').executeTakeFirstOrThrow()
        await transaction
          .updateTable('facts')
          .set({ value: String(Number(value) + 1) })
          .execute()
      })
    await Promise.all(Array.from({ length: 20 }, raise))
    expect(await kysely.selectFrom('facts').select('value').execute()).toEqual([{ value: '20' }])
  })
})

describe('a migration', () => {
  it('is preceded by a copy of the file as it was', async () => {
    await setFact(await open(), 'before', '1')
    await close()
    await open({ '0002-note': addColumn })
    const [copy, ...rest] = copies()
    expect(rest).toEqual([])
    expect(copy).toMatch(/^xshathra-before-0002-note-.*\.db$/)
    expect(statSync(join(directory, 'backups', copy as string)).mode & 0o777).toBe(0o600)
    const old = new DatabaseSync(join(directory, 'backups', copy as string))
    expect(old.prepare('SELECT * FROM facts').all()).toEqual([{ name: 'before', value: '1' }])
    old.close()
  })

  it('that fails changes nothing, and the program before it still starts', async () => {
    await setFact(await open(), 'before', '1')
    await close()
    await expect(open({ '0002-note': addColumn, '0003-broken': failing })).rejects.toThrow('no such luck')
    const database = await open()
    expect(await facts(database)).toEqual(['before'])
    await expect(setFact(database, 'after', '1')).resolves.toBeDefined()
  })

  it('of a newer program is refused in one sentence that names it', async () => {
    await open({ '0002-note': addColumn })
    await close()
    await expect(open()).rejects.toThrow('written by a newer Xshathra (it has the migration 0002-note)')
  })

  it('leaves the ten newest copies', async () => {
    await open()
    await close()
    mkdirSync(join(directory, 'backups'))
    const older = Array.from({ length: 12 }, (_, day) => `xshathra-before-0001-x-2020-01-${10 + day}T00-00-00-000Z.db`)
    for (const name of [...older, 'mine.db']) writeFileSync(join(directory, 'backups', name), '')
    await open({ '0002-note': addColumn })
    expect(copies()).toEqual(expect.arrayContaining([...older.slice(3), 'mine.db']))
    expect(copies()).toHaveLength(11)
  })
})

describe('a backup', () => {
  const backup = () => join(directory, 'copies', 'backup.db')

  it('is whole while others write, and brings back what was', async () => {
    const database = await open()
    await setFact(database, 'before', '1')
    const writing = Array.from({ length: 50 }, (_, index) => setFact(database, `during ${index}`, ''))
    await backupDatabase(database, backup())
    await Promise.all(writing)
    expect(statSync(backup()).mode & 0o777).toBe(0o600)
    await close()

    const previous = restoreDatabase(backup(), file)
    const restored = await facts(await open())
    expect(restored).toContain('before')
    expect(restored.length).toBeLessThanOrEqual(51)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    await close()
    file = previous as string
    expect(await facts(await open())).toHaveLength(51)
  })

  it('never replaces a file', async () => {
    const database = await open()
    await backupDatabase(database, backup())
    await expect(backupDatabase(database, backup())).rejects.toThrow('exists already')
  })

  it('that cannot be written leaves nothing behind', async () => {
    const database = await open()
    await expect(backupDatabase(database, join(file, 'backup.db'))).rejects.toThrow(DatabaseUnusable)
    expect(readdirSync(directory).filter((name) => name.includes('backup'))).toEqual([])
  })

  it('is restored only if it is ours, whole and not newer; else the database stays', async () => {
    await setFact(await open(), 'mine', '1')
    await close()
    writeFileSync(join(directory, 'list'), 'a shopping list, not a database')
    expect(() => restoreDatabase(join(directory, 'list'), file)).toThrow('is not a database')
    expect(() => restoreDatabase(join(directory, 'missing'), file)).toThrow('There is no file')

    const original = file
    file = join(directory, 'newer.db')
    await open({ '0002-note': addColumn })
    await close()
    expect(() => restoreDatabase(file, original)).toThrow('newer Xshathra')

    file = original
    expect(await facts(await open())).toEqual(['mine'])
  })
})
