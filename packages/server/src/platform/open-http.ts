import { systemClock, version } from '@xshathra/engine'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { sql } from 'kysely'
import { createAuth } from '../accounts/auth.ts'
import type { ServerConfig } from '../config/server-config.ts'
import type { ControlRooms } from '../control/control-action.ts'
import { controlPlugin } from '../control/control-plugin.ts'
import { dataPlane } from '../data-plane/data-plane.ts'
import type { Logger } from '../front-door/access-log.ts'
import { authRoom } from '../front-door/auth-room.ts'
import { createHttpApp } from '../front-door/http-app.ts'
import type { ProxyTrust } from '../front-door/proxy-trust.ts'
import { healthRoute, type PartHealth } from '../health/health-route.ts'
import type { ClosingOrder } from './closing-order.ts'
import type { OpenEngine } from './open-engine.ts'
import type { Stores } from './open-stores.ts'

export interface HttpNeeds {
  readonly config: ServerConfig
  readonly stores: Stores
  readonly open: OpenEngine
  readonly rooms: ControlRooms
  readonly controlToken: string
  /** Where customers reach us. */
  readonly origin: () => string
  readonly logger: Logger
  readonly trust: ProxyTrust
  readonly opened: ClosingOrder
}

/** Opens everything under `/api`: health, sign-in, control, and the data plane of customers' backends. */
export const openHttp = async (needs: HttpNeeds): Promise<FastifyInstance> => {
  const { config, stores, open, rooms, controlToken, logger, trust, opened } = needs
  const { secrets } = stores
  const auth = createAuth({ ...stores, master: secrets.master, publicUrl: config.publicUrl, clock: systemClock })
  const app = await createHttpApp({
    logger,
    trust,
    rooms: [
      healthRoute({ engine: () => open.engine.status(), store: () => storeHealth(stores, open) }),
      authRoom(auth),
      controlPlugin({ rooms, token: controlToken }),
      dataPlaneRoom(needs),
    ],
  })
  opened.add(() => app.close())
  return app
}

const dataPlaneRoom =
  ({ config, stores, open, origin }: HttpNeeds): FastifyPluginAsync =>
  async (app) => {
    const { engine, tenancy } = open
    const { directory, secrets } = stores
    const realtimeUrl = () => config.realtimeUrl ?? socketUrl(origin())
    const tokenSecret = secrets.tokenHmac.reveal()
    await app.register(dataPlane, {
      prefix: '/api/realtime',
      directory,
      tenancy,
      engine,
      tokenSecret,
      realtimeUrl,
      version,
    })
  }

/** Where sockets connect to an origin. */
export const socketUrl = (origin: string): string => `${origin.replace(/^http/, 'ws')}/realtime/connection/websocket`

const storeHealth = async ({ database }: Stores, { historyProblem }: OpenEngine): Promise<PartHealth> => {
  const { kind, kysely } = database
  if (historyProblem() !== undefined) return { kind, ready: false, detail: 'history cannot be written' }
  try {
    await sql`select 1`.execute(kysely)
    return { kind, ready: true }
  } catch {
    // Health is public: whoever needed the database has told the log why it does not answer.
    return { kind, ready: false, detail: 'the database does not answer' }
  }
}
