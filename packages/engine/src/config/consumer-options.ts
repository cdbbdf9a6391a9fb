import { redisConnectionFields, tls } from './connection-options.ts'
import { boolean, duration, group, integer, later, list, secret, text, textList } from './option-kinds.ts'

/** Where a message's parts are found in a queue that carries bare publications: `kind` is what the queue calls them. */
const publicationDataMode = <Kind extends string>(kind: Kind) => {
  const named = <Part extends string>(part: Part, value: string) =>
    ({ [`${part}_${kind}`]: text(value) }) as { readonly [Name in `${Part}_${Kind}`]: ReturnType<typeof text> }
  return group({
    enabled: boolean(),
    ...named('channels', 'centrifugo-channels'),
    ...named('idempotency_key', 'centrifugo-idempotency-key'),
    ...named('delta', 'centrifugo-delta'),
    ...named('version', 'centrifugo-version'),
    ...named('version_epoch', 'centrifugo-version-epoch'),
    [`tags_${kind}_prefix`]: text('centrifugo-tag-'),
  })
}

const method = () => text('centrifugo-method')

/** Queues that a Centrifugo reads commands of its server API from. */
export const consumers = later(
  list({
    name: text(),
    enabled: boolean(),
    type: text(),
    postgresql: group({
      dsn: secret(),
      outbox_table_name: text(),
      num_partitions: integer(1),
      partition_select_limit: integer(100),
      partition_poll_interval: duration('300ms'),
      partition_notification_channel: text(),
      partition_notification_dsn: secret(),
      tls: tls(),
      use_try_lock: boolean(),
    }),
    kafka: group({
      brokers: textList(),
      topics: textList(),
      consumer_group: text(),
      max_poll_records: integer(100),
      fetch_max_bytes: integer(),
      fetch_max_wait: duration('500ms'),
      fetch_read_uncommitted: boolean(),
      partition_queue_max_size: integer(1_000),
      dial_timeout: duration('3s'),
      tls: tls(),
      sasl_mechanism: text(),
      sasl_user: text(),
      sasl_password: secret(),
      assume_role_arn: text(),
      instance_id: text(),
      method_header: method(),
      publication_data_mode: publicationDataMode('header'),
    }),
    nats_jetstream: group({
      url: text('nats://127.0.0.1:4222'),
      credentials_file: text(),
      username: text(),
      password: secret(),
      token: secret(),
      stream_name: text(),
      use_existing_consumer: boolean(),
      subjects: textList(),
      durable_consumer_name: text(),
      deliver_policy: text('new'),
      max_ack_pending: integer(100),
      method_header: method(),
      publication_data_mode: publicationDataMode('header'),
      tls: tls(),
    }),
    redis_stream: group({
      ...redisConnectionFields(),
      streams: textList(),
      consumer_group: text(),
      visibility_timeout: duration('30s'),
      num_workers: integer(1),
      payload_value: text('payload'),
      method_value: text('method'),
      publication_data_mode: publicationDataMode('value'),
    }),
    google_pub_sub: group({
      project_id: text(),
      subscriptions: textList(),
      max_outstanding_messages: integer(100),
      max_outstanding_bytes: integer(1_000_000),
      auth_mechanism: text(),
      credentials_file: text(),
      method_attribute: method(),
      publication_data_mode: publicationDataMode('attribute'),
    }),
    aws_sqs: group({
      queues: textList(),
      sns_envelope: boolean(),
      region: text(),
      max_number_of_messages: integer(10),
      wait_time_time: duration('20s'),
      visibility_timeout: duration('30s'),
      max_concurrency: integer(1),
      credentials_profile: text(),
      assume_role_arn: text(),
      method_attribute: method(),
      localstack_endpoint: text(),
      publication_data_mode: publicationDataMode('attribute'),
    }),
    azure_service_bus: group({
      connection_string: secret(),
      use_azure_identity: boolean(),
      fully_qualified_namespace: text(),
      tenant_id: text(),
      client_id: text(),
      client_secret: secret(),
      queues: textList(),
      use_sessions: boolean(),
      max_concurrent_calls: integer(1),
      max_receive_messages: integer(1),
      method_property: method(),
      publication_data_mode: publicationDataMode('property'),
    }),
  }),
)
