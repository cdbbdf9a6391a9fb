import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { DestinationStream } from 'pino'
import type { BrokerEvents } from '../broker/broker.ts'
import { lockDataDirectory } from '../broker/directory-lock.ts'
import { createDurableBroker } from '../broker/durable-broker.ts'
import { createMemoryBroker } from '../broker/memory-broker.ts'
import { systemClock } from '../clock.ts'
import type { LoadedConfig } from '../config/loaded-config.ts'
import { planReload } from '../config/reload.ts'
import { createEmbeddedEngine, type EmbeddedEngine } from '../embedded/embedded-engine.ts'
import { EventStream } from '../events.ts'
import { createHealthHandler } from '../observability/health.ts'
import { createLogger, logEvents } from '../observability/logging.ts'
import { createMetrics } from '../observability/metrics.ts'
import type { ClientOptions } from '../options.ts'
import { createServerApi } from '../server-api/server-api.ts'
import { defaultTransportsOptions } from '../transports/transport-options.ts'
import { version } from '../version.ts'
import { type BareTenancy, type BareTenancyOptions, createBareTenancy } from './bare-tenancy.ts'

export interface BareEngineNeeds {
  readonly config: LoadedConfig
  /** Where history is kept over restarts; absent: in memory. It is locked for this process until close(). */
  readonly dataDir?: string | undefined
  /** Where log lines go; absent: standard output. */
  readonly log?: DestinationStream | undefined
}

/** A server of one Centrifugo configuration at Centrifugo's own paths, to be mounted on a node:http server. */
export interface BareEngine {
  readonly handleRequest: (request: IncomingMessage, response: ServerResponse) => void
  readonly handleUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Puts a configuration in force as far as a running engine can; gives the paths of what waits for a restart. */
  reload(config: LoadedConfig): readonly string[]
  /** Disconnects everybody with 3001, drains and closes the stores. */
  close(): Promise<void>
}

/**
 * Opens an engine that knows no projects: names, tokens and permissions are what the configuration says. Throws
 * `DataDirectoryInUse`, `DataDirectoryUnusable` or `HistoryFileUnusable`, each with a sentence for people.
 */
export const createBareEngine = async ({ config, dataDir, log }: BareEngineNeeds): Promise<BareEngine> => {
  let current = config
  const logger = createLogger(config.log.level, log)
  const events = new EventStream((error) => logger.error({ err: error }, 'an event listener failed'))
  const lock = dataDir === undefined ? undefined : await lockDataDirectory(dataDir)
  const tenancy = createBareTenancy(tenancyOptionsOf(config), { clock: systemClock })
  const engine = await createEmbeddedEngine({
    tenancy,
    events,
    version,
    nodeName: config.nodeName || undefined,
    client: clientOptionsOf(config),
    positionCheckDelayMs: config.settings.client.channel_position_check_delay || undefined,
    createBroker: (brokerEvents) => createBroker(brokerEvents, config, dataDir, events),
    transports: {
      ...defaultTransportsOptions,
      ...config.transports,
      clock: systemClock,
      pings: config.client,
      isOriginAllowed: (origin) => current.isOriginAllowed(origin),
    },
  }).catch((error: unknown) => {
    lock?.release()
    throw error
  })
  const stopLogging = logEvents(events, logger)
  const metrics = config.prometheus.enabled ? createMetrics({ events, info: () => engine.node() }) : undefined
  const handleRequest = createRequestHandler(config, engine, metrics)
  return {
    handleRequest,
    handleUpgrade: (request, socket, head) => engine.handleUpgrade(request, socket, head),
    reload(next) {
      const plan = planReload(current, next)
      applyTo(tenancy, engine, plan.config)
      current = plan.config
      return plan.needsRestart
    },
    async close() {
      await engine.close()
      tenancy.close()
      metrics?.close()
      stopLogging()
      lock?.release()
    },
  }
}

const applyTo = (tenancy: BareTenancy, engine: EmbeddedEngine, config: LoadedConfig): void => {
  tenancy.update(tenancyOptionsOf(config))
  engine.reload(clientOptionsOf(config))
}

const clientOptionsOf = ({ client, unidirectionalDisconnects }: LoadedConfig): ClientOptions => ({
  ...client,
  unidirectionalDisconnects,
})

const tenancyOptionsOf = (config: LoadedConfig): BareTenancyOptions => ({
  rules: (namespace) => config.namespaces.rulesOf(namespace),
  syntax: config.syntax,
  admission: config.admission,
  tokens: config.token,
  subscriptionTokens: config.subscriptionToken,
  proxies: config.proxies,
})

const createBroker = (
  brokerEvents: BrokerEvents,
  { xshathra }: LoadedConfig,
  dataDir: string | undefined,
  events: EventStream,
) => {
  const { max_bytes: maxBytes } = xshathra.history
  if (dataDir === undefined) {
    const limits = maxBytes > 0 ? { historyBytes: maxBytes } : {}
    return createMemoryBroker({ clock: systemClock, events: brokerEvents, limits })
  }
  return createDurableBroker({
    directory: dataDir,
    clock: systemClock,
    events: brokerEvents,
    limits: maxBytes > 0 ? { storeBytes: maxBytes } : {},
    onStoreProblem: (state) => events.emit({ kind: 'store', ...state }),
  })
}

/** Every path there is beside the sockets: streams, server API, health and metrics as configured. */
const createRequestHandler = (
  { httpApi, health, prometheus }: LoadedConfig,
  engine: EmbeddedEngine,
  metrics: ReturnType<typeof createMetrics> | undefined,
): BareEngine['handleRequest'] => {
  const { api, events } = engine
  const serveApi = httpApi.enabled ? createServerApi({ ...httpApi, api, scope: '', events }) : () => false
  const pages = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>()
  if (health.enabled)
    pages.set(
      health.path,
      createHealthHandler(() => engine.status().ready),
    )
  if (metrics) pages.set(prometheus.path, metrics.handler)
  return (request, response) => {
    if (serveApi(request, response) || engine.handleRequest(request, response)) return
    const page = pages.get((request.url ?? '').split('?', 1)[0] ?? '')
    if (page) page(request, response)
    else response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' }).end('404 page not found\n')
  }
}
