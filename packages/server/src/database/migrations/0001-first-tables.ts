import type { ColumnDefinitionBuilder, Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { DatabaseKind } from '../database.ts'
import { organisationId, systemProjectId } from '../fixed-rows.ts'

type Change = (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder
const required: Change = (column) => column.notNull()
const key: Change = (column) => column.notNull().primaryKey()

const organisation: Change = (column) => column.notNull().references('organisations.id')
const project: Change = (column) => column.notNull().references('projects.id').onDelete('cascade')
const account: Change = (column) => column.notNull().references('accounts.id').onDelete('cascade')

/** Projects, keys, accounts and the audit log, with the organisation and the system's project in them. */
export const firstTables = (kind: DatabaseKind): Migration => ({
  async up(database: Kysely<unknown>) {
    await createFacts(database)
    await createProjects(database)
    await createAccounts(database, kind)
    await createMembers(database)
    await createAuditLog(database, kind)
  },
})

const createFacts = async ({ schema }: Kysely<unknown>) => {
  await schema.createTable('facts').addColumn('name', 'text', key).addColumn('value', 'text', required).execute()
}

const createProjects = async (database: Kysely<unknown>) => {
  const { schema } = database
  await schema
    .createTable('organisations')
    .addColumn('id', 'text', key)
    .addColumn('name', 'text', required)
    .addColumn('created_at_ms', 'bigint', required)
    .execute()
  await schema
    .createTable('projects')
    .addColumn('id', 'text', key)
    .addColumn('organisation_id', 'text', organisation)
    .addColumn('name', 'text', required)
    .addColumn('environment', 'text', required)
    .addColumn('created_at_ms', 'bigint', required)
    .addColumn('archived_at_ms', 'bigint')
    .addColumn('allow_anonymous', 'integer', required)
    .addColumn('allowed_origins', 'text', required)
    .addColumn('quotas', 'text', required)
    .addColumn('namespaces', 'text', required)
    .addColumn('is_system', 'integer', required)
    .addColumn('revision', 'bigint', required)
    .execute()
  await schema
    .createTable('project_keys')
    .addColumn('id', 'text', key)
    .addColumn('project_id', 'text', project)
    .addColumn('kind', 'text', required)
    .addColumn('prefix', 'text', required)
    .addColumn('hash', 'text', (column) => column.notNull().unique())
    .addColumn('sealed', 'text')
    .addColumn('public_text', 'text')
    .addColumn('created_at_ms', 'bigint', required)
    .addColumn('last_used_at_ms', 'bigint')
    .addColumn('expires_at_ms', 'bigint')
    .addColumn('revoked_at_ms', 'bigint')
    .execute()
  await schema.createIndex('project_keys_by_project').on('project_keys').column('project_id').execute()
  await insertFixedRows(database)
}

const insertFixedRows = async (database: Kysely<unknown>) => {
  const nowMs = Date.now()
  await sql`INSERT INTO organisations (id, name, created_at_ms)
    VALUES (${organisationId}, 'Organisation', ${nowMs})`.execute(database)
  await sql`INSERT INTO projects (id, organisation_id, name, environment, created_at_ms, allow_anonymous,
      allowed_origins, quotas, namespaces, is_system, revision)
    VALUES (${systemProjectId}, ${organisationId}, 'Xshathra', 'production', ${nowMs}, 0, '[]', '{}', '{}', 1, 1)
  `.execute(database)
}

/** What better-auth 1.6 asks for, under our words for it; a test compares. */
const createAccounts = async ({ schema }: Kysely<unknown>, kind: DatabaseKind) => {
  const time = kind === 'postgres' ? 'timestamptz' : 'date'
  const flag = kind === 'postgres' ? 'boolean' : 'integer'
  await schema
    .createTable('accounts')
    .addColumn('id', 'text', key)
    .addColumn('name', 'text', required)
    .addColumn('email', 'text', (column) => column.notNull().unique())
    .addColumn('email_verified', flag, required)
    .addColumn('image', 'text')
    .addColumn('created_at', time, required)
    .addColumn('updated_at', time, required)
    .execute()
  await schema
    .createTable('credentials')
    .addColumn('id', 'text', key)
    .addColumn('subject', 'text', required)
    .addColumn('provider', 'text', required)
    .addColumn('account_id', 'text', account)
    .addColumn('access_token', 'text')
    .addColumn('refresh_token', 'text')
    .addColumn('id_token', 'text')
    .addColumn('access_token_expires_at', time)
    .addColumn('refresh_token_expires_at', time)
    .addColumn('scope', 'text')
    .addColumn('password', 'text')
    .addColumn('created_at', time, required)
    .addColumn('updated_at', time, required)
    .execute()
  await schema.createIndex('credentials_by_account').on('credentials').column('account_id').execute()
  await schema
    .createTable('sessions')
    .addColumn('id', 'text', key)
    .addColumn('account_id', 'text', account)
    .addColumn('token', 'text', (column) => column.notNull().unique())
    .addColumn('expires_at', time, required)
    .addColumn('address', 'text')
    .addColumn('user_agent', 'text')
    .addColumn('created_at', time, required)
    .addColumn('updated_at', time, required)
    .execute()
  await schema.createIndex('sessions_by_account').on('sessions').column('account_id').execute()
  await schema
    .createTable('verifications')
    .addColumn('id', 'text', key)
    .addColumn('identifier', 'text', required)
    .addColumn('value', 'text', required)
    .addColumn('expires_at', time, required)
    .addColumn('created_at', time, required)
    .addColumn('updated_at', time, required)
    .execute()
  await schema.createIndex('verifications_by_identifier').on('verifications').column('identifier').execute()
}

const createMembers = async ({ schema }: Kysely<unknown>) => {
  await schema
    .createTable('members')
    .addColumn('account_id', 'text', (column) => account(column).primaryKey())
    .addColumn('organisation_id', 'text', organisation)
    .addColumn('role', 'text', required)
    .addColumn('created_at_ms', 'bigint', required)
    .execute()
  await schema
    .createTable('setup_links')
    .addColumn('hash', 'text', key)
    .addColumn('expires_at_ms', 'bigint', required)
    .execute()
}

const createAuditLog = async ({ schema }: Kysely<unknown>, kind: DatabaseKind) => {
  await schema
    .createTable('audit_entries')
    .addColumn('id', kind === 'postgres' ? 'bigserial' : 'integer', (column) =>
      kind === 'postgres' ? column.primaryKey() : column.primaryKey().autoIncrement(),
    )
    .addColumn('at_ms', 'bigint', required)
    .addColumn('actor', 'text', required)
    .addColumn('action', 'text', required)
    .addColumn('target', 'text', required)
    .addColumn('before', 'text')
    .addColumn('after', 'text')
    .addColumn('address', 'text')
    .execute()
  await schema.createIndex('audit_entries_by_target').on('audit_entries').columns(['target', 'id']).execute()
}
