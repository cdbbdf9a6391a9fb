import { redisFields, tls } from './connection-options.ts'
import { boolean, choice, duration, group, integer, later, secret, text, textMap } from './option-kinds.ts'

/**
 * Sections of a Centrifugo v6 configuration that choose where streams, presence and control messages live. The engine
 * keeps them in itself, so each section is honoured as `memory` only.
 */

const historyInRedis = () => ({ history_use_lists: boolean() })

const presenceInRedis = () => ({
  presence_ttl: duration('60s'),
  presence_hash_field_ttl: boolean(),
  presence_user_mapping: boolean(),
})

const postgresFields = () => ({
  dsn: secret(),
  tls: tls(),
  table_prefix: text('cf'),
  use_notify: boolean(),
  notify_dsn: secret(),
  skip_schema_init: boolean(),
})

const postgresStreamFields = () => ({
  ...postgresFields(),
  pool_size: integer(16),
  num_shards: integer(8),
  cleanup_interval: duration('1m'),
  idempotent_result_ttl: duration('5m'),
  binary_data: boolean(),
  stream_retention: duration('24h'),
  outbox: group({ poll_interval: duration('100ms'), batch_size: integer(1_000) }),
  partition_lookahead_days: integer(2),
  partition_retention_days: integer(7),
})

const natsFields = () => ({
  prefix: text('centrifugo'),
  url: text('nats://localhost:4222'),
  dial_timeout: duration('1s'),
  write_timeout: duration('1s'),
  tls: tls(),
  allow_wildcards: boolean(),
  raw_mode: group({ enabled: boolean(), channel_replacements: textMap(), prefix: text() }),
})

export const engine = group({
  type: choice('memory', ['memory', 'redis'], ['memory']),
  redis: later(group({ ...redisFields(), ...historyInRedis(), ...presenceInRedis() })),
})

export const broker = group({
  enabled: boolean(),
  type: choice('memory', ['memory', 'redis', 'nats', 'redisnats', 'postgres'], ['memory']),
  redis: later(group({ ...redisFields(), ...historyInRedis() })),
  nats: later(group(natsFields())),
  redisnats: later(group({ redis: group({ ...redisFields(), ...historyInRedis() }), nats: group(natsFields()) })),
  postgres: later(group(postgresStreamFields())),
})

export const presenceManager = group({
  enabled: boolean(),
  type: choice('memory', ['memory', 'redis'], ['memory']),
  redis: later(group({ ...redisFields(), ...presenceInRedis() })),
})

export const mapBroker = later(
  group({
    type: choice('memory', ['memory', 'redis', 'postgres'], ['memory']),
    redis: group({
      ...redisFields(),
      cleanup_interval: duration('1s'),
      cleanup_batch_size: integer(100),
      idempotent_result_ttl: duration('5m'),
      skip_pub_sub: boolean(),
    }),
    postgres: group({ ...postgresStreamFields(), ttl_check_interval: duration('1s') }),
  }),
)

export const controller = later(
  group({
    enabled: boolean(),
    type: text(),
    postgres: group({
      ...postgresFields(),
      pool_size: integer(8),
      num_shards: integer(1),
      poll_interval: duration('50ms'),
      partition_retention_days: integer(1),
      partition_lookahead_days: integer(2),
      partition_cleanup_interval: duration('1m'),
      batch_size: integer(1_000),
    }),
  }),
)
