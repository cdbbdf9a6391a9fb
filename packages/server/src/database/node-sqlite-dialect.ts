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
  prepare: (sql) => adaptStatement(database.prepare(sql)),
})

const adaptStatement = (statement: StatementSync): SqliteStatement => ({
  reader: statement.columns().length > 0,
  all: (parameters) => statement.all(...parameters.map(toValue)),
  run: (parameters) => statement.run(...parameters.map(toValue)),
  iterate: (parameters) => statement.iterate(...parameters.map(toValue)),
})

/** SQLite has no booleans. */
const toValue = (parameter: unknown): SQLInputValue =>
  typeof parameter === 'boolean' ? Number(parameter) : (parameter as SQLInputValue)
