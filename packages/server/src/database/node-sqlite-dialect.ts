import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { DialectAdapter, SqliteDatabase, SqliteStatement } from 'kysely'
import { SqliteAdapter, SqliteDialect } from 'kysely'

/** Kysely's own SQLite dialect over `node:sqlite`. The dialect owns the connection: destroying Kysely closes it. */
export class NodeSqliteDialect extends SqliteDialect {
  constructor(database: DatabaseSync) {
    super({ database: adaptDatabase(database) })
  }

  override createAdapter(): DialectAdapter {
    return new TransactionalSqliteAdapter()
  }
}

/** SQLite takes back changes of tables like any other; Kysely's adapter does not make use of it when migrating. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

const adaptDatabase = (database: DatabaseSync): SqliteDatabase => ({
  close: () => database.isOpen && database.close(),
  prepare: (sql) =>
    sql === 'rollback' && !database.isTransaction ? nothingToDo : adaptStatement(database.prepare(sql)),
})

/**
 * A full disk ends a transaction by itself (https://www.sqlite.org/lang_transaction.html §3). Kysely rolls back all the
 * same, and a failure of that would hide why.
 */
const nothingToDo: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [].values(),
}

const adaptStatement = (statement: StatementSync): SqliteStatement => ({
  reader: statement.columns().length > 0,
  all: (parameters) => statement.all(...parameters.map(toValue)),
  run: (parameters) => statement.run(...parameters.map(toValue)),
  iterate: (parameters) => statement.iterate(...parameters.map(toValue)),
})

/** SQLite has no booleans. */
const toValue = (parameter: unknown): SQLInputValue =>
  typeof parameter === 'boolean' ? Number(parameter) : (parameter as SQLInputValue)
