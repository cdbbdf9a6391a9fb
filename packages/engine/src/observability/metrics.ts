import type { IncomingMessage, ServerResponse } from 'node:http'
import { disconnects } from '@xshathra/protocol'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { NodeInfo } from '../engine.ts'
import type { EventStream } from '../events.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { type EventHandlers, handleEvents } from './handle-events.ts'

export interface MetricsNeeds {
  readonly events: EventStream
  /** Asked at each scrape. */
  readonly info: () => MaybePromise<NodeInfo>
  /** Stands before the names that Centrifugo has too, so that its dashboards keep working. Default `centrifugo_`. */
  readonly prefix?: string | undefined
  /** CPU, memory, event loop and garbage collection of this process, watched until its end. Default true. */
  readonly processMetrics?: boolean | undefined
}

/** Counts what the engine tells, for Prometheus. */
export interface Metrics {
  /** For what other rooms count. */
  readonly registry: Registry
  readonly contentType: string
  /** The metrics in Prometheus text format. */
  render(): Promise<string>
  /** Answers a scrape. */
  handler(request: IncomingMessage, response: ServerResponse): void
  /** Stops listening to the engine. */
  close(): void
}

/**
 * Starts counting. Names and meanings: Centrifugo's metrics, with fewer labels; what it does not have is called
 * `xshathra_…`. No label takes more than a bounded number of values.
 */
export const createMetrics = ({
  events,
  info,
  prefix = 'centrifugo_',
  processMetrics = true,
}: MetricsNeeds): Metrics => {
  const registry = new Registry()
  const updateNode = nodeGauges(registry, prefix)
  const stop = handleEvents(events, eventCounters(registry, prefix))
  if (processMetrics) collectDefaultMetrics({ register: registry })

  const render = async () => {
    updateNode(await info())
    return registry.metrics()
  }
  return {
    registry,
    contentType: registry.contentType,
    render,
    handler(_request, response) {
      render().then(
        (text) => response.writeHead(200, { 'Content-Type': registry.contentType }).end(text),
        (error: unknown) => {
          events.emit({ kind: 'internal', where: 'metrics', error })
          response.writeHead(500, { 'Content-Length': 0 }).end()
        },
      )
    },
    close: stop,
  }
}

const nodeGauges = (registry: Registry, prefix: string): ((node: NodeInfo) => void) => {
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ name: `${prefix}node_${name}`, help, labelNames, registers: [registry] })
  const clients = gauge('num_clients', 'Open connections.')
  const users = gauge('num_users', 'Users with an open connection.')
  const subscriptions = gauge('num_subscriptions', 'Subscriptions.')
  const channels = gauge('num_channels', 'Channels with a subscription.')
  const build = gauge('build', 'Always 1; the version is the label.', 'version')
  gauge('num_nodes', 'Nodes of the engine.').set(1)
  return (node) => {
    clients.set(node.numClients)
    users.set(node.numUsers)
    subscriptions.set(node.numSubs)
    channels.set(node.numChannels)
    build.set({ version: node.version }, 1)
  }
}

/** Seconds, from what a memory channel takes to what a client gives up on. Source: Centrifugo. */
const durationBuckets = [0.0001, 0.00025, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

const eventCounters = (registry: Registry, prefix: string): EventHandlers => {
  const registers = [registry]
  const counter = (name: string, help: string, ...labelNames: string[]) =>
    new Counter({ name, help, labelNames, registers })
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers })
  const histogram = (name: string, help: string, ...labelNames: string[]) =>
    new Histogram({ name, help, labelNames, buckets: durationBuckets, registers })

  const accepted = counter(`${prefix}client_connections_accepted`, 'Connections accepted.', 'transport')
  const inflight = gauge(`${prefix}client_connections_inflight`, 'Open streams to clients.', 'transport')
  const serverDisconnects = counter(`${prefix}client_num_server_disconnects`, 'Disconnects by the server.', 'code')
  const closes = counter(`${prefix}transport_outgoing_close_count`, 'Streams that ended.', 'transport', 'code')
  const commands = histogram(`${prefix}client_command_duration_seconds_histogram`, 'Time a command took.', 'method')
  const replyErrors = counter(`${prefix}client_num_reply_errors`, 'Error replies.', 'method', 'code')
  const subscribed = counter(`${prefix}client_subscriptions_accepted`, 'Subscriptions.', 'channel_namespace')
  const unsubscribed = counter(
    `${prefix}client_num_server_unsubscribes`,
    'Unsubscribes by the server.',
    'code',
    'channel_namespace',
  )
  const recoveries = counter(
    `${prefix}client_recover`,
    'Recoveries of subscriptions.',
    'recovered',
    'channel_namespace',
    'has_recovered_publications',
  )
  const messages = counter(`${prefix}node_messages_sent_count`, 'Messages handed to the broker.', 'type')
  const apiCalls = histogram(
    `${prefix}api_command_duration_seconds_histogram`,
    'Time a call of the server API took.',
    'protocol',
    'method',
  )
  const apiErrors = counter(
    `${prefix}api_command_errors_total`,
    'Failed calls of the server API.',
    'protocol',
    'method',
    'error',
  )
  const published = histogram(
    'xshathra_publish_duration_seconds',
    'Time from the request to the announcement of a publication.',
    'by',
    'channel_namespace',
  )
  const publishedBytes = counter('xshathra_publish_bytes_total', 'Bytes of payloads published.', 'channel_namespace')
  const deliveries = counter('xshathra_deliveries_total', 'Publications handed to connections.', 'channel_namespace')
  const rejected = counter('xshathra_connections_rejected_total', 'Connections turned away.', 'transport', 'rule')
  const storeFailing = gauge('xshathra_store_failing', '1 while the history store accepts nothing.')
  const surprises = counter('xshathra_internal_errors_total', 'Internal errors, told in the log.')

  const namespaceOf = boundedLabel(200)
  const codeOf = boundedLabel(100)
  const ruleOf = boundedLabel(100)

  return {
    open: ({ transport }) => inflight.inc({ transport }),
    connect: ({ transport }) => accepted.inc({ transport }),
    disconnect({ transport, code }) {
      inflight.dec({ transport })
      closes.inc({ transport, code: codeOf(code) })
      if (code !== disconnects.connectionClosed.code) serverDisconnects.inc({ code: codeOf(code) })
    },
    reject: ({ transport, rule }) => rejected.inc({ transport, rule: ruleOf(rule) }),
    command: ({ command, seconds }) => commands.observe({ method: command }, seconds),
    refuse({ command, code }) {
      if (!isDisconnectCode(code)) replyErrors.inc({ method: command, code: codeOf(code) })
    },
    subscribe({ namespace, recovered, recoveredCount = 0 }) {
      subscribed.inc({ channel_namespace: namespaceOf(namespace) })
      if (recovered === undefined) return
      recoveries.inc({
        recovered: yesOrNo(recovered),
        channel_namespace: namespaceOf(namespace),
        has_recovered_publications: yesOrNo(recoveredCount > 0),
      })
    },
    unsubscribe({ namespace, code }) {
      if (isServerUnsubscribe(code)) unsubscribed.inc({ code, channel_namespace: namespaceOf(namespace) })
    },
    publish({ namespace, by, bytes, receivers, latencyMs }) {
      const channel_namespace = namespaceOf(namespace)
      published.observe({ by, channel_namespace }, latencyMs / 1000)
      publishedBytes.inc({ channel_namespace }, bytes)
      deliveries.inc({ channel_namespace }, receivers)
      messages.inc({ type: 'publication' })
    },
    join: () => messages.inc({ type: 'join' }),
    leave: () => messages.inc({ type: 'leave' }),
    api({ method, seconds, failure }) {
      if (failure !== 'unmarshal') apiCalls.observe({ protocol: 'http', method }, seconds)
      if (failure !== undefined) apiErrors.inc({ protocol: 'http', method, error: failure })
    },
    store: ({ state }) => storeFailing.set(state === 'failing' ? 1 : 0),
    internal: () => surprises.inc(),
  }
}

/** Refusals that end a connection are counted as disconnects. */
const isDisconnectCode = (code: number): boolean => code >= 3000

/** Below 2000 the client left by itself. */
const isServerUnsubscribe = (code: number): boolean => code >= 2000

const yesOrNo = (answer: boolean): string => (answer ? 'yes' : 'no')

/** Lets the first values of a label through and calls all others `other`: each value is a series that stays forever. */
const boundedLabel = (maxValues: number): ((value: string | number) => string | number) => {
  const seen = new Set<string | number>()
  return (value) => {
    if (seen.has(value)) return value
    if (seen.size >= maxValues) return 'other'
    seen.add(value)
    return value
  }
}
