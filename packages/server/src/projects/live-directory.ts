import type { Clock } from '@xshathra/engine/core'
import { type KeyKind, longestKey, readKeyKind } from './key-text.ts'
import type { Project, ProjectId } from './project.ts'
import type { KeyReading, ProjectChange, ProjectDirectory, SigningKey } from './project-directory.ts'
import { hashKey } from './project-keys.ts'
import type { KeyRecord, ProjectSnapshot, ProjectStore, StoredChange } from './project-store.ts'

/** How long uses of keys are gathered before they are written down. */
const gatherUsesMs = 60_000

/** Uses written at once, and the pause before the next; so many rows stop the event loop for a few milliseconds. */
const usesPerWrite = 200
const pauseMs = 250

/** Timers cannot be set for longer than 2^31 milliseconds; long overlaps are waited for day by day. */
const longestWaitMs = 24 * 3600 * 1000

export interface LiveDirectoryNeeds {
  readonly store: ProjectStore
  readonly clock: Clock
  /** Hears of what could not be written in the background, and of listeners that threw. */
  readonly onError: (error: unknown) => void
}

export interface LiveDirectory extends ProjectDirectory {
  /** Stops following the store and writes down the uses of keys that were noted. */
  close(): Promise<void>
}

/**
 * Loads every project and follows the store's changes: they are in force here before the store's method resolves. Keys
 * whose overlap ends are announced by the clock.
 */
export const openLiveDirectory = async (needs: LiveDirectoryNeeds): Promise<LiveDirectory> => {
  await needs.store.forgetExpired()
  return new StoreDirectory(needs, await needs.store.load())
}

interface ProjectEntry {
  readonly project: Project
  readonly revision: number
  readonly keys: readonly KeyRecord[]
  /** Keys that sign, newest first, with the end of their overlap. */
  readonly signing: readonly (SigningKey & { readonly expiresAtMs?: number | undefined })[]
}

interface KeyEntry {
  readonly kind: KeyKind
  readonly reading: KeyReading
  readonly expiresAtMs?: number | undefined
}

class StoreDirectory implements LiveDirectory {
  readonly #store: ProjectStore
  readonly #clock: Clock
  readonly #onError: (error: unknown) => void
  readonly #stopFollowing: () => void
  readonly #listeners = new Set<(change: ProjectChange) => void>()

  readonly #projects = new Map<string, ProjectEntry>()
  /** By SHA-256 of the text. */
  readonly #keys = new Map<string, KeyEntry>()
  readonly #removed = new Set<ProjectId>()
  #listed: readonly Project[] = []
  #only: Project | undefined

  /** Keys in their overlap whose end was not announced yet. */
  readonly #expiring = new Map<string, { readonly projectId: ProjectId; readonly atMs: number }>()
  #cancelExpiry = () => {}

  readonly #uses = new Map<string, number>()
  #cancelWriting: (() => void) | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor({ store, clock, onError }: LiveDirectoryNeeds, snapshots: readonly ProjectSnapshot[]) {
    this.#store = store
    this.#clock = clock
    this.#onError = onError
    for (const snapshot of snapshots) this.#put(snapshot)
    this.#survey()
    this.#stopFollowing = store.onChange((change) => this.#follow(change))
  }

  project(id: string): Project | undefined {
    return this.#projects.get(id)?.project
  }

  projects(): readonly Project[] {
    return this.#listed
  }

  onlyProject(): Project | undefined {
    return this.#only
  }

  readServerKey(key: string): KeyReading {
    return this.#read('server', key)
  }

  readClientKey(key: string): KeyReading {
    return this.#read('client', key)
  }

  signingKeys(id: ProjectId): readonly SigningKey[] {
    const signing = this.#projects.get(id)?.signing ?? []
    if (this.#expiring.size === 0) return signing
    const nowMs = this.#clock.now()
    return signing.filter(({ expiresAtMs }) => expiresAtMs === undefined || nowMs < expiresAtMs)
  }

  noteUse(keyId: string): void {
    this.#uses.set(keyId, this.#clock.now())
    this.#cancelWriting ??= this.#clock.after(gatherUsesMs, () => this.#writeUses())
  }

  onChange(listener: (change: ProjectChange) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    this.#stopFollowing()
    this.#cancelExpiry()
    this.#cancelWriting?.()
    await this.#writing
    if (this.#uses.size > 0) await this.#store.noteUses(this.#uses)
  }

  /** One hash and one lookup; the form is looked at only where nothing was found. */
  #read(kind: KeyKind, text: string): KeyReading {
    if (text.length > longestKey) return malformed
    const entry = this.#keys.get(hashKey(text))
    if (entry === undefined) return readForm(kind, text)
    if (entry.kind !== kind) return wrongKind
    if (entry.expiresAtMs !== undefined && this.#clock.now() >= entry.expiresAtMs) return expired
    return entry.reading
  }

  #follow({ snapshot, ...change }: StoredChange): void {
    const { projectId } = change
    if (change.kind === 'removed') this.#remove(projectId)
    // Changes of several connections may arrive out of order: what is older than what we have changes nothing.
    else if (snapshot !== undefined && this.#isNews(snapshot)) this.#put(snapshot)
    this.#survey()
    this.#tell(change)
  }

  #isNews({ project, revision }: ProjectSnapshot): boolean {
    return !this.#removed.has(project.id) && revision > (this.#projects.get(project.id)?.revision ?? 0)
  }

  #put({ project, revision, keys }: ProjectSnapshot): void {
    this.#dropKeys(project.id)
    // Texts of keys that have expired may still be in the database for a moment.
    const valid = keys.filter(
      ({ info: { expiresAtMs } }) => expiresAtMs === undefined || expiresAtMs > this.#clock.now(),
    )
    const signing = project.archivedAtMs === undefined ? valid.flatMap(toSigningKey) : []
    this.#projects.set(project.id, { project, revision, keys, signing })
    for (const { info, hash } of keys) {
      const { id, kind, expiresAtMs, revokedAtMs } = info
      const reading: KeyReading = revokedAtMs === undefined ? { kind: 'known', project, keyId: id } : revoked
      this.#keys.set(hash, { kind, reading, expiresAtMs: revokedAtMs === undefined ? expiresAtMs : undefined })
      if (revokedAtMs !== undefined) this.#expiring.delete(id)
      else if (expiresAtMs !== undefined && expiresAtMs > this.#clock.now()) {
        this.#expiring.set(id, { projectId: project.id, atMs: expiresAtMs })
      }
    }
  }

  #remove(id: ProjectId): void {
    for (const { info } of this.#projects.get(id)?.keys ?? []) this.#expiring.delete(info.id)
    this.#dropKeys(id)
    this.#projects.delete(id)
    this.#removed.add(id)
  }

  #dropKeys(id: ProjectId): void {
    for (const { hash } of this.#projects.get(id)?.keys ?? []) this.#keys.delete(hash)
  }

  /** Works out what follows from all projects together. */
  #survey(): void {
    const entries = [...this.#projects.values()]
    this.#listed = entries.map(({ project }) => project).filter(({ isSystem }) => !isSystem)
    const active = this.#listed.filter(({ archivedAtMs }) => archivedAtMs === undefined)
    this.#only = active.length === 1 ? active[0] : undefined
    this.#awaitExpiry()
  }

  #awaitExpiry(): void {
    this.#cancelExpiry()
    if (this.#expiring.size === 0) return
    const soonestMs = Math.min(...[...this.#expiring.values()].map(({ atMs }) => atMs))
    const waitMs = Math.min(Math.max(soonestMs - this.#clock.now(), 1), longestWaitMs)
    this.#cancelExpiry = this.#clock.after(waitMs, () => this.#expire())
  }

  /** Announces the keys whose overlap is over. */
  #expire(): void {
    const nowMs = this.#clock.now()
    const due = [...this.#expiring].filter(([, { atMs }]) => atMs <= nowMs)
    for (const [id] of due) this.#expiring.delete(id)
    this.#awaitExpiry()
    if (due.length === 0) return
    this.#store.forgetExpired().catch(this.#onError)
    for (const [projectId, ended] of Map.groupBy(due, ([, { projectId }]) => projectId)) {
      this.#forgetSigning(projectId, new Set(ended.map(([id]) => id)))
      this.#tell({ kind: 'key', projectId, endedKeyIds: ended.map(([id]) => id) })
    }
  }

  #forgetSigning(projectId: ProjectId, ended: ReadonlySet<string>): void {
    const entry = this.#projects.get(projectId)
    if (entry === undefined) return
    const signing = entry.signing.filter(({ keyId }) => !ended.has(keyId))
    this.#projects.set(projectId, { ...entry, signing })
  }

  #tell(change: ProjectChange): void {
    for (const listener of this.#listeners) {
      try {
        listener(change)
      } catch (error) {
        this.#onError(error)
      }
    }
  }

  #writeUses(): void {
    const batch = new Map([...this.#uses].slice(0, usesPerWrite))
    for (const id of batch.keys()) this.#uses.delete(id)
    const waitMs = this.#uses.size > 0 ? pauseMs : undefined
    this.#cancelWriting = waitMs === undefined ? undefined : this.#clock.after(waitMs, () => this.#writeUses())
    this.#writing = this.#store.noteUses(batch).catch(this.#onError)
  }
}

const malformed: KeyReading = { kind: 'malformed' }
const unknown: KeyReading = { kind: 'unknown' }
const revoked: KeyReading = { kind: 'revoked' }
const expired: KeyReading = { kind: 'expired' }
const wrongKind: KeyReading = { kind: 'wrongKind' }

/** What a text is that nobody has as a key. */
const readForm = (kind: KeyKind, text: string): KeyReading => {
  const found = readKeyKind(text)
  if (found === undefined) return malformed
  return found === kind ? unknown : wrongKind
}

const toSigningKey = ({ info, signingText }: KeyRecord) =>
  signingText === undefined || info.revokedAtMs !== undefined
    ? []
    : [{ keyId: info.id, secret: Buffer.from(signingText.reveal()), expiresAtMs: info.expiresAtMs }]
