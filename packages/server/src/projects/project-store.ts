import type { Result } from '@xshathra/protocol'
import type { Problem } from '../problems.ts'
import type { Secret } from '../secrets/secret.ts'
import type { KeyKind } from './key-text.ts'
import type { Project, ProjectId } from './project.ts'
import type { ProjectChange } from './project-directory.ts'
import type { KeyRotation, NamespaceChange, NewProject, ProjectChanges } from './project-input.ts'

/** What people may see of a key. */
export interface KeyInfo {
  readonly id: string
  readonly kind: KeyKind
  /** The first characters, by which people tell keys apart. */
  readonly prefix: string
  /** The whole text, of a client key alone: it is public. */
  readonly text?: string | undefined
  readonly createdAtMs: number
  readonly lastUsedAtMs?: number | undefined
  /** End of the overlap after a rotation. */
  readonly expiresAtMs?: number | undefined
  readonly revokedAtMs?: number | undefined
}

/** A key as the directory needs it. */
export interface KeyRecord {
  readonly info: KeyInfo
  /** SHA-256 of the text, in hexadecimal digits. */
  readonly hash: string
  /** A server key's text, for tokens that its holder signed; absent when the key has ended. */
  readonly signingText?: Secret | undefined
}

/** A project with its keys, newest first, as they are after one revision. */
export interface ProjectSnapshot {
  readonly project: Project
  readonly keys: readonly KeyRecord[]
  /** Rises with every change of the project or its keys. */
  readonly revision: number
}

export interface CreatedProject {
  readonly project: Project
  /** Told this once. */
  readonly serverApiKey: Secret
  readonly clientApiKey: string
}

export interface RotatedKey {
  readonly info: KeyInfo
  /** Told this once, if it is a server key. */
  readonly text: Secret
  /** When the key before this one ends; absent where there was none or it ended at once. */
  readonly previousValidUntilMs?: number | undefined
}

/** A change that is in the database, with what came of it; no snapshot: the project is gone. */
export interface StoredChange extends ProjectChange {
  readonly snapshot?: ProjectSnapshot | undefined
}

/**
 * Projects and keys in the database. Each method is one transaction: all of it happens or nothing. Listeners hear of a
 * change after it is committed and before the method's promise resolves. The system's project is in `load` alone; to all
 * else it does not exist. Unknown projects and keys are the problem `not_found`.
 */
export interface ProjectStore {
  /** Every project, the system's and archived ones too. */
  load(): Promise<readonly ProjectSnapshot[]>

  /** All projects, archived ones too, oldest first. */
  list(): Promise<readonly Project[]>
  show(id: ProjectId): Promise<Result<Project, Problem>>

  /** Makes a project with its key pair. */
  create(input: NewProject): Promise<CreatedProject>
  /** Changes what is named. Anonymous connections need a list of origins: without one, `invalid_body`. */
  change(id: ProjectId, changes: ProjectChanges): Promise<Result<Project, Problem>>
  /** Changes what is named of the project's settings of a namespace, whose existence the caller has checked. */
  changeNamespace(id: ProjectId, namespace: string, changes: NamespaceChange): Promise<Result<Project, Problem>>
  /** Archives a project, which then refuses everybody, or brings it back. Its keys stay as they are. */
  setArchived(id: ProjectId, archived: boolean): Promise<Result<Project, Problem>>
  /** Deletes a project with its keys, for good. */
  remove(id: ProjectId): Promise<Result<Project, Problem>>

  /** The project's keys, newest first; of those that have ended, the latest. */
  keys(id: ProjectId): Promise<Result<readonly KeyInfo[], Problem>>
  /** Makes a new key. The current one stays valid for the overlap; one still in an earlier overlap ends at once. */
  rotateKey(id: ProjectId, rotation: KeyRotation): Promise<Result<RotatedKey, Problem>>
  /** Ends a key at once. One that has ended stays as it is. */
  revokeKey(id: ProjectId, keyId: string): Promise<Result<KeyInfo, Problem>>
  /** Notes when keys were last used, by key id, in Unix milliseconds. Tells no listener. */
  noteUses(uses: ReadonlyMap<string, number>): Promise<void>
  /** Forgets the texts of keys whose overlap is over. Tells no listener. */
  forgetExpired(): Promise<void>

  onChange(listener: (change: StoredChange) => void): () => void
}
