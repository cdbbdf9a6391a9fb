import type { AddressList } from '../front-door/address-list.ts'
import type { Secret } from '../secrets/secret.ts'
import type { EngineKind, Role, ServerVariables } from './server-variables.ts'

/** The server's configuration: read, checked, and named as the rooms name it. */
export interface ServerConfig {
  /** 0: the system chooses. */
  readonly port: number
  readonly host: string
  /** Origin under which others reach us; absent: localhost, at whatever port we listen on. */
  readonly publicUrl?: string | undefined
  readonly trustedProxies: AddressList
  readonly dataDir: string
  /** Absent: SQLite in the data directory. */
  readonly databaseUrl?: Secret | undefined
  readonly engine: EngineKind
  readonly roles: ReadonlySet<Role>
  /** Path of the engine's configuration file. */
  readonly engineConfig: string
  readonly centrifugoUrls: readonly string[]
  readonly proxySecret?: Secret | undefined
  readonly metricsToken?: Secret | undefined
  /** Who owns a new deployment. */
  readonly owner?: { readonly email: string; readonly password: Secret } | undefined
  /** The socket URL that browsers are told; absent: it follows from the public URL. */
  readonly realtimeUrl?: string | undefined
}

export const engineOf = (variables: ServerVariables): EngineKind =>
  variables.XSHATHRA_ENGINE ?? (variables.CENTRIFUGO_URL ? 'centrifugo' : 'embedded')

export const buildServerConfig = (variables: ServerVariables): ServerConfig => ({
  port: variables.PORT,
  host: variables.HOST,
  publicUrl: variables.XSHATHRA_PUBLIC_URL,
  trustedProxies: variables.XSHATHRA_TRUSTED_PROXIES,
  dataDir: variables.XSHATHRA_DATA_DIR,
  databaseUrl: variables.DATABASE_URL,
  engine: engineOf(variables),
  roles: variables.XSHATHRA_ROLES,
  engineConfig: variables.CENTRIFUGO_CONFIG,
  centrifugoUrls: variables.CENTRIFUGO_URL ?? [],
  proxySecret: variables.CENTRIFUGO_VAR_PROXY_SECRET,
  metricsToken: variables.XSHATHRA_METRICS_TOKEN,
  owner: ownerOf(variables),
  realtimeUrl: variables.NEXT_PUBLIC_XSHATHRA_REALTIME_URL,
})

const ownerOf = ({ XSHATHRA_OWNER_EMAIL: email, XSHATHRA_OWNER_PASSWORD: password }: ServerVariables) =>
  email !== undefined && password !== undefined ? { email, password } : undefined
