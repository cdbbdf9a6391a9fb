import { PostgresDialect } from 'kysely'

/** How long a new connection may take before Postgres counts as unreachable. */
const connectTimeoutMs = 5_000

/** Connections of one server; its hot path asks the database nothing. */
const maxConnections = 10

/**
 * Kysely's Postgres dialect over a pool of pg, which is loaded where it is used. `onConnectionLost` hears of connections
 * that end while nobody uses them, which the next query replaces.
 */
export const createPostgresDialect = (url: string, onConnectionLost: (error: Error) => void): PostgresDialect =>
  new PostgresDialect({
    pool: async () => {
      const { default: pg } = await import('pg')
      // pg answers with texts for 64-bit numbers; ours are times, counts and ids, all below 2^53.
      const getTypeParser = (oid: number, format?: 'text' | 'binary') =>
        oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)
      const pool = new pg.Pool({
        connectionString: url,
        application_name: 'xshathra',
        connectionTimeoutMillis: connectTimeoutMs,
        max: maxConnections,
        types: { getTypeParser },
      })
      return pool.on('error', onConnectionLost)
    },
  })
