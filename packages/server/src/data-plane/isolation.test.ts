import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ProjectId } from '../projects/project.ts'
import { TestClient } from '../tenancy/testing/test-client.ts'
import { projectA, projectB, startTestPlatform, type TestPlatform } from './testing/test-platform.ts'

let platform: TestPlatform

beforeEach(async () => {
  platform = await startTestPlatform()
})

afterEach(() => platform.close())

const foreignId = projectB
const unborn: ProjectId = 'proj_01HF7YAT00ZZZZZZZZZZZZZZZZ'

/** Names by which a caller of project A could try to reach `room` and `u1` of project B. */
const tricks = [
  `chat:${foreignId}:room`,
  `$chat:${foreignId}:room`,
  `chat:${foreignId.slice(0, 5)}${foreignId.slice(5).toLowerCase()}:room`,
  `chat:${foreignId.toUpperCase()}:room`,
  `chat::${foreignId}:room`,
  `chat: ${foreignId}:room`,
  `chat:${foreignId} :room`,
  `chat:${foreignId}%3Aroom`,
  `chat%3A${foreignId}%3Aroom`,
  `chat:${encodeURIComponent(`${foreignId}:room`)}`,
  `chat:${projectA}:${foreignId}:room`,
  `chat:${projectA}:../${foreignId}:room`,
  `chat:../${foreignId}:room`,
  `chat:${foreignId.replace('01HF', '01HϜ')}:room`,
  `chat:\u200b${foreignId}:room`,
  `chat:${foreignId}\0:room`,
  `chat\0:${foreignId}:room`,
  `:chat:${foreignId}:room`,
  `${foreignId}:chat:room`,
  `user:#${foreignId}:u1`,
  `user:#u1,${foreignId}:u1`,
  `user:#${projectA}:u1,${foreignId}:u1`,
  `user:${foreignId}:#u1`,
  `user:x#${foreignId}:u1`,
  `chat:${unborn}:room`,
  `${':'.repeat(200)}${foreignId}:room`,
  `chat:${':'.repeat(100)}${foreignId}:room`,
  `chat:*`,
  `chat:${'*'}:room`,
  `chat:${foreignId}:${'x'.repeat(300)}`,
  '__proto__:room',
  'constructor:room',
  '7:room',
]

/** Everything of a project that another could disturb or read. */
const stateOf = async (id: ProjectId, victim: TestClient) => ({
  history: (await platform.call('/history', { channel: 'chat:room' }, id)).text,
  presence: (await platform.call('/presence', { channel: 'chat:room' }, id)).text,
  channels: (await platform.call('/channels', {}, id)).text,
  pushes: await victim.pushes(),
  closed: victim.closedWith,
})

const startVictim = async () => {
  const victim = await platform.connect('u1', projectB)
  await victim.subscribe('chat:room')
  await victim.subscribe('user:#u1')
  await platform.call('/publish', { channel: 'chat:room', data: 'secret of B' }, projectB)
  await victim.pushes()
  return victim
}

describe('with names of another project', () => {
  it.each(tricks)('no endpoint touches or tells anything of it: %j', async (name) => {
    const victim = await startVictim()
    const before = await stateOf(projectB, victim)
    const bodies: [string, object][] = [
      ['/token', { userId: 'u1', channels: [name] }],
      ['/subscription-token', { userId: 'u1', channel: name }],
      ['/publish', { channel: name, data: 'from A' }],
      ['/broadcast', { channels: [name], data: 'from A' }],
      ['/presence', { channel: name }],
      ['/presence-stats', { channel: name }],
      ['/history', { channel: name }],
      ['/history-remove', { channel: name }],
      ['/subscribe', { userId: 'u1', channel: name }],
      ['/unsubscribe', { userId: 'u1', channel: name }],
      ['/channels', { pattern: name }],
    ]
    for (const [path, body] of bodies) {
      const alone = await platform.call(path, body)
      const command = path.slice(1).replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
      const batched = await platform.call('/batch', { commands: [{ [command]: body }] })
      for (const { text } of [alone, batched]) expect(text).not.toContain('secret of B')
      if (path === '/channels' && alone.status === 200) expect(alone.body.channels).toEqual({})
      if (path === '/token' && alone.status === 200)
        expect(claimsOf(alone.body.token).channels).toEqual([ownName(name)])
      if (path === '/subscription-token' && alone.status === 200)
        expect(claimsOf(alone.body.token).channel).toBe(ownName(name))
    }
    expect(await stateOf(projectB, victim)).toEqual(before)
  })

  it.each(tricks)('no command of a client does either: %j', async (name) => {
    platform.directory.put(projectA, { namespaces: { chat: { clientPublish: true } } })
    const victim = await startVictim()
    const before = await stateOf(projectB, victim)
    const commands = [
      { subscribe: { channel: name } },
      { subscribe: { channel: name, recover: true, epoch: '', offset: 0 } },
      { publish: { channel: name, data: 'from A' } },
      { presence: { channel: name } },
      { presence_stats: { channel: name } },
      { history: { channel: name, limit: 10 } },
      { sub_refresh: { channel: name, token: 'x' } },
      { unsubscribe: { channel: name } },
    ]
    for (const command of commands) {
      const client = await platform.connect('u1')
      const reply = await client.request(command)
      expect(JSON.stringify([reply, await client.pushes()])).not.toContain('secret of B')
      client.leave()
    }
    const wishing = new TestClient(platform.core)
    const token = platform.mint.connectionToken(projectA, { userId: 'u1', ttlSeconds: 60 })
    const welcome = await wishing.connect(token.ok ? token.value : '', { subs: { [name]: { recover: true } } })
    expect(JSON.stringify(welcome ?? '')).not.toContain('secret of B')
    wishing.leave()
    expect(await stateOf(projectB, victim)).toEqual(before)
  })

  it('a token of the other project opens nothing here, nor one of ours there', async () => {
    const victim = await startVictim()
    const before = await stateOf(projectB, victim)
    const theirs = platform.mint.subscriptionToken(projectB, { userId: 'u1', channel: 'match:m', ttlSeconds: 60 })
    const client = await platform.connect('u1')
    const subscriptionToken = { token: theirs.ok ? theirs.value : '' }
    expect(await client.subscribe(`match:${projectB}:m`, subscriptionToken)).toMatchObject({ error: { code: 103 } })
    await client.subscribe('match:m', subscriptionToken)
    expect(client.closedWith?.code).toBe(3500)
    const refreshing = await platform.connect('u1')
    const token = platform.mint.connectionToken(projectB, { userId: 'u1', ttlSeconds: 60 })
    await refreshing.request({ refresh: { token: token.ok ? token.value : '' } })
    expect(refreshing.closedWith?.code).toBe(3500)
    expect(await stateOf(projectB, victim)).toEqual(before)
  })

  it('users of one name are as many as there are projects', async () => {
    const victim = await startVictim()
    const before = await stateOf(projectB, victim)
    const ours = await platform.connect('u1')
    const { id } = platform.core.connections(projectB).map(({ client }) => ({ id: client }))[0]!
    for (const userId of ['u1', `${projectB}:u1`]) {
      for (const more of [{}, { client: id }]) {
        await platform.call('/disconnect', { userId, ...more, blockSeconds: 60 })
        await platform.call('/refresh', { userId, ...more, expired: true })
        await platform.call('/subscribe', { userId, ...more, channel: 'public:x' })
        await platform.call('/unsubscribe', { userId, ...more, channel: 'chat:room' })
      }
    }
    await platform.call('/disconnect', { all: true, blockSeconds: 60 })
    expect(ours.closedWith).toBeDefined()
    expect(await stateOf(projectB, victim)).toEqual(before)
    expect((await platform.connect('u2', projectB)).closedWith).toBeUndefined()
  })
})

const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString())

/** What a name that was not refused has become: a channel of the caller's own project. */
const ownName = (name: string) => {
  const resolution = platform.tenancy.resolve(projectA, name)
  return resolution.kind === 'resolved' && resolution.channel.includes(projectA) ? resolution.channel : 'nothing'
}

// ── two projects side by side ───────────────────────────────────────────────────────────────────────────────────

const channel = fc.constantFrom('chat:room', 'chat:7', 'public:lobby', 'lobby:l', 'proto:p', 'user:#u1')
const user = fc.constantFrom('u1', 'u2')
const step = fc.oneof(
  fc.record({ kind: fc.constant('publish' as const), channel }),
  fc.record({ kind: fc.constant('clientPublish' as const), user, channel }),
  fc.record({ kind: fc.constant('subscribe' as const), user, channel }),
  fc.record({ kind: fc.constant('unsubscribe' as const), user, channel }),
  fc.record({ kind: fc.constant('apiSubscribe' as const), user, channel }),
  fc.record({ kind: fc.constant('disconnect' as const), user }),
  fc.record({ kind: fc.constant('reconnect' as const), user }),
  fc.record({ kind: fc.constant('historyRemove' as const), channel }),
)
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

/** One project's half of the world: its clients by user, and all they were told. */
class Half {
  readonly #platform: TestPlatform
  readonly #id: ProjectId
  readonly #clients = new Map<string, TestClient>()
  readonly told: unknown[] = []

  constructor(platform: TestPlatform, id: ProjectId) {
    this.#platform = platform
    this.#id = id
  }

  /** Its users are there. */
  async start(): Promise<void> {
    for (const user of ['u1', 'u2'] as const) await this.do({ kind: 'reconnect', user })
  }

  async do(step: Step): Promise<void> {
    const call = (path: string, body: object) => this.#platform.call(path, body, this.#id)
    switch (step.kind) {
      case 'publish':
        return this.#tell(await call('/publish', { channel: step.channel, data: 'same' }))
      case 'historyRemove':
        return this.#tell(await call('/history-remove', { channel: step.channel }))
      case 'apiSubscribe':
        return this.#tell(await call('/subscribe', { userId: step.user, channel: step.channel }))
      case 'disconnect':
        return this.#tell(await call('/disconnect', { userId: step.user }))
      case 'reconnect':
        this.#clients.get(step.user)?.leave()
        this.#clients.set(step.user, await this.#platform.connect(step.user, this.#id))
        return
      case 'clientPublish':
        return this.#request(step.user, { publish: { channel: step.channel, data: 'same' } })
      default:
        return this.#request(step.user, { [step.kind]: { channel: step.channel } })
    }
  }

  /** All there is to know about the project from outside. */
  async look(): Promise<unknown> {
    for (const name of ['chat:room', 'chat:7', 'lobby:l']) {
      for (const path of ['/history', '/presence', '/presence-stats']) {
        this.#tell(await this.#platform.call(path, { channel: name }, this.#id))
      }
    }
    this.#tell(await this.#platform.call('/channels', {}, this.#id))
    for (const client of this.#clients.values()) this.told.push(await client.pushes(), client.closedWith)
    return normal(this.told, this.#id)
  }

  events(): unknown {
    return this.#platform.events.filter((event) => 'scope' in event && event.scope === this.#id)
  }

  async #request(user: string, command: Record<string, unknown>): Promise<void> {
    const client = this.#clients.get(user)
    if (client && !client.closedWith) this.told.push(await client.request(command))
  }

  #tell({ status, body }: { status: number; body: unknown }): void {
    this.told.push({ status, body })
  }
}

/** Ids of the project, of its connections and epochs, which alone may differ, replaced by the order of their coming. */
const normal = (value: unknown, id: ProjectId): unknown => {
  const seen = new Map<string, string>()
  const text = JSON.stringify(value).replaceAll(id, 'proj')
  return JSON.parse(
    text
      .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, (uuid) => {
        if (!seen.has(uuid)) seen.set(uuid, `client ${seen.size}`)
        return seen.get(uuid)!
      })
      .replace(/"epoch":"[^"]*"/g, '"epoch":"e"'),
  )
}

describe('two projects that do the same side by side', () => {
  it('see exactly what each would see alone', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), step), { maxLength: 30 }), async (steps) => {
        const together = await startTestPlatform()
        const halves = [new Half(together, projectA), new Half(together, projectB)] as const
        for (const half of halves) await half.start()
        for (const [isA, each] of steps) await halves[isA ? 0 : 1].do(each)
        const seen = [await halves[0].look(), await halves[1].look()]
        const scopes = new Set(together.events.flatMap((event) => ('scope' in event ? [event.scope] : [])))
        for (const scope of scopes) expect([projectA, projectB]).toContain(scope)
        for (const [at, id] of [projectA, projectB].entries()) {
          const other = id === projectA ? projectB : projectA
          expect(JSON.stringify(halves[at]!.events())).not.toContain(other)
        }
        await together.close()

        for (const [at, id] of [projectA, projectB].entries()) {
          const alone = await startTestPlatform()
          const half = new Half(alone, id)
          await half.start()
          for (const [isA, each] of steps) if (isA === (at === 0)) await half.do(each)
          expect(seen[at]).toEqual(await half.look())
          await alone.close()
        }
      }),
      { numRuns: 25 },
    )
  })
})
