import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { NodeInfo } from '../engine.ts'
import { type EngineEvent, EventStream } from '../events.ts'
import { createMetrics } from './metrics.ts'

const node: NodeInfo = {
  uid: 'n',
  name: 'node',
  version: '1.2.3',
  numClients: 7,
  numUsers: 5,
  numChannels: 3,
  numSubs: 9,
  uptimeSeconds: 1,
}

const who = { client: 'c', scope: '', user: 'u' }

const count = (options: { prefix?: string } = {}) => {
  const events = new EventStream()
  const metrics = createMetrics({ events, info: () => node, processMetrics: false, ...options })
  /** Value of one series, or of all those of a name. */
  const values = async (name: string) => {
    const lines = (await metrics.render()).split('\n').filter((line) => line.startsWith(name))
    return Object.fromEntries(lines.map((line) => line.split(/ (?=\S+$)/)))
  }
  return { events, metrics, values }
}

describe('metrics', () => {
  it('[OB1] cost nothing once nobody counts', () => {
    const { events, metrics } = count()
    expect(events.wants('publish')).toBe(true)
    metrics.close()
    expect(events.active).toBe(false)
  })

  it('[OB2] tell the state of the node at each scrape', async () => {
    const { values } = count()
    expect(await values('centrifugo_node_')).toEqual({
      centrifugo_node_num_clients: '7',
      centrifugo_node_num_users: '5',
      centrifugo_node_num_subscriptions: '9',
      centrifugo_node_num_channels: '3',
      centrifugo_node_num_nodes: '1',
      'centrifugo_node_build{version="1.2.3"}': '1',
    })
  })

  it('[OB2] may have another prefix', async () => {
    const { values } = count({ prefix: 'rt_' })
    expect(await values('rt_node_num_clients')).toEqual({ rt_node_num_clients: '7' })
    expect(await values('centrifugo_')).toEqual({})
  })

  it('count connections in and out', async () => {
    const { events, values } = count()
    const transport = 'websocket'
    const ended = { ...who, kind: 'disconnect', transport, reason: '', slow: false, durationMs: 1 } as const
    for (let n = 0; n < 3; n++) events.emit({ kind: 'open', transport, protocol: 'json' })
    events.emit({ ...who, kind: 'connect', transport, protocol: 'json', name: '', version: '', remoteAddress: '' })
    events.emit({ ...ended, code: 3000 })
    events.emit({ ...ended, code: 3008 })
    events.emit({ kind: 'reject', transport, status: 403, rule: 'origin' })
    expect({
      ...(await values('centrifugo_client_con')),
      ...(await values('centrifugo_client_num_server_disconnects')),
      ...(await values('centrifugo_transport')),
      ...(await values('xshathra_connections')),
    }).toEqual({
      'centrifugo_client_connections_accepted{transport="websocket"}': '1',
      'centrifugo_client_connections_inflight{transport="websocket"}': '1',
      'centrifugo_client_num_server_disconnects{code="3008"}': '1',
      'centrifugo_transport_outgoing_close_count{transport="websocket",code="3000"}': '1',
      'centrifugo_transport_outgoing_close_count{transport="websocket",code="3008"}': '1',
      'xshathra_connections_rejected_total{transport="websocket",rule="origin"}': '1',
    })
  })

  it('count commands, error replies and recoveries', async () => {
    const { events, values } = count()
    const refused = { ...who, kind: 'refuse', command: 'subscribe', message: '', rule: 'r' } as const
    const subscribed = { ...who, kind: 'subscribe', channel: 'chat:a', namespace: 'chat', serverSide: false } as const
    events.emit({ kind: 'command', command: 'subscribe', seconds: 0.002 })
    events.emit({ ...refused, code: 103 })
    events.emit({ ...refused, code: 3501 })
    events.emit(subscribed)
    events.emit({ ...subscribed, recovered: true, recoveredCount: 2 })
    events.emit({ ...subscribed, recovered: false })
    events.emit({ ...who, kind: 'unsubscribe', channel: 'chat:a', namespace: 'chat', code: 2500 })
    events.emit({ ...who, kind: 'unsubscribe', channel: 'chat:a', namespace: 'chat', code: 0 })
    const all = await values('centrifugo_client_')
    expect(all).toMatchObject({
      'centrifugo_client_command_duration_seconds_histogram_bucket{le="0.001",method="subscribe"}': '0',
      'centrifugo_client_command_duration_seconds_histogram_bucket{le="0.005",method="subscribe"}': '1',
      'centrifugo_client_num_reply_errors{method="subscribe",code="103"}': '1',
      'centrifugo_client_subscriptions_accepted{channel_namespace="chat"}': '3',
      'centrifugo_client_num_server_unsubscribes{code="2500",channel_namespace="chat"}': '1',
      'centrifugo_client_recover{recovered="yes",channel_namespace="chat",has_recovered_publications="yes"}': '1',
      'centrifugo_client_recover{recovered="no",channel_namespace="chat",has_recovered_publications="no"}': '1',
    })
    expect(Object.keys(all).filter((name) => name.includes('3501') || name.includes('code="0"'))).toEqual([])
  })

  it('measure publications and calls of the server API', async () => {
    const { events, values } = count()
    const place = { channel: 'chat:a', namespace: 'chat' }
    events.emit({ kind: 'publish', scope: '', ...place, offset: 1, bytes: 10, receivers: 4, by: 'api', latencyMs: 2 })
    events.emit({
      kind: 'publish',
      scope: '',
      ...place,
      offset: 2,
      bytes: 5,
      receivers: 0,
      by: 'client',
      latencyMs: 0.01,
    })
    events.emit({ ...who, ...place, kind: 'join' })
    events.emit({ kind: 'api', method: 'publish', seconds: 0.002 })
    events.emit({ kind: 'api', method: 'publish', seconds: 0, failure: 'unmarshal' })
    events.emit({ kind: 'api', method: 'publish', seconds: 0, failure: 107 })
    expect({
      ...(await values('xshathra_')),
      ...(await values('centrifugo_api')),
      ...(await values('centrifugo_node_messages')),
    }).toMatchObject({
      'xshathra_publish_bytes_total{channel_namespace="chat"}': '15',
      'xshathra_deliveries_total{channel_namespace="chat"}': '4',
      'xshathra_publish_duration_seconds_count{by="api",channel_namespace="chat"}': '1',
      'xshathra_publish_duration_seconds_sum{by="api",channel_namespace="chat"}': '0.002',
      'xshathra_publish_duration_seconds_bucket{le="0.0001",by="client",channel_namespace="chat"}': '1',
      'centrifugo_node_messages_sent_count{type="publication"}': '2',
      'centrifugo_node_messages_sent_count{type="join"}': '1',
      'centrifugo_api_command_duration_seconds_histogram_count{protocol="http",method="publish"}': '2',
      'centrifugo_api_command_errors_total{protocol="http",method="publish",error="unmarshal"}': '1',
      'centrifugo_api_command_errors_total{protocol="http",method="publish",error="107"}': '1',
    })
  })

  it('show a failing store and internal errors', async () => {
    const { events, values } = count()
    events.emit({ kind: 'store', state: 'failing', detail: 'disk full' })
    events.emit({ kind: 'internal', where: 'x', error: new Error('y') })
    expect(await values('xshathra_store_failing')).toEqual({ xshathra_store_failing: '1' })
    expect(await values('xshathra_internal')).toEqual({ xshathra_internal_errors_total: '1' })
    events.emit({ kind: 'store', state: 'recovered', detail: '' })
    expect(await values('xshathra_store_failing')).toEqual({ xshathra_store_failing: '0' })
  })

  it('[OB3] let no label take any number of values', async () => {
    const { events, values } = count()
    const ended: EngineEvent = {
      ...who,
      kind: 'disconnect',
      transport: 'websocket',
      code: 4000,
      reason: '',
      slow: false,
      durationMs: 1,
    }
    for (let n = 0; n < 1000; n++) {
      events.emit({ ...ended, code: 4000 + n })
      events.emit({ ...who, kind: 'subscribe', channel: '', namespace: `n${n}`, serverSide: false })
    }
    const closes = await values('centrifugo_client_num_server_disconnects')
    expect(Object.keys(closes)).toHaveLength(101)
    expect(closes['centrifugo_client_num_server_disconnects{code="other"}']).toBe('900')
    const subscriptions = await values('centrifugo_client_subscriptions_accepted')
    expect(subscriptions['centrifugo_client_subscriptions_accepted{channel_namespace="other"}']).toBe('800')
  })

  it('are served over HTTP, with those of the process', async () => {
    const events = new EventStream()
    const metrics = createMetrics({ events, info: () => Promise.resolve(node) })
    const server = createServer(metrics.handler)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const response = await fetch(`http://127.0.0.1:${port}/metrics`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe(metrics.contentType)
    const text = await response.text()
    expect(text).toContain('centrifugo_node_num_clients 7')
    expect(text).toContain('process_resident_memory_bytes')
    metrics.close()
    server.close()
    server.closeAllConnections()
  })

  it('answer 500 and tell why when the node cannot say how it is', async () => {
    const events = new EventStream()
    const seen: EngineEvent[] = []
    events.on((event) => seen.push(event))
    const info = () => Promise.reject(new Error('gone'))
    const metrics = createMetrics({ events, info, processMetrics: false })
    const server = createServer(metrics.handler)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const response = await fetch(`http://127.0.0.1:${port}/metrics`)
    expect([response.status, await response.text()]).toEqual([500, ''])
    expect(seen).toMatchObject([{ kind: 'internal', where: 'metrics' }])
    server.close()
    server.closeAllConnections()
  })
})
