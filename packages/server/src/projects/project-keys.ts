import type { KeyObject } from 'node:crypto'
import { hash } from 'node:crypto'
import type { Kysely, Transaction } from 'kysely'
import type { Tables } from '../database/tables.ts'
import { newUlid } from '../database/ulid.ts'
import { decryptAtRest, encryptAtRest } from '../secrets/encryption-at-rest.ts'
import { Secret } from '../secrets/secret.ts'
import { type KeyKind, newKeyText, shownPart } from './key-text.ts'
import type { ProjectId } from './project.ts'
import { type KeyRow, toKeyInfo } from './project-rows.ts'
import type { KeyInfo, KeyRecord } from './project-store.ts'

/** How many ended keys of a project are remembered, so that their holders are told "revoked" and not "unknown". */
const rememberedKeys = 50

/** By what a key is looked up. It has 130 random bits: no salt or slow hash would make it harder to guess. */
export const hashKey = (text: string): string => hash('sha256', text, 'hex')

/** The rows of keys, in a transaction of whoever changes a project. */
export class ProjectKeys {
  readonly #kysely: Transaction<Tables> | Kysely<Tables>
  readonly #atRest: KeyObject
  readonly #nowMs: number

  constructor(kysely: Transaction<Tables> | Kysely<Tables>, atRest: KeyObject, nowMs: number) {
    this.#kysely = kysely
    this.#atRest = atRest
    this.#nowMs = nowMs
  }

  async create(projectId: ProjectId, kind: KeyKind): Promise<{ readonly text: Secret; readonly info: KeyInfo }> {
    const id = `key_${newUlid(this.#nowMs)}`
    const text = newKeyText(kind)
    const row: KeyRow = {
      id,
      project_id: projectId,
      kind,
      prefix: shownPart(text),
      hash: hashKey(text),
      sealed: kind === 'server' ? encryptAtRest(this.#atRest, id, text) : null,
      public_text: kind === 'client' ? text : null,
      created_at_ms: this.#nowMs,
      last_used_at_ms: null,
      expires_at_ms: null,
      revoked_at_ms: null,
    }
    await this.#kysely.insertInto('project_keys').values(row).execute()
    return { text: new Secret(text), info: toKeyInfo(row) }
  }

  /** A project's keys, newest first; without one, everybody's. */
  async rows(projectId?: ProjectId): Promise<KeyRow[]> {
    let query = this.#kysely.selectFrom('project_keys').selectAll()
    if (projectId !== undefined) query = query.where('project_id', '=', projectId)
    const rows = await query.orderBy('created_at_ms', 'desc').orderBy('id', 'desc').execute()
    // Of two made in the same millisecond the one whose end is set already is the older.
    return rows.sort((a, b) => b.created_at_ms - a.created_at_ms || hasEnd(a) - hasEnd(b))
  }

  toRecord(row: KeyRow): KeyRecord {
    return {
      info: toKeyInfo(row),
      hash: row.hash,
      signingText: row.sealed === null ? undefined : new Secret(decryptAtRest(this.#atRest, row.id, row.sealed)),
    }
  }

  hasEnded(row: KeyRow): boolean {
    return row.revoked_at_ms !== null || (row.expires_at_ms !== null && row.expires_at_ms <= this.#nowMs)
  }

  async expireAt(ids: readonly string[], atMs: number): Promise<void> {
    if (ids.length === 0) return
    await this.#kysely.updateTable('project_keys').set({ expires_at_ms: atMs }).where('id', 'in', ids).execute()
  }

  async revoke(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return
    await this.#kysely
      .updateTable('project_keys')
      .set({ revoked_at_ms: this.#nowMs, sealed: null })
      .where('id', 'in', ids)
      .execute()
  }

  /** Deletes the ended keys that are too old to be remembered, of a project whose rows these are. */
  async forgetOldest(rows: readonly KeyRow[]): Promise<void> {
    const ended = rows.filter((row) => this.hasEnded(row)).slice(rememberedKeys)
    if (ended.length === 0) return
    const ids = ended.map(({ id }) => id)
    await this.#kysely.deleteFrom('project_keys').where('id', 'in', ids).execute()
  }
}

const hasEnd = ({ expires_at_ms }: KeyRow): number => (expires_at_ms === null ? 0 : 1)
