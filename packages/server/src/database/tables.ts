import type { ColumnType, Generated } from 'kysely'
import type { Environment, ProjectId } from '../projects/project.ts'

/**
 * The tables as Kysely sees them, the same in every dialect: times are Unix milliseconds, flags are 0 and 1, structures
 * are JSON in text. Only what better-auth reads and writes (`accounts`, `credentials`, `sessions`, `verifications`)
 * keeps its own conventions: times are timestamps there, and flags booleans.
 */
export interface Tables {
  facts: FactsTable
  organisations: OrganisationsTable
  projects: ProjectsTable
  project_keys: ProjectKeysTable
  accounts: AccountsTable
  credentials: CredentialsTable
  sessions: SessionsTable
  verifications: VerificationsTable
  members: MembersTable
  setup_links: SetupLinksTable
  audit_entries: AuditEntriesTable
}

/** Single values about the database itself. */
export interface FactsTable {
  name: string
  value: string
}

export interface OrganisationsTable {
  id: string
  name: string
  created_at_ms: number
}

export interface ProjectsTable {
  id: ProjectId
  organisation_id: string
  name: string
  environment: Environment
  created_at_ms: number
  archived_at_ms: number | null
  allow_anonymous: Flag
  /** JSON: string[] */
  allowed_origins: string
  /** JSON: Quotas */
  quotas: string
  /** JSON: namespace → NamespaceSettings */
  namespaces: string
  is_system: Flag
  /** Rises with every change of the project or its keys. */
  revision: number
}

export interface ProjectKeysTable {
  id: string
  project_id: ProjectId
  kind: 'server' | 'client'
  /** The first characters, by which people tell keys apart. */
  prefix: string
  /** SHA-256 of the key text, in hexadecimal digits. */
  hash: string
  /** A server key's text, encrypted at rest; gone when the key has ended. */
  sealed: string | null
  /** A client key's text, which is public. */
  public_text: string | null
  created_at_ms: number
  last_used_at_ms: number | null
  /** End of the overlap after a rotation. */
  expires_at_ms: number | null
  revoked_at_ms: number | null
}

/** People who sign in to the console. better-auth calls them users. */
export interface AccountsTable {
  id: string
  name: string
  email: string
  email_verified: boolean | number
  image: string | null
  created_at: Timestamp
  updated_at: Timestamp
}

/** Ways an account proves itself: here a password. better-auth calls them accounts. */
export interface CredentialsTable {
  id: string
  subject: string
  provider: string
  account_id: string
  access_token: string | null
  refresh_token: string | null
  id_token: string | null
  access_token_expires_at: Timestamp | null
  refresh_token_expires_at: Timestamp | null
  scope: string | null
  password: string | null
  created_at: Timestamp
  updated_at: Timestamp
}

export interface SessionsTable {
  id: string
  account_id: string
  token: string
  expires_at: Timestamp
  address: string | null
  user_agent: string | null
  created_at: Timestamp
  updated_at: Timestamp
}

export interface VerificationsTable {
  id: string
  identifier: string
  value: string
  expires_at: Timestamp
  created_at: Timestamp
  updated_at: Timestamp
}

export interface MembersTable {
  account_id: string
  organisation_id: string
  role: 'owner' | 'admin' | 'developer' | 'viewer'
  created_at_ms: number
}

export interface SetupLinksTable {
  /** SHA-256 of the token in the link, in hexadecimal digits. */
  hash: string
  expires_at_ms: number
}

export interface AuditEntriesTable {
  id: Generated<number>
  at_ms: number
  actor: string
  action: string
  target: string
  /** JSON */
  before: string | null
  /** JSON */
  after: string | null
  address: string | null
}

export type Flag = 0 | 1

/** ISO 8601 is understood by both dialects; Postgres answers with dates. */
type Timestamp = ColumnType<Date | string, string, string>
