import { createRealtime } from '../backend/create-realtime.ts'
import type { Realtime } from '../backend/realtime.ts'
import type { FetchLike } from '../backend/settings.ts'
import { type Channel, nameOf, type Sent } from '../channels/typed-channel.ts'
import { unwrap } from '../result.ts'
import { createDataPlane } from './data-plane.ts'
import { createEngineCore, createMemoryBroker, defaultClientOptions, disconnects, type EngineCore } from './engine.ts'
import type { Weather } from './lane.ts'
import { MemoryLink } from './memory-link.ts'
import { createSocketClass, type MemorySocket } from './memory-socket.ts'
import { MovableClock } from './movable-clock.ts'
import { shippedNamespaces, type TestNamespace } from './test-namespaces.ts'
import type { SeenConnection, SeenPublication, TestServer, TestServerOptions } from './test-server.ts'
import { TestTenancy, testProject } from './test-tenancy.ts'

const origin = 'http://realtime.test'
const socketUrl = 'ws://realtime.test/realtime/connection/websocket'

/** What the parts of a test server have in common. */
interface Parts {
  readonly core: EngineCore
  readonly tenancy: TestTenancy
  readonly clock: MovableClock
  readonly seen: SeenPublication[]
  readonly namespaces: Readonly<Record<string, TestNamespace>>
}

/**
 * Opens a server in memory.
 *
 * @example
 * import { subscribe } from '@xshathra/realtime/client'
 * import { createTestServer } from '@xshathra/realtime/testing'
 *
 * const server = await createTestServer()
 * const received: unknown[] = []
 * const subscription = subscribe({
 *   url: server.url,
 *   websocket: server.WebSocket,
 *   getToken: server.tokensFor('user_1'),
 *   channel: 'chat:room:7',
 *   onMessage: (message) => received.push(message),
 * })
 * await server.until(() => server.subscribers('chat:room:7').length === 1)
 * await server.publish('chat:room:7', { text: 'hello' })
 * subscription.close()
 * await server.close()
 */
export const createTestServer = async (options: TestServerOptions = {}): Promise<TestServer> => {
  const clock = new MovableClock()
  const namespaces = options.namespaces ?? shippedNamespaces
  const tenancy = new TestTenancy({
    now: () => clock.now(),
    namespaces,
    allowAnonymous: options.allowAnonymous ?? false,
  })
  const seen: SeenPublication[] = []
  const core = await createEngineCore({
    tenancy,
    clock,
    version: 'test',
    client: { ...defaultClientOptions, strictServerSubscriptions: false },
    // Soon enough for a test that awaits, and independent of faked timers.
    schedule: queueMicrotask,
    createBroker: (events) =>
      createMemoryBroker({
        clock,
        events: {
          onPublication: (channel, publication, epoch, ...more) => {
            const { data, offset, tags } = publication
            const position = epoch === '' ? {} : { offset, epoch }
            seen.push({ channel, data: JSON.parse(Buffer.from(data).toString()), tags, ...position })
            events.onPublication(channel, publication, epoch, ...more)
          },
        },
      }),
  })
  return new MemoryServer({ core, tenancy, clock, seen, namespaces })
}

class MemoryServer implements TestServer {
  readonly url = socketUrl
  readonly projectId = testProject.id
  readonly clientApiKey = testProject.clientApiKey
  readonly environment = { XSHATHRA_ORIGIN: origin, XSHATHRA_SERVER_API_KEY: testProject.serverApiKey }
  readonly WebSocket: new (
    url: string,
  ) => MemorySocket
  readonly fetch: FetchLike
  readonly realtime: Realtime
  readonly #parts: Parts
  readonly #weather: Weather = { delayMs: 0, isSilent: false, isOffline: false }
  readonly #links = new Set<MemoryLink>()
  readonly #tokenSources = new Map<string, () => Promise<string>>()
  readonly #waiting = new Set<{ readonly check: () => void; readonly giveUp: () => void }>()

  constructor(parts: Parts) {
    this.#parts = parts
    const { core, clock } = parts
    this.WebSocket = createSocketClass((end) => {
      if (this.#weather.isOffline) return undefined
      const link: MemoryLink = new MemoryLink(core, end, clock, this.#weather, () => this.#links.delete(link))
      this.#links.add(link)
      return link
    })
    this.fetch = createDataPlane({ api: core.api, now: () => clock.now(), socketUrl })
    this.realtime = createRealtime({ origin, serverApiKey: testProject.serverApiKey, fetch: this.fetch })
    // Once what the event is about is done.
    core.events.on(() => queueMicrotask(() => this.#check()))
  }

  token(userId: string, options?: Parameters<Realtime['issueConnectionToken']>[1]): Promise<string> {
    return this.realtime.issueConnectionToken(userId, options)
  }

  tokensFor(userId: string): () => Promise<string> {
    const source = this.#tokenSources.get(userId) ?? (() => this.token(userId))
    this.#tokenSources.set(userId, source)
    return source
  }

  async publish<Of extends Channel>(channel: Of, data: Sent<Of>) {
    return unwrap(await this.realtime.publishResult(channel, data))
  }

  connections(): readonly SeenConnection[] {
    return this.#parts.core.connections().map(({ client, user, channels }) => ({
      client,
      userId: user,
      channels: channels.map((name) => this.#fullName(name)),
    }))
  }

  subscribers(channel: Channel): readonly string[] {
    const name = this.#fullName(nameOf(channel))
    return this.connections().flatMap(({ userId, channels }) => (channels.includes(name) ? [userId] : []))
  }

  published(channel?: Channel): readonly SeenPublication[] {
    if (channel === undefined) return [...this.#parts.seen]
    const name = this.#fullName(nameOf(channel))
    return this.#parts.seen.filter((publication) => publication.channel === name)
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting = {
        check: () => {
          if (!condition()) return
          this.#waiting.delete(waiting)
          resolve()
        },
        giveUp: () => reject(new Error('the test server was closed before the condition held')),
      }
      this.#waiting.add(waiting)
      waiting.check()
    })
  }

  dropConnections(): void {
    for (const link of [...this.#links]) link.break()
  }

  goOffline(): void {
    this.#weather.isOffline = true
    this.dropConnections()
  }

  goOnline(): void {
    this.#weather.isOffline = false
  }

  goSilent(): void {
    this.#weather.isSilent = true
  }

  delayMessages(ms: number): void {
    this.#weather.delayMs = ms
  }

  refuseConnections(code: number, reason = 'refused by the test'): void {
    this.#parts.tenancy.refusal = { code, reason }
    this.dropConnections()
  }

  lock(namespace: string): void {
    this.#parts.tenancy.lock(namespace, true)
  }

  expireTokens(): void {
    this.#parts.tenancy.expireTokens()
    this.#parts.core.disconnectWhere(() => true, disconnects.expired)
  }

  async makeGap(channel: Channel): Promise<void> {
    this.dropConnections()
    const name = nameOf(channel)
    const { api } = this.#parts.core
    await api.publish(this.projectId, { channel: name, data: Buffer.from('null'), isJson: true })
    await api.historyRemove(this.projectId, name)
  }

  restore(): void {
    Object.assign(this.#weather, { delayMs: 0, isSilent: false, isOffline: false } satisfies Weather)
    this.#parts.tenancy.refusal = undefined
    for (const namespace of Object.keys(this.#parts.namespaces)) this.#parts.tenancy.lock(namespace, false)
  }

  advance(ms: number): void {
    this.#parts.clock.advance(ms)
  }

  async close(): Promise<void> {
    for (const { giveUp } of this.#waiting) giveUp()
    this.#waiting.clear()
    await this.#parts.core.close()
  }

  #fullName(name: string): string {
    const resolution = this.#parts.tenancy.resolve(this.projectId, name)
    return resolution.kind === 'resolved' ? resolution.channel : name
  }

  #check(): void {
    for (const { check } of [...this.#waiting]) check()
  }
}
