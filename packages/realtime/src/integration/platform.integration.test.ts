import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { type Status, subscribe } from '../client.ts'
import { createRealtime } from '../index.ts'
import { command, makeFolder, repository, startServer } from './real-server.ts'

it('a project of the real platform: everything the backend door can ask, and a client that hears it', async () => {
  const folder = makeFolder()
  const env = {
    PORT: '0',
    XSHATHRA_DATA_DIR: join(folder, 'data'),
    CENTRIFUGO_CONFIG: join(repository, 'centrifugo/config.json'),
  }
  const { url } = await startServer(['start'], folder, env)
  const made = command(['project', 'create', 'SDK test', '--json'], folder, env)
  const { projectId, serverApiKey } = JSON.parse(made) as { projectId: string; serverApiKey: string }
  const realtime = createRealtime({ origin: url, serverApiKey })

  expect(await realtime.project()).toMatchObject({ ok: true, value: { projectId, name: 'SDK test' } })
  expect(await createRealtime({ origin: url, serverApiKey: 'xsk_wrong' }).publishResult('chat:x', 1)).toMatchObject({
    problem: { code: 'invalid_api_key', status: 401, docs: `${url}/docs/errors#invalid_api_key` },
  })

  const messages: unknown[] = []
  const statuses: Status[] = []
  const members: string[][] = []
  const subscription = subscribe({
    url: realtime.realtimeWsUrl(),
    getToken: () => realtime.issueConnectionToken('ada', { channels: ['chat:room_2'], info: { name: 'Ada' } }),
    channel: 'chat:room_1',
    onMessage: (message) => messages.push(message),
    onStatus: (status) => statuses.push(status),
    onPresence: (present) => members.push(present.map(({ userId }) => userId)),
  })
  onTestFinished(() => subscription.close())
  await expect.poll(() => statuses.at(-1)?.state, { timeout: 10_000 }).toBe('live')

  // A channel of the token, by its short name: it is adopted.
  const ofToken: unknown[] = []
  const adopted = subscribe({
    url: realtime.realtimeWsUrl(),
    token: await realtime.issueConnectionToken('grace', { channels: ['chat:room_2'] }),
    channel: 'chat:room_2',
    onMessage: (message) => ofToken.push(message),
  })
  onTestFinished(() => adopted.close())
  await expect.poll(() => adopted.status.state, { timeout: 10_000 }).toBe('live')

  expect(
    await realtime.publishResult('chat:room_1', { n: 1 }, { tags: { a: 'b' }, idempotencyKey: 'k' }),
  ).toMatchObject({
    ok: true,
    value: { offset: 1, epoch: expect.any(String) },
  })
  expect(await realtime.broadcast([`chat:${projectId}:room_1`, 'chat:room_2', 'no:x'], 2)).toMatchObject({
    value: [{ offset: 2 }, { offset: 1 }, { error: { code: 'unknown_namespace' } }],
  })
  await expect.poll(() => messages).toEqual([{ n: 1 }, 2])
  await expect.poll(() => ofToken).toEqual([2])
  await expect.poll(() => members.at(-1)).toEqual(['ada'])

  expect(await realtime.presence('chat:room_1')).toMatchObject({ ok: true })
  expect(await realtime.presenceStats('chat:room_1')).toEqual({ ok: true, value: { clients: 1, users: 1 } })
  expect(await realtime.history('chat:room_1', { limit: 1, reverse: true })).toMatchObject({
    value: { publications: [{ offset: 2, data: 2 }], offset: 2 },
  })
  expect((await subscription.history({ limit: 10 })).messages).toMatchObject([
    { data: { n: 1 }, tags: { a: 'b' } },
    { data: 2 },
  ])
  expect(await realtime.channels('chat:room_1')).toEqual({
    ok: true,
    value: { [`chat:${projectId}:room_1`]: { clients: 1 } },
  })
  expect(
    await realtime.batch([{ publish: { channel: 'chat:room_1', data: 3 } }, { presence: { channel: 'public:x' } }]),
  ).toMatchObject({ value: [{ publish: { ok: true, offset: 3 } }, { error: { code: 'not_available' } }] })
  expect(await realtime.refresh('ada', { expireInSeconds: 60 })).toMatchObject({ ok: true })
  expect(await realtime.subscribeUser('ada', 'chat:room_3')).toMatchObject({ ok: true })
  expect(await realtime.unsubscribeUser('ada', 'chat:room_3')).toMatchObject({ ok: true })
  expect(await realtime.removeHistory('chat:room_1')).toMatchObject({ ok: true })

  // A token that was signed here, and one for a channel that asks for one.
  const match: unknown[] = []
  const player = subscribe({
    url: realtime.realtimeWsUrl(),
    token: realtime.signConnectionToken('lin', { projectId }),
    getSubscriptionToken: ({ channel }) => realtime.issueSubscriptionToken('lin', channel),
    channel: 'match:duel_1',
    onMessage: (message) => match.push(message),
  })
  onTestFinished(() => player.close())
  await expect.poll(() => player.status.state, { timeout: 10_000 }).toBe('live')
  await realtime.publish('match:duel_1', 'go')
  await expect.poll(() => match).toEqual(['go'])

  expect(await realtime.disconnect('ada', { reason: 'bye', blockSeconds: 60 })).toMatchObject({ ok: true })
  await expect
    .poll(() => statuses.at(-1), { timeout: 10_000 })
    .toMatchObject({ state: 'refused', code: 3503, reason: 'bye' })
})
