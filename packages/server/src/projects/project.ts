/** `proj_` and a ULID: what tells one tenant from another in every channel name and token. */
export type ProjectId = `proj_${string}`

export const environments = ['development', 'staging', 'production'] as const
export type Environment = (typeof environments)[number]

/** What a project may use at most; absent: the deployment's default. Sizes in bytes. */
export interface Quotas {
  readonly connections?: number | undefined
  readonly connectionsPerUser?: number | undefined
  readonly publishesPerSecond?: number | undefined
  readonly messageBytes?: number | undefined
  readonly channelsPerConnection?: number | undefined
  readonly historyBytes?: number | undefined
}

/** What a project changes of a namespace, within the deployment's caps; absent: as the deployment has it. */
export interface NamespaceSettings {
  /** A subscription token is obligatory. */
  readonly locked?: boolean | undefined
  readonly clientPublish?: boolean | undefined
  readonly presence?: boolean | undefined
  readonly historySize?: number | undefined
  readonly historyTtlSeconds?: number | undefined
}

/** One environment of one product: a tenant. A value: a change makes a new one. */
export interface Project {
  readonly id: ProjectId
  readonly name: string
  readonly environment: Environment
  readonly createdAtMs: number
  /** Archived projects keep their data and refuse every key, token and connection. */
  readonly archivedAtMs?: number | undefined
  readonly allowAnonymous: boolean
  /** Origins sockets may come from; empty: any. */
  readonly allowedOrigins: readonly string[]
  readonly quotas: Quotas
  readonly namespaces: Readonly<Record<string, NamespaceSettings>>
  /** Our own project behind inspector and sandbox: in no list, no count and no event stream of its own. */
  readonly isSystem: boolean
}
