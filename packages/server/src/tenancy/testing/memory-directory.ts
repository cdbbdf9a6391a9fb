import type { Project, ProjectId } from '../../projects/project.ts'
import type { KeyReading, ProjectChange, ProjectDirectory, SigningKey } from '../../projects/project-directory.ts'

interface HeldKey {
  readonly kind: 'server' | 'client'
  readonly projectId: ProjectId
  readonly keyId: string
  state: 'known' | 'revoked' | 'expired'
}

/** A directory whose projects and keys a test writes by hand. Keys are any text; `typo` stands for a mistyped one. */
export class MemoryDirectory implements ProjectDirectory {
  readonly used: string[] = []
  readonly #projects = new Map<string, Project>()
  readonly #keys = new Map<string, HeldKey>()
  readonly #listeners = new Set<(change: ProjectChange) => void>()

  /** Adds or replaces a project; its keys are `xsk_<id>` and `xck_<id>`. */
  put(id: ProjectId, settings: Partial<Project> = {}): Project {
    const project: Project = { ...plainProject(id), ...this.#projects.get(id), ...settings }
    this.#projects.set(id, project)
    for (const kind of ['server', 'client'] as const) {
      const text = keyOf(kind, id)
      if (!this.#keys.has(text)) this.#keys.set(text, { kind, projectId: id, keyId: `key_${text}`, state: 'known' })
    }
    this.#tell({ kind: 'project', projectId: id, endedKeyIds: [] })
    return project
  }

  remove(id: ProjectId): void {
    this.#projects.delete(id)
    this.#tell({ kind: 'removed', projectId: id, endedKeyIds: [] })
  }

  /** Ends a key. */
  end(text: string, state: 'revoked' | 'expired' = 'revoked'): void {
    const key = this.#keys.get(text)
    if (!key) throw new Error(`there is no key ${text}`)
    key.state = state
    this.#tell({ kind: 'key', projectId: key.projectId, endedKeyIds: [key.keyId] })
  }

  project(id: string): Project | undefined {
    return this.#projects.get(id)
  }

  projects(): readonly Project[] {
    return [...this.#projects.values()].filter(({ isSystem }) => !isSystem)
  }

  readServerKey(text: string): KeyReading {
    return this.#read('server', text)
  }

  readClientKey(text: string): KeyReading {
    return this.#read('client', text)
  }

  signingKeys(id: ProjectId): readonly SigningKey[] {
    return Array.from(this.#keys)
      .filter(([, key]) => key.kind === 'server' && key.projectId === id && key.state === 'known')
      .map(([text, { keyId }]) => ({ keyId, secret: Buffer.from(text) }))
  }

  onlyProject(): Project | undefined {
    const projects = this.projects()
    return projects.length === 1 ? projects[0] : undefined
  }

  noteUse(keyId: string): void {
    this.used.push(keyId)
  }

  onChange(listener: (change: ProjectChange) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #read(kind: 'server' | 'client', text: string): KeyReading {
    if (text === 'typo') return { kind: 'malformed' }
    const key = this.#keys.get(text)
    if (!key) return { kind: 'unknown' }
    if (key.kind !== kind) return { kind: 'wrongKind' }
    const project = this.#projects.get(key.projectId)
    if (key.state !== 'known') return { kind: key.state }
    return project ? { kind: 'known', project, keyId: key.keyId } : { kind: 'unknown' }
  }

  #tell(change: ProjectChange): void {
    for (const listener of this.#listeners) listener(change)
  }
}

export const keyOf = (kind: 'server' | 'client', id: ProjectId): string => `${kind === 'server' ? 'xsk' : 'xck'}_${id}`

const plainProject = (id: ProjectId): Project => ({
  id,
  name: id.slice(-4),
  environment: 'development',
  createdAtMs: 0,
  allowAnonymous: false,
  allowedOrigins: [],
  quotas: {},
  namespaces: {},
  isSystem: false,
})
