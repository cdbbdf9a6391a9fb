import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import { createLogger, createServerApi, EventStream, type LoadedConfig, systemClock, version } from '@xshathra/engine'
import { type FirstOwner, prepareFirstOwner } from '../accounts/first-owner.ts'
import type { Environment } from '../config/load-server-config.ts'
import type { ServerConfig } from '../config/server-config.ts'
import type { ControlRooms } from '../control/control-action.ts'
import { removeControlFile, writeControlFile } from '../control/control-file.ts'
import { type AccessLog, createAccessLog, type Logger } from '../front-door/access-log.ts'
import { createHostRule } from '../front-door/known-hosts.ts'
import { createMetricsDoor } from '../front-door/metrics-door.ts'
import { createProxyTrust, type ProxyTrust } from '../front-door/proxy-trust.ts'
import { createFrontDoor } from '../front-door.ts'
import { createMint } from '../tenancy/mint.ts'
import { createNoWeb } from '../web/no-web.ts'
import { ClosingOrder } from './closing-order.ts'
import { Drain } from './drain.ts'
import { type OpenEngine, openEngine } from './open-engine.ts'
import { openHttp } from './open-http.ts'
import { openStores, type Stores } from './open-stores.ts'

export interface PlatformNeeds {
  readonly config: ServerConfig
  readonly engineConfig: LoadedConfig
  /** For the secrets alone. */
  readonly env: Environment
  /** Where log lines go; absent: standard output. */
  readonly log?: { write(line: string): void } | undefined
}

/** The whole platform on one HTTP server. */
export interface Platform {
  /** Not listening yet: whoever opened the platform chooses where. */
  readonly server: Server
  readonly rooms: ControlRooms
  readonly stores: Stores
  /** Sees that somebody can sign in; see `prepareFirstOwner`. */
  prepareFirstOwner(): Promise<FirstOwner>
  /** To be called once when the server listens: lets commands find it. */
  announce(url: string): void
  /** Requests finish, everybody is disconnected with 3001, stores are closed. */
  close(): Promise<void>
}

/** How long a stop waits for requests that are being answered. */
const drainMs = 5_000

/**
 * Opens every room and puts the front door before them. Throws `DataDirectoryInUse`, `DataDirectoryUnusable`,
 * `HistoryFileUnusable`, `SecretsUnusable`, `DatabaseUnusable` or `WrongMasterSecret`, each with sentences for people;
 * nothing stays open then.
 */
export const openPlatform = async (needs: PlatformNeeds): Promise<Platform> => {
  const opened = new ClosingOrder()
  try {
    return await openRooms(needs, opened)
  } catch (error) {
    await opened.close()
    throw error
  }
}

const openRooms = async (needs: PlatformNeeds, opened: ClosingOrder): Promise<Platform> => {
  const { config, engineConfig } = needs
  const logger = createLogger(engineConfig.log.level, needs.log)
  const events = new EventStream((err) => logger.error({ err }, 'an event listener failed'))
  const trust = createProxyTrust(config.trustedProxies)
  const shared = { config, engineConfig, logger, trust, opened }
  const stores = await openStores({ ...shared, env: needs.env })
  const { directory, secrets } = stores
  const open = await openEngine({ ...shared, directory, tokenSecret: secrets.tokenHmac, events, version })
  const rooms = openControlRooms(stores, open)
  const controlToken = randomBytes(32).toString('base64url')
  let listensAt = `http://localhost:${config.port}`
  const origin = () => config.publicUrl ?? listensAt
  const http = await openHttp({ ...shared, stores, open, rooms, controlToken, origin })
  const drain = new Drain()
  const server = createFrontDoor({
    engine: open.engine,
    operatorApi: openOperatorApi(engineConfig, stores, open),
    http: drain.watch((request, response) => http.routing(request, response)),
    metrics: openMetrics(config, open),
    web: createNoWeb(version),
    trust,
    isKnownHost: createHostRule(config.publicUrl),
    accessLog: openAccessLog(logger, trust),
  })
  return {
    server,
    rooms,
    stores,
    prepareFirstOwner: () => prepareFirstOwner({ ...stores, links: stores.setupLinks, owner: ownerOf(config) }),
    announce(url) {
      listensAt = url
      writeControlFile(config.dataDir, { url, token: controlToken })
      opened.add(() => removeControlFile(config.dataDir))
    },
    async close() {
      await drain.finished(drainMs)
      await opened.close()
    },
  }
}

const openControlRooms = (stores: Stores, { engine, tenancy }: OpenEngine): ControlRooms => ({
  ...stores,
  tenancy,
  engine: engine.api,
  mint: createMint({ tenancy, secret: stores.secrets.tokenHmac.reveal(), clock: systemClock }),
})

/** Centrifugo's server API with full channel names, for the holder of the deployment's key. */
const openOperatorApi = ({ httpApi }: LoadedConfig, { secrets }: Stores, { engine }: OpenEngine) =>
  createServerApi({
    api: engine.api,
    events: engine.events,
    scope: '',
    path: '/realtime/api',
    key: secrets.apiKey.reveal(),
    errorMode: httpApi.errorMode,
  })

const openMetrics = ({ metricsToken, publicUrl, trustedProxies }: ServerConfig, { metrics }: OpenEngine) =>
  createMetricsDoor({
    handler: (request, response) => metrics.handler(request, response),
    token: metricsToken,
    isPublic: publicUrl !== undefined || !trustedProxies.isEmpty,
  })

const openAccessLog = (logger: Logger, trust: ProxyTrust): AccessLog =>
  createAccessLog({
    logger,
    clientAddress: ({ socket, headers }) => trust.clientAddress(socket.remoteAddress ?? '', () => headers),
  })

const ownerOf = ({ owner }: ServerConfig) => owner && { email: owner.email, password: owner.password.reveal() }
