import type { Project, ProjectId } from './project.ts'

/** What a key turned out to be. A typo fails its checksum; a well-formed key nobody has is revoked or foreign. */
export type KeyReading =
  | { readonly kind: 'known'; readonly project: Project; readonly keyId: string }
  | { readonly kind: 'unknown' | 'malformed' | 'revoked' | 'expired' }
  /** A public client key where the secret server key belongs, or the other way round. */
  | { readonly kind: 'wrongKind' }

/** A server key's raw text, for checking tokens that its holder signed. */
export interface SigningKey {
  readonly keyId: string
  /** Bytes of the whole key text, as customers use it for HS256. */
  readonly secret: Uint8Array
}

export interface ProjectChange {
  readonly kind: 'project' | 'key' | 'removed'
  readonly projectId: ProjectId
  /** Keys that ended with this change: connections they admitted have to go. */
  readonly endedKeyIds: readonly string[]
}

/**
 * Every project and key of the deployment, held in memory and kept current by its owner: the hot path asks it and no
 * request touches the database. Keys are found by SHA-256, so none is ever compared in variable time.
 */
export interface ProjectDirectory {
  project(id: string): Project | undefined
  /** All projects, archived ones too, without the system's. */
  projects(): readonly Project[]
  readServerKey(key: string): KeyReading
  readClientKey(key: string): KeyReading
  /** Keys whose signatures are good for this project now, newest first: the current one, and old ones in their overlap. */
  signingKeys(id: ProjectId): readonly SigningKey[]
  /** The only project of the deployment, where there is exactly one (the system's does not count). */
  onlyProject(): Project | undefined
  /** Notes that a key was used; written to the database from time to time. */
  noteUse(keyId: string): void
  /** Called after each change is in force here. Returns how to stop listening. */
  onChange(listener: (change: ProjectChange) => void): () => void
}
