import { join } from 'node:path'
import { type LoadedConfig, lockDataDirectory, systemClock } from '@xshathra/engine'
import { AccountStore } from '../accounts/account-store.ts'
import { SetupLinks } from '../accounts/setup-links.ts'
import { AuditLog } from '../audit/audit-log.ts'
import type { Environment } from '../config/load-server-config.ts'
import type { ServerConfig } from '../config/server-config.ts'
import type { Database } from '../database/database.ts'
import { openDatabase } from '../database/open-database.ts'
import type { Logger } from '../front-door/access-log.ts'
import { createProjectStore } from '../projects/kysely-project-store.ts'
import { type LiveDirectory, openLiveDirectory } from '../projects/live-directory.ts'
import type { ProjectStore } from '../projects/project-store.ts'
import { createAtRestKey } from '../secrets/encryption-at-rest.ts'
import { type DeploymentSecrets, loadSecrets } from '../secrets/load-secrets.ts'
import { requireSameMaster } from '../secrets/master-fingerprint.ts'
import type { ClosingOrder } from './closing-order.ts'

/** Name of the database of projects and accounts in the data directory. */
export const databaseFile = 'xshathra.db'

export interface StoresNeeds {
  readonly config: ServerConfig
  readonly engineConfig: LoadedConfig
  /** For the secrets alone. */
  readonly env: Environment
  readonly logger: Logger
  readonly opened: ClosingOrder
}

/** What outlives the process, open: the data directory is this process's alone. */
export interface Stores {
  readonly secrets: DeploymentSecrets
  readonly database: Database
  readonly projects: ProjectStore
  readonly directory: LiveDirectory
  readonly accounts: AccountStore
  readonly setupLinks: SetupLinks
  readonly audit: AuditLog
}

/**
 * Locks the data directory, which is made where it is missing, and opens secrets and database. Throws `DataDirectoryInUse`,
 * `DataDirectoryUnusable`, `SecretsUnusable`, `DatabaseUnusable` or `WrongMasterSecret`, each with sentences for people.
 */
export const openStores = async ({ config, engineConfig, env, logger, opened }: StoresNeeds): Promise<Stores> => {
  const { dataDir, databaseUrl } = config
  const clock = systemClock
  const lock = await lockDataDirectory(dataDir)
  opened.add(() => lock.release())
  const secrets = loadSecrets({
    directory: dataDir,
    env: { ...env, ...engineSecretsOf(engineConfig) },
    mayGenerate: databaseUrl === undefined,
  })
  const database = await openDatabase(
    databaseUrl === undefined
      ? { kind: 'sqlite', file: join(dataDir, databaseFile) }
      : { kind: 'postgres', url: databaseUrl.reveal() },
    { onConnectionLost: (err) => logger.warn({ err }, 'a database connection was lost') },
  )
  opened.add(() => database.close())
  const { kysely } = database
  await requireSameMaster(kysely, secrets.master)
  const projects = createProjectStore({ kysely, clock, atRest: createAtRestKey(secrets.master, 'serverKeys') })
  const onError = (err: unknown) => logger.error({ err }, 'projects could not be followed')
  const directory = await openLiveDirectory({ store: projects, clock, onError })
  opened.add(() => directory.close())
  const accounts = new AccountStore({ kysely, clock })
  const setupLinks = new SetupLinks({ kysely, accounts, clock })
  return { secrets, database, projects, directory, accounts, setupLinks, audit: new AuditLog({ kysely, clock }) }
}

/** The engine's own names of its secrets: what its configuration says, the file's values included. */
const engineSecretsOf = ({ settings: { client, http_api } }: LoadedConfig): Environment => ({
  CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY: client.token.hmac_secret_key,
  CENTRIFUGO_HTTP_API_KEY: http_api.key,
})
