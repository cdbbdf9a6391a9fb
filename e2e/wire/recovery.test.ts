import { describe, expect, it } from 'vitest'
import type { Command } from './connection.ts'
import { anEpoch, connectResult, errors } from './expectations.ts'
import { type Config, startServer } from './servers.ts'
import { inSeconds, token } from './tokens.ts'
import { connectWebSocket, openWebSocket, type WebSocketClient } from './web-socket-client.ts'

const history = { history_size: 5, history_ttl: '60s' }
const server = await startServer({
  client: { insecure: true, recovery_max_publication_limit: 4 },
  channel: {
    namespaces: [
      { name: 'plain' },
      { name: 'stored', ...history },
      { name: 'positioned', ...history, force_positioning: true },
      { name: 'recovered', ...history, force_recovery: true },
      { name: 'short', history_size: 5, history_ttl: '1s', force_recovery: true },
      { name: 'brief', history_size: 5, history_ttl: '1s', history_meta_ttl: '1s', force_recovery: true },
      { name: 'tagged', ...history, force_recovery: true, allow_tags_filter: true },
      { name: 'cache', ...history, force_recovery: true, force_recovery_mode: 'cache' },
      { name: 'auto', ...history, force_recovery: true, force_recovery_mode: 'cache', auto_cache_recover: true },
    ],
  },
})
/** Positions and recovery are asked for here, under the permissions of §4.2, which `client.insecure` would open. */
const guarded = await startServer({
  channel: {
    namespaces: [
      { name: 'none', ...history, allow_subscribe_for_client: true },
      {
        name: 'busy',
        history_size: 10_000,
        history_ttl: '60s',
        allow_subscribe_for_client: true,
        force_recovery: true,
      },
      { name: 'positioning', ...history, allow_subscribe_for_client: true, allow_positioning: true },
      { name: 'recovery', ...history, allow_subscribe_for_client: true, allow_recovery: true },
      { name: 'readers', ...history, allow_subscribe_for_client: true, allow_history_for_subscriber: true },
      { name: 'unkept', allow_subscribe_for_client: true, allow_history_for_subscriber: true },
      { name: 'clients', ...history, allow_subscribe_for_client: true, allow_history_for_client: true },
    ],
  },
})

const connect = (): Promise<WebSocketClient> => connectWebSocket(server)

const subscribe = async (request: Command, client?: WebSocketClient): Promise<unknown> => {
  const [item] = await (client ?? (await connect())).exchange({ id: 2, subscribe: request })
  return item!.subscribe ?? item
}

/** Publishes `count` numbers from 1 on and answers the epoch. */
const fill = async (channel: string, count: number, options?: Config): Promise<string> => {
  let epoch = ''
  for (let n = 1; n <= count; n++) ({ epoch } = (await server.publish(channel, n, options)) as { epoch: string })
  return epoch
}

const publications = (from: number, to: number, epoch?: string): object[] =>
  Array.from({ length: to - from + 1 }, (_, n) => ({
    data: from + n,
    offset: from + n,
    ...(from + n === 1 ? { epoch } : {}),
  }))

describe('the subscribe reply', () => {
  it('of a channel without positions is empty', async () => {
    expect(await subscribe({ channel: 'plain:a' })).toEqual({})
    expect(await subscribe({ channel: 'stored:a' })).toEqual({})
  })

  it('of a positioned channel tells its top', async () => {
    const epoch = await fill('positioned:top', 3)
    expect(await subscribe({ channel: 'positioned:top' })).toEqual({ positioned: true, epoch, offset: 3 })
  })

  it('of a recoverable channel tells its top', async () => {
    const epoch = await fill('recovered:top', 3)
    expect(await subscribe({ channel: 'recovered:top' })).toEqual({
      recoverable: true,
      positioned: true,
      epoch,
      offset: 3,
    })
  })

  it('of an empty stream has an epoch, which stays', async () => {
    const reply = (await subscribe({ channel: 'recovered:new' })) as { epoch: string }
    expect(reply).toEqual({ recoverable: true, positioned: true, epoch: anEpoch })
    expect(await server.publish('recovered:new', 1)).toEqual({ offset: 1, epoch: reply.epoch })
  })

  it.each([
    { channel: 'none:a', asked: { positioned: true }, given: {} },
    { channel: 'none:a', asked: { recoverable: true }, given: {} },
    { channel: 'positioning:a', asked: {}, given: {} },
    { channel: 'positioning:a', asked: { positioned: true }, given: { positioned: true, epoch: anEpoch } },
    { channel: 'positioning:a', asked: { recoverable: true }, given: {} },
    { channel: 'recovery:a', asked: {}, given: {} },
    {
      channel: 'recovery:a',
      asked: { recoverable: true },
      given: { recoverable: true, positioned: true, epoch: anEpoch },
    },
    { channel: 'recovery:a', asked: { positioned: true }, given: {} },
    { channel: 'readers:a', asked: { positioned: true }, given: { positioned: true, epoch: anEpoch } },
    {
      channel: 'readers:a',
      asked: { recoverable: true },
      given: { recoverable: true, positioned: true, epoch: anEpoch },
    },
    { channel: 'unkept:a', asked: { positioned: true }, given: { positioned: true, epoch: anEpoch } },
    {
      channel: 'clients:a',
      asked: { recoverable: true },
      given: { recoverable: true, positioned: true, epoch: anEpoch },
    },
  ])('of $channel asked for $asked gives $given', async ({ channel, asked, given }) => {
    const client = await connectWebSocket(guarded, { token: token({ sub: 'ann' }) })
    expect(await subscribe({ channel, ...asked }, client)).toEqual(given)
  })
})

describe('recovery', () => {
  it('gives what was missed, and the offset of the request', async () => {
    const epoch = await fill('recovered:missed', 4)
    expect(await subscribe({ channel: 'recovered:missed', recover: true, epoch, offset: 2 })).toEqual({
      recoverable: true,
      positioned: true,
      epoch,
      offset: 2,
      publications: publications(3, 4),
      recovered: true,
      was_recovering: true,
    })
  })

  it('gives nothing when nothing was missed', async () => {
    const epoch = await fill('recovered:none', 2)
    expect(await subscribe({ channel: 'recovered:none', recover: true, epoch, offset: 2 })).toEqual({
      recoverable: true,
      positioned: true,
      epoch,
      offset: 2,
      recovered: true,
      was_recovering: true,
    })
  })

  it('from offset 0 gives everything, the first publication with its epoch', async () => {
    const epoch = await fill('recovered:zero', 3)
    expect(await subscribe({ channel: 'recovered:zero', recover: true, epoch })).toEqual({
      recoverable: true,
      positioned: true,
      epoch,
      publications: publications(1, 3, epoch),
      recovered: true,
      was_recovering: true,
    })
  })

  it('with an empty epoch means any', async () => {
    const epoch = await fill('recovered:any', 2)
    expect(await subscribe({ channel: 'recovered:any', recover: true, offset: 1 })).toEqual({
      recoverable: true,
      positioned: true,
      epoch,
      offset: 1,
      publications: publications(2, 2),
      recovered: true,
      was_recovering: true,
    })
  })

  const failed = { recoverable: true, positioned: true, was_recovering: true }

  it.each(['_', 'another', 'AAAAAAAA'])('with epoch %s of no stream fails and tells the top', async (wrong) => {
    const epoch = await fill(`recovered:wrong-${wrong}`, 2)
    expect(await subscribe({ channel: `recovered:wrong-${wrong}`, recover: true, epoch: wrong })).toEqual({
      ...failed,
      epoch,
      offset: 2,
    })
  })

  it('of more than the size of history fails', async () => {
    const epoch = await fill('recovered:size', 7)
    expect(await subscribe({ channel: 'recovered:size', recover: true, epoch, offset: 1 })).toEqual({
      ...failed,
      epoch,
      offset: 7,
    })
  })

  it('of more than the limit of recovery fails', async () => {
    const epoch = await fill('recovered:limit', 5)
    expect(await subscribe({ channel: 'recovered:limit', recover: true, epoch })).toEqual({
      ...failed,
      epoch,
      offset: 5,
    })
  })

  it('of exactly the limit succeeds', async () => {
    const epoch = await fill('recovered:exact', 5)
    expect(await subscribe({ channel: 'recovered:exact', recover: true, epoch, offset: 1 })).toEqual({
      ...failed,
      epoch,
      offset: 1,
      publications: publications(2, 5),
      recovered: true,
    })
  })

  it('from an offset that was never reached fails', async () => {
    const epoch = await fill('recovered:ahead', 2)
    expect(await subscribe({ channel: 'recovered:ahead', recover: true, epoch, offset: 9 })).toEqual({
      ...failed,
      epoch,
      offset: 2,
    })
  })

  it('of what history has lost with time fails, and of nothing succeeds', async () => {
    const epoch = await fill('short:gone', 2)
    await expect
      .poll(() => server.api('history', { channel: 'short:gone', limit: -1 }), { timeout: 5_000 })
      .toEqual({ result: { publications: [], offset: 2, epoch } })
    expect(await subscribe({ channel: 'short:gone', recover: true, epoch, offset: 1 })).toEqual({
      ...failed,
      epoch,
      offset: 2,
    })
    expect(await subscribe({ channel: 'short:gone', recover: true, epoch, offset: 2 })).toEqual({
      ...failed,
      epoch,
      offset: 2,
      recovered: true,
    })
  })

  it('of a stream that is not there any more fails with a new epoch', async () => {
    const epoch = await fill('brief:gone', 2)
    let reply: { epoch?: string } = {}
    await expect
      .poll(
        async () => {
          reply = (await subscribe({ channel: 'brief:gone', recover: true, epoch, offset: 2 })) as typeof reply
          return reply
        },
        { timeout: 6_000, interval: 1_600 },
      )
      .toEqual({ ...failed, epoch: anEpoch })
    expect(reply.epoch).not.toBe(epoch)
  })

  it('of a stream that never was fails with an epoch and succeeds without', async () => {
    expect(await subscribe({ channel: 'recovered:never1', recover: true, epoch: 'xxxxxxxx' })).toEqual({
      ...failed,
      epoch: anEpoch,
    })
    expect(await subscribe({ channel: 'recovered:never2', recover: true })).toEqual({
      ...failed,
      epoch: anEpoch,
      recovered: true,
    })
  })

  it('asked of a channel without it is noted, and nothing else', async () => {
    await fill('stored:b', 2)
    expect(await subscribe({ channel: 'plain:b', recover: true, epoch: 'x', offset: 1 })).toEqual({
      was_recovering: true,
    })
    expect(await subscribe({ channel: 'stored:b', recover: true, offset: 1 })).toEqual({ was_recovering: true })
    const epoch = await fill('positioned:b', 2)
    expect(await subscribe({ channel: 'positioned:b', recover: true, epoch, offset: 1 })).toEqual({
      positioned: true,
      epoch,
      offset: 2,
      was_recovering: true,
    })
  })

  it('that fails is error 112 where the request does not accept that, and leaves no subscription', async () => {
    const epoch = await fill('recovered:reject', 2)
    const client = await connect()
    const request = { channel: 'recovered:reject', recover: true, epoch: 'wrong', offset: 1, flag: 2 }
    expect(await client.exchange({ id: 2, subscribe: request })).toEqual([
      { id: 2, error: errors.unrecoverablePosition },
    ])
    await server.publish('recovered:reject', 3)
    expect(await client.received()).toEqual([])
    expect(await subscribe({ ...request, epoch, flag: 3 }, client)).toEqual({
      ...failed,
      epoch,
      offset: 1,
      publications: publications(2, 3),
      recovered: true,
    })
  })

  it('is not there to fail where the channel has none, so that refusing a failure refuses nothing', async () => {
    await fill('stored:c', 2)
    expect(await subscribe({ channel: 'plain:c', recover: true, epoch: 'x', offset: 1, flag: 2 })).toEqual({
      was_recovering: true,
    })
    expect(await subscribe({ channel: 'stored:c', recover: true, epoch: 'x', offset: 1, flag: 2 })).toEqual({
      was_recovering: true,
    })
  })

  it('keeps who published, tags and bytes', async () => {
    const publisher = await connectWebSocket(server, {
      token: token({ sub: 'pat', info: { n: 1 }, exp: inSeconds(60) }),
    })
    await publisher.exchange({ id: 2, publish: { channel: 'recovered:kept', data: { a: 1 } } })
    const { epoch } = await server.publish('recovered:kept', 2, { tags: { colour: 'red' } })
    expect(await subscribe({ channel: 'recovered:kept', recover: true })).toEqual({
      ...failed,
      epoch,
      publications: [
        { data: { a: 1 }, offset: 1, epoch, info: { user: 'pat', client: publisher.client, conn_info: { n: 1 } } },
        { data: 2, offset: 2, tags: { colour: 'red' } },
      ],
      recovered: true,
    })
  })

  it('leaves out what the tags filter does not let through', async () => {
    const { epoch } = await server.publish('tagged:a', 1, { tags: { colour: 'red' } })
    await server.publish('tagged:a', 2, { tags: { colour: 'blue' } })
    await server.publish('tagged:a', 3, { tags: { colour: 'red' } })
    const tf = { key: 'colour', cmp: 'eq', val: 'blue' }
    expect(await subscribe({ channel: 'tagged:a', recover: true, epoch, tf })).toEqual({
      ...failed,
      epoch,
      publications: [{ data: 2, offset: 2, tags: { colour: 'blue' } }],
      recovered: true,
    })
  })

  it('goes on with the live stream', async () => {
    const epoch = await fill('recovered:live', 2)
    const client = await connect()
    await subscribe({ channel: 'recovered:live', recover: true, epoch, offset: 1 }, client)
    await server.publish('recovered:live', 3)
    expect(await client.received()).toEqual([{ push: { channel: 'recovered:live', pub: { data: 3, offset: 3 } } }])
  })

  it('loses and repeats nothing while others publish', async () => {
    const { epoch } = await guarded.publish('busy:race', 1)
    let stop = false
    const publishing = (async () => {
      for (let n = 2; !stop; n++) await guarded.publish('busy:race', n)
    })()
    for (let round = 0; round < 40; round++) {
      const { offset } = await guarded.position('busy:race')
      const client = await connectWebSocket(guarded, { token: token({ sub: 'ann' }) })
      client.send({ id: 2, subscribe: { channel: 'busy:race', recover: true, epoch, offset } })
      const items = await client.inbox.take(4)
      const reply = items[0]!.subscribe as { recovered?: boolean; publications?: { offset: number }[] }
      const pushed = items.slice(1).map(({ push }) => (push as { pub: { offset: number } }).pub.offset)
      const seen = [...(reply.publications ?? []).map((publication) => publication.offset), ...pushed]
      expect({ recovered: reply.recovered, seen }).toEqual({
        recovered: true,
        seen: seen.map((_, n) => offset + 1 + n),
      })
      client.close()
    }
    stop = true
    await publishing
  })
})

describe('cache recovery', () => {
  it('gives the latest publication, whatever the position of the request', async () => {
    const epoch = await fill('cache:a', 4)
    const latest = {
      recoverable: true,
      positioned: true,
      epoch,
      publications: [{ data: 4, offset: 4 }],
      recovered: true,
      was_recovering: true,
    }
    expect(await subscribe({ channel: 'cache:a', recover: true })).toEqual(latest)
    expect(await subscribe({ channel: 'cache:a', recover: true, epoch, offset: 3 })).toEqual({ ...latest, offset: 3 })
    expect(await subscribe({ channel: 'cache:a', recover: true, epoch: 'other', offset: 2 })).toEqual({
      ...latest,
      offset: 2,
    })
  })

  it('gives nothing to a client that has the latest already', async () => {
    const epoch = await fill('cache:b', 2)
    expect(await subscribe({ channel: 'cache:b', recover: true, epoch, offset: 2 })).toEqual({
      recoverable: true,
      positioned: true,
      epoch,
      offset: 2,
      recovered: true,
      was_recovering: true,
    })
  })

  it('that fails is told in the reply even where the request does not accept that', async () => {
    expect(await subscribe({ channel: 'cache:reject', recover: true, epoch: 'x', offset: 1, flag: 2 })).toEqual({
      recoverable: true,
      positioned: true,
      epoch: anEpoch,
      was_recovering: true,
    })
  })

  it('fails where there is nothing', async () => {
    expect(await subscribe({ channel: 'cache:empty', recover: true })).toEqual({
      recoverable: true,
      positioned: true,
      epoch: anEpoch,
      was_recovering: true,
    })
  })

  it('happens unasked where the namespace says so', async () => {
    const epoch = await fill('auto:a', 3)
    expect(await subscribe({ channel: 'auto:a' })).toEqual({
      recoverable: true,
      positioned: true,
      epoch,
      publications: [{ data: 3, offset: 3 }],
      recovered: true,
      was_recovering: true,
    })
    const cache = await fill('cache:c', 3)
    expect(await subscribe({ channel: 'cache:c' })).toEqual({
      recoverable: true,
      positioned: true,
      epoch: cache,
      offset: 3,
    })
  })

  it('gives the first publication with its epoch', async () => {
    const epoch = await fill('auto:one', 1)
    expect(await subscribe({ channel: 'auto:one' })).toEqual({
      recoverable: true,
      positioned: true,
      epoch,
      publications: [{ data: 1, offset: 1, epoch }],
      recovered: true,
      was_recovering: true,
    })
  })

  it('gives server-side subscriptions their publication in the connect reply', async () => {
    const epoch = await fill('auto:server', 2)
    const client = await openWebSocket(server)
    expect(await client.connect({ token: token({ sub: 'ann', channels: ['auto:server'] }) })).toEqual({
      id: 1,
      connect: {
        ...connectResult,
        subs: {
          'auto:server': {
            recoverable: true,
            positioned: true,
            epoch,
            publications: [{ data: 2, offset: 2 }],
            recovered: true,
            was_recovering: true,
          },
        },
      },
    })
  })
})
