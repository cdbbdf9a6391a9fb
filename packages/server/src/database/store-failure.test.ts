import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { isStoreFailure } from './store-failure.ts'

const errorOf = (work: () => unknown): unknown => {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

it('knows a full or broken disk from a statement that is wrong', () => {
  const directory = mkdtempSync(join(tmpdir(), 'xshathra-failure-'))
  const database = new DatabaseSync(':memory:')
  database.exec('PRAGMA max_page_count = 2; CREATE TABLE notes (text NOT NULL)')
  const full = errorOf(() => database.prepare('INSERT INTO notes VALUES (?)').run('x'.repeat(100_000)))
  expect(isStoreFailure(full)).toBe(true)
  expect(isStoreFailure(errorOf(() => database.exec('INSERT INTO notes VALUES (NULL)')))).toBe(false)
  expect(isStoreFailure(errorOf(() => database.exec('nonsense')))).toBe(false)
  database.close()

  writeFileSync(join(directory, 'broken.db'), 'no database at all'.repeat(100))
  const broken = new DatabaseSync(join(directory, 'broken.db'))
  expect(isStoreFailure(errorOf(() => broken.exec('SELECT * FROM sqlite_schema')))).toBe(true)
  broken.close()
  rmSync(directory, { recursive: true })
})

it.each([
  [{ code: 'ECONNREFUSED' }, true],
  [{ code: '57P01' }, true],
  [{ code: '53100' }, true],
  [{ code: '23505' }, false],
  [{ code: 'ERR_INVALID_ARG_TYPE' }, false],
])('of %j says %s', (properties, expected) => {
  expect(isStoreFailure(Object.assign(new Error('it failed'), properties))).toBe(expected)
})

it('takes nothing else for a failure of the store', () => {
  expect(isStoreFailure(new TypeError('x is not a function'))).toBe(false)
  expect(isStoreFailure('ECONNREFUSED')).toBe(false)
  expect(isStoreFailure(undefined)).toBe(false)
})
