import type { Selectable } from 'kysely'
import type { Flag, ProjectKeysTable, ProjectsTable } from '../database/tables.ts'
import type { NamespaceSettings, Project } from './project.ts'
import type { Patch } from './project-input.ts'
import type { KeyInfo } from './project-store.ts'

export type ProjectRow = Selectable<ProjectsTable>
export type KeyRow = Selectable<ProjectKeysTable>

export const toFlag = (value: boolean): Flag => (value ? 1 : 0)

export const toProject = (row: ProjectRow): Project => ({
  id: row.id,
  name: row.name,
  environment: row.environment,
  createdAtMs: row.created_at_ms,
  archivedAtMs: row.archived_at_ms ?? undefined,
  allowAnonymous: row.allow_anonymous === 1,
  allowedOrigins: JSON.parse(row.allowed_origins),
  quotas: JSON.parse(row.quotas),
  namespaces: toNamespaces(row.namespaces),
  isSystem: row.is_system === 1,
})

/** Without a prototype: clients name namespaces too, `__proto__` among them. */
const toNamespaces = (text: string): Record<string, NamespaceSettings> =>
  Object.assign(Object.create(null), JSON.parse(text))

export const toKeyInfo = (row: KeyRow): KeyInfo => ({
  id: row.id,
  kind: row.kind,
  prefix: row.prefix,
  text: row.public_text ?? undefined,
  createdAtMs: row.created_at_ms,
  lastUsedAtMs: row.last_used_at_ms ?? undefined,
  expiresAtMs: row.expires_at_ms ?? undefined,
  revokedAtMs: row.revoked_at_ms ?? undefined,
})

/** Settings with a patch applied: what is null goes away, what is absent stays. */
export const applyPatch = <Settings extends object>(settings: Settings, patch: Patch<Settings>): Settings => {
  const entries = Object.entries({ ...settings, ...withoutAbsent(patch) })
  return Object.fromEntries(entries.filter(([, value]) => value !== null)) as Settings
}

const withoutAbsent = (patch: object): object =>
  Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined))
