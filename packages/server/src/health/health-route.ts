import type { FastifyInstance } from 'fastify'

/** One part of the server: what it is, and whether it can be used now. */
export interface PartHealth {
  readonly kind: string
  readonly ready: boolean
  /** What is wrong with it, for operators. */
  readonly detail?: string | undefined
}

export interface Health {
  /** The process answers. */
  readonly live: true
  /** All parts can be used. */
  readonly ready: boolean
  readonly engine: PartHealth
  readonly store: PartHealth
}

export interface HealthNeeds {
  readonly engine: () => PartHealth
  readonly store: () => Promise<PartHealth>
}

export const readHealth = async ({ engine, store }: HealthNeeds): Promise<Health> => {
  const parts = { engine: engine(), store: await store() }
  return { live: true, ready: parts.engine.ready && parts.store.ready, ...parts }
}

/** `GET /api/health`: 200 while everything can be used, 503 while something cannot; the same body in both cases. */
export const healthRoute = (needs: HealthNeeds) => async (app: FastifyInstance) => {
  app.get('/api/health', async (_request, reply) => {
    const health = await readHealth(needs)
    return reply
      .code(health.ready ? 200 : 503)
      .headers({ 'Cache-Control': 'no-store', ...(health.ready ? {} : { 'Retry-After': '1' }) })
      .send(health)
  })
}
