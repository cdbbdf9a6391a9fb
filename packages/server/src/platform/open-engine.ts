import {
  type ClientOptions,
  createDurableBroker,
  createEmbeddedEngine,
  createMetrics,
  defaultTransportsOptions,
  type EmbeddedEngine,
  type EventStream,
  type LoadedConfig,
  logEvents,
  type Metrics,
  systemClock,
} from '@xshathra/engine'
import type { ServerConfig } from '../config/server-config.ts'
import type { Logger } from '../front-door/access-log.ts'
import type { ProxyTrust } from '../front-door/proxy-trust.ts'
import { answerMissingUpgrade, refuseTokenInUrl } from '../front-door/socket-hints.ts'
import type { Quotas } from '../projects/project.ts'
import type { ProjectDirectory } from '../projects/project-directory.ts'
import type { Secret } from '../secrets/secret.ts'
import { projectOf } from '../tenancy/channel-grammar.ts'
import { followProjectChanges } from '../tenancy/follow-project-changes.ts'
import { createProjectTenancy, type ProjectTenancy, type ProjectTenancyOptions } from '../tenancy/project-tenancy.ts'
import type { ClosingOrder } from './closing-order.ts'

export interface EngineNeeds {
  readonly config: ServerConfig
  readonly engineConfig: LoadedConfig
  readonly directory: ProjectDirectory
  /** Signs the tokens that we mint. */
  readonly tokenSecret: Secret
  readonly trust: ProxyTrust
  readonly events: EventStream
  readonly logger: Logger
  readonly version: string
  readonly opened: ClosingOrder
}

export interface OpenEngine {
  readonly engine: EmbeddedEngine
  readonly tenancy: ProjectTenancy
  readonly metrics: Metrics
  /** What the history store said last; absent while it works. */
  historyProblem(): string | undefined
}

/** Opens the embedded engine under `/realtime`, with projects as its scopes and history in the data directory. */
export const openEngine = async (needs: EngineNeeds): Promise<OpenEngine> => {
  const { config, engineConfig, directory, trust, events, logger, version, opened } = needs
  const clock = systemClock
  const tenancy = createProjectTenancy(tenancyOptionsOf(needs), { directory, clock })
  let historyProblem: string | undefined
  const { max_bytes: maxBytes } = engineConfig.xshathra.history
  const engine = await createEmbeddedEngine({
    tenancy,
    events,
    version,
    nodeName: engineConfig.nodeName || undefined,
    client: clientOptionsOf(engineConfig),
    createBroker: (brokerEvents) =>
      createDurableBroker({
        directory: config.dataDir,
        clock,
        events: brokerEvents,
        limits: maxBytes > 0 ? { storeBytes: maxBytes } : {},
        quotas: { ownerOf: projectOf, bytesOf: (projectId) => tenancy.rulesOf(projectId)?.quotas.historyBytes },
        onStoreProblem: (state) => {
          historyProblem = state.state === 'failing' ? state.detail : undefined
          events.emit({ kind: 'store', ...state })
        },
      }),
    transports: {
      ...defaultTransportsOptions,
      ...engineConfig.transports,
      basePath: '/realtime',
      clock,
      pings: engineConfig.client,
      isOriginAllowed: engineConfig.isOriginAllowed,
      remoteAddress: trust.clientAddress,
      omitSoleSubprotocolAnswer: true,
      refuse: refuseTokenInUrl,
      answerWithoutUpgrade: answerMissingUpgrade,
    },
  })
  opened.add(() => engine.close())
  opened.add(followProjectChanges(directory, engine))
  opened.add(logEvents(events, logger))
  const metrics = createMetrics({ events, info: () => engine.node() })
  opened.add(() => metrics.close())
  return { engine, tenancy, metrics, historyProblem: () => historyProblem }
}

/** A subscription that the token made is adopted when the client asks for it too. */
const clientOptionsOf = ({ client, unidirectionalDisconnects }: LoadedConfig): ClientOptions => ({
  ...client,
  unidirectionalDisconnects,
  strictServerSubscriptions: false,
})

const tenancyOptionsOf = ({ engineConfig, tokenSecret }: EngineNeeds): ProjectTenancyOptions => ({
  namespaces: engineConfig.namespaces.namespaces,
  proxies: engineConfig.proxies,
  tokens: { ...engineConfig.token, hmacSecretKey: tokenSecret.reveal() },
  quotas: historyQuota(engineConfig.xshathra.history.max_bytes),
})

/** No project fills more than half of a history file whose size was chosen. */
const historyQuota = (maxBytes: number): Quotas => (maxBytes > 0 ? { historyBytes: Math.ceil(maxBytes / 2) } : {})
