import type { KeyObject } from 'node:crypto'
import type { Clock } from '@xshathra/engine/core'
import { failed, ok, type Result } from '@xshathra/protocol'
import type { Kysely, Transaction, Updateable } from 'kysely'
import { organisationId } from '../database/fixed-rows.ts'
import type { ProjectsTable, Tables } from '../database/tables.ts'
import { transact } from '../database/transact.ts'
import { type Problem, problem } from '../problems.ts'
import type { NamespaceSettings, Project, ProjectId } from './project.ts'
import type { ProjectChange } from './project-directory.ts'
import { newProjectId } from './project-id.ts'
import type { KeyRotation, NamespaceChange, NewProject, ProjectChanges } from './project-input.ts'
import { ProjectKeys } from './project-keys.ts'
import { applyPatch, type KeyRow, type ProjectRow, toFlag, toKeyInfo, toProject } from './project-rows.ts'
import type {
  CreatedProject,
  KeyInfo,
  ProjectSnapshot,
  ProjectStore,
  RotatedKey,
  StoredChange,
} from './project-store.ts'

export interface ProjectStoreNeeds {
  readonly kysely: Kysely<Tables>
  /** Server keys are encrypted under it; see `createAtRestKey`. */
  readonly atRest: KeyObject
  readonly clock: Clock
}

export const createProjectStore = (needs: ProjectStoreNeeds): ProjectStore => new KyselyProjectStore(needs)

/** One project in the hands of one change: its row is locked until the transaction ends. */
interface Hold {
  readonly transaction: Transaction<Tables>
  readonly row: ProjectRow
  readonly project: Project
  readonly keys: ProjectKeys
  readonly nowMs: number
}

interface Outcome<Value> {
  readonly value: Value
  readonly kind: ProjectChange['kind']
  readonly endedKeyIds?: readonly string[]
}

/** A {@link ProjectStore} in any database that Kysely speaks to. */
class KyselyProjectStore implements ProjectStore {
  readonly #kysely: Kysely<Tables>
  readonly #atRest: KeyObject
  readonly #clock: Clock
  readonly #listeners = new Set<(change: StoredChange) => void>()

  constructor({ kysely, atRest, clock }: ProjectStoreNeeds) {
    this.#kysely = kysely
    this.#atRest = atRest
    this.#clock = clock
  }

  async load(): Promise<readonly ProjectSnapshot[]> {
    const keys = this.#keysIn(this.#kysely)
    const rows = await this.#kysely.selectFrom('projects').selectAll().execute()
    const keyRows = Map.groupBy(await keys.rows(), (row) => row.project_id)
    return rows.map((row) => toSnapshot(row, keyRows.get(row.id) ?? [], keys))
  }

  async list(): Promise<readonly Project[]> {
    const rows = await this.#kysely
      .selectFrom('projects')
      .selectAll()
      .where('is_system', '=', 0)
      .orderBy('created_at_ms')
      .orderBy('id')
      .execute()
    return rows.map(toProject)
  }

  async show(id: ProjectId): Promise<Result<Project, Problem>> {
    const row = await this.#find(id)
    return row === undefined ? failed(noProject(id)) : ok(toProject(row))
  }

  async create({ name, environment, locked }: NewProject): Promise<CreatedProject> {
    const nowMs = this.#clock.now()
    const namespaces = Object.fromEntries(locked.map((namespace) => [namespace, { locked: true }]))
    const row: ProjectRow = {
      id: newProjectId(nowMs),
      organisation_id: organisationId,
      name,
      environment,
      created_at_ms: nowMs,
      archived_at_ms: null,
      allow_anonymous: 0,
      allowed_origins: '[]',
      quotas: '{}',
      namespaces: JSON.stringify(namespaces),
      is_system: 0,
      revision: 1,
    }
    const { snapshot, ...created } = await this.#kysely.transaction().execute(async (transaction) => {
      await transaction.insertInto('projects').values(row).execute()
      const keys = this.#keysIn(transaction)
      const server = await keys.create(row.id, 'server')
      const client = await keys.create(row.id, 'client')
      const snapshot = toSnapshot(row, await keys.rows(row.id), keys)
      return { snapshot, serverApiKey: server.text, clientApiKey: client.text.reveal() }
    })
    this.#announce({ kind: 'project', projectId: row.id, endedKeyIds: [], snapshot })
    return { project: snapshot.project, ...created }
  }

  change(id: ProjectId, changes: ProjectChanges): Promise<Result<Project, Problem>> {
    return this.#change(id, async (hold) => {
      const { project } = hold
      const allowAnonymous = changes.allowAnonymous ?? project.allowAnonymous
      const allowedOrigins = changes.allowedOrigins ?? project.allowedOrigins
      if (allowAnonymous && allowedOrigins.length === 0) {
        const message = 'Anonymous connections need a list of the origins they may come from.'
        return failed(problem('invalid_body', message, { field: 'allowedOrigins' }))
      }
      return this.#write(hold, {
        name: changes.name ?? project.name,
        environment: changes.environment ?? project.environment,
        allow_anonymous: toFlag(allowAnonymous),
        allowed_origins: JSON.stringify(allowedOrigins),
        quotas: JSON.stringify(applyPatch(project.quotas, changes.quotas ?? {})),
      })
    })
  }

  changeNamespace(id: ProjectId, namespace: string, changes: NamespaceChange): Promise<Result<Project, Problem>> {
    return this.#change(id, async (hold) => {
      const settings = applyPatch<NamespaceSettings>(hold.project.namespaces[namespace] ?? {}, changes)
      const others = Object.entries(hold.project.namespaces).filter(([name]) => name !== namespace)
      const isDefault = Object.keys(settings).length === 0
      const namespaces = Object.fromEntries(isDefault ? others : [...others, [namespace, settings]])
      return this.#write(hold, { namespaces: JSON.stringify(namespaces) })
    })
  }

  setArchived(id: ProjectId, archived: boolean): Promise<Result<Project, Problem>> {
    return this.#change(id, async (hold) => {
      const { row, nowMs } = hold
      return this.#write(hold, { archived_at_ms: archived ? (row.archived_at_ms ?? nowMs) : null })
    })
  }

  remove(id: ProjectId): Promise<Result<Project, Problem>> {
    return this.#change(id, async ({ transaction, project, keys }) => {
      const rows = await keys.rows(id)
      const endedKeyIds = rows.filter((row) => !keys.hasEnded(row)).map((row) => row.id)
      await transaction.deleteFrom('projects').where('id', '=', id).execute()
      return ok({ value: project, kind: 'removed', endedKeyIds })
    })
  }

  async keys(id: ProjectId): Promise<Result<readonly KeyInfo[], Problem>> {
    if ((await this.#find(id)) === undefined) return failed(noProject(id))
    return ok((await this.#keysIn(this.#kysely).rows(id)).map(toKeyInfo))
  }

  rotateKey(id: ProjectId, { kind, overlapSeconds }: KeyRotation): Promise<Result<RotatedKey, Problem>> {
    return this.#change(id, async ({ keys, nowMs }) => {
      const rows = await keys.rows(id)
      const valid = rows.filter((row) => row.kind === kind && !keys.hasEnded(row))
      const staying = overlapSeconds === 0 ? [] : valid.filter((row) => row.expires_at_ms === null)
      const ending = valid.filter((row) => !staying.includes(row))
      const previousValidUntilMs = staying.length === 0 ? undefined : nowMs + overlapSeconds * 1000
      await keys.expireAt(idsOf(staying), previousValidUntilMs ?? nowMs)
      await keys.revoke(idsOf(ending))
      const created = await keys.create(id, kind)
      await keys.forgetOldest(rows)
      return ok({ value: { ...created, previousValidUntilMs }, kind: 'key', endedKeyIds: idsOf(ending) })
    })
  }

  revokeKey(id: ProjectId, keyId: string): Promise<Result<KeyInfo, Problem>> {
    return this.#change(id, async ({ keys, nowMs }) => {
      const row = (await keys.rows(id)).find((candidate) => candidate.id === keyId)
      if (row === undefined) return failed(problem('not_found', `The project has no key ${keyId}.`))
      if (keys.hasEnded(row)) return ok({ value: toKeyInfo(row), kind: 'key' })
      await keys.revoke([keyId])
      return ok({ value: { ...toKeyInfo(row), revokedAtMs: nowMs }, kind: 'key', endedKeyIds: [keyId] })
    })
  }

  async noteUses(uses: ReadonlyMap<string, number>): Promise<void> {
    await this.#kysely.transaction().execute(async (transaction) => {
      for (const [id, atMs] of uses) {
        await transaction.updateTable('project_keys').set({ last_used_at_ms: atMs }).where('id', '=', id).execute()
      }
    })
  }

  async forgetExpired(): Promise<void> {
    await this.#kysely
      .updateTable('project_keys')
      .set({ sealed: null })
      .where('expires_at_ms', '<=', this.#clock.now())
      .where('sealed', 'is not', null)
      .execute()
  }

  onChange(listener: (change: StoredChange) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Changes one project that is not the system's, alone, and tells what came of it. */
  async #change<Value>(
    id: ProjectId,
    work: (hold: Hold) => Promise<Result<Outcome<Value>, Problem>>,
  ): Promise<Result<Value, Problem>> {
    const done = await transact(this.#kysely, async (transaction) => {
      // The write comes first: it locks the row, so that nothing read after it is old.
      const row = await transaction
        .updateTable('projects')
        .set((eb) => ({ revision: eb('revision', '+', 1) }))
        .where('id', '=', id)
        .where('is_system', '=', 0)
        .returningAll()
        .executeTakeFirst()
      if (row === undefined) return failed(noProject(id))
      const keys = this.#keysIn(transaction)
      const outcome = await work({ transaction, row, project: toProject(row), keys, nowMs: this.#clock.now() })
      return outcome.ok ? ok({ ...outcome.value, snapshot: await this.#snapshot(transaction, id) }) : outcome
    })
    if (!done.ok) return done
    const { value, kind, endedKeyIds = [], snapshot } = done.value
    this.#announce({ kind, projectId: id, endedKeyIds, snapshot })
    return ok(value)
  }

  async #write(
    { transaction, row }: Hold,
    columns: Updateable<ProjectsTable>,
  ): Promise<Result<Outcome<Project>, Problem>> {
    await transaction.updateTable('projects').set(columns).where('id', '=', row.id).execute()
    return ok({ value: toProject({ ...row, ...columns }), kind: 'project' })
  }

  async #snapshot(transaction: Transaction<Tables>, id: ProjectId): Promise<ProjectSnapshot | undefined> {
    const row = await transaction.selectFrom('projects').selectAll().where('id', '=', id).executeTakeFirst()
    const keys = this.#keysIn(transaction)
    return row && toSnapshot(row, await keys.rows(id), keys)
  }

  async #find(id: ProjectId): Promise<ProjectRow | undefined> {
    const query = this.#kysely.selectFrom('projects').selectAll().where('id', '=', id).where('is_system', '=', 0)
    return query.executeTakeFirst()
  }

  #keysIn(kysely: Kysely<Tables> | Transaction<Tables>): ProjectKeys {
    return new ProjectKeys(kysely, this.#atRest, this.#clock.now())
  }

  #announce(change: StoredChange): void {
    for (const listener of this.#listeners) listener(change)
  }
}

const toSnapshot = (row: ProjectRow, keyRows: readonly KeyRow[], keys: ProjectKeys): ProjectSnapshot => ({
  project: toProject(row),
  keys: keyRows.map((keyRow) => keys.toRecord(keyRow)),
  revision: row.revision,
})

const idsOf = (rows: readonly KeyRow[]): string[] => rows.map(({ id }) => id)

const noProject = (id: string): Problem => problem('not_found', `There is no project ${id}.`)
