import type { Clock } from '@xshathra/engine/core'
import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'

/** Something somebody did. Values are what the console shows: never a key, a token or a password. */
export interface AuditEvent {
  /** An account's email, or who else acted: `cli`, `setup`. */
  readonly actor: string
  /** What was done: `project.create`, `key.revoke`. */
  readonly action: string
  /** Id of what it was done to. */
  readonly target: string
  readonly before?: unknown
  readonly after?: unknown
  /** Where the request came from, as the front door resolved it. */
  readonly address?: string | undefined
}

export interface AuditEntry extends AuditEvent {
  readonly id: number
  readonly atMs: number
}

export interface AuditPage {
  readonly limit: number
  /** Entries older than this one. */
  readonly beforeId?: number | undefined
  readonly target?: string | undefined
}

export interface AuditLogNeeds {
  readonly kysely: Kysely<Tables>
  readonly clock: Clock
}

/** Who did what, when, to what. Entries are added and read, never changed. */
export class AuditLog {
  readonly #kysely: Kysely<Tables>
  readonly #clock: Clock

  constructor({ kysely, clock }: AuditLogNeeds) {
    this.#kysely = kysely
    this.#clock = clock
  }

  async record({ actor, action, target, before, after, address }: AuditEvent): Promise<void> {
    const values = { before: toJson(before), after: toJson(after), address: address ?? null }
    await this.#kysely
      .insertInto('audit_entries')
      .values({ at_ms: this.#clock.now(), actor, action, target, ...values })
      .execute()
  }

  /** Entries, newest first. */
  async list({ limit, beforeId, target }: AuditPage): Promise<readonly AuditEntry[]> {
    let query = this.#kysely.selectFrom('audit_entries').selectAll().orderBy('id', 'desc').limit(limit)
    if (beforeId !== undefined) query = query.where('id', '<', beforeId)
    if (target !== undefined) query = query.where('target', '=', target)
    const rows = await query.execute()
    return rows.map(({ at_ms: atMs, before, after, address, ...row }) => ({
      ...row,
      atMs,
      before: fromJson(before),
      after: fromJson(after),
      address: address ?? undefined,
    }))
  }
}

const toJson = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value))
const fromJson = (text: string | null): unknown => (text === null ? undefined : JSON.parse(text))
