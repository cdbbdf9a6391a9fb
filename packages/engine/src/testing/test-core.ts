import type { Broker } from '../broker/broker.ts'
import { createMemoryBroker } from '../broker/memory-broker.ts'
import type { ChannelRules } from '../channel-rules.ts'
import { createEngineCore, type EngineCore } from '../embedded/engine-core.ts'
import type { EngineEvent } from '../events.ts'
import { type ClientOptions, defaultClientOptions } from '../options.ts'
import { FakeClock } from './fake-clock.ts'
import { MemoryTransport, type Message } from './memory-transport.ts'
import { openRules, PlainTenancy, type PlainToken, plainToken } from './plain-tenancy.ts'

interface TestCoreOptions {
  readonly namespaces?: Readonly<Record<string, ChannelRules>> | undefined
  /** In place of a plain one of {@link namespaces}. */
  readonly tenancy?: PlainTenancy | undefined
  readonly client?: Partial<ClientOptions> | undefined
  /** Stands in front of the memory broker, as a store that is slow or broken. */
  readonly inFrontOf?: ((broker: Broker) => Broker) | undefined
}

/** A whole engine core on a clock and an outbox that the test moves by hand. */
export class TestCore {
  readonly core: EngineCore
  readonly clock: FakeClock
  readonly tenancy: PlainTenancy
  readonly seen: EngineEvent[] = []
  readonly #flushes: (() => void)[]

  constructor(core: EngineCore, clock: FakeClock, tenancy: PlainTenancy, flushes: (() => void)[]) {
    this.core = core
    this.clock = clock
    this.tenancy = tenancy
    this.#flushes = flushes
    core.events.on((event) => this.seen.push(event))
  }

  /** Writes what the engine owes to every client. */
  flush(): void {
    for (const flush of this.#flushes.splice(0)) flush()
  }

  /** Lets time pass and what falls due be written. */
  advance(ms: number): void {
    this.clock.advance(ms)
    this.flush()
  }

  open(options?: ConstructorParameters<typeof MemoryTransport>[1]): TestClient {
    return new TestClient(this, new MemoryTransport(this.core, options))
  }

  /** A connected client; its connect reply is read already. */
  async connect(
    token: PlainToken = {},
    options?: ConstructorParameters<typeof MemoryTransport>[1],
  ): Promise<TestClient> {
    const client = this.open(options)
    await client.request({ connect: { token: plainToken(token) } })
    return client
  }

  /** Publishes as a backend of the scope would. */
  publish(channel: string, data: unknown, scope = ''): Promise<unknown> {
    return Promise.resolve(
      this.core.api.publish(scope, { channel, data: Buffer.from(JSON.stringify(data)), isJson: true }),
    )
  }
}

/** A client's half of a connection, in plain messages. */
export class TestClient {
  readonly transport: MemoryTransport
  readonly #core: TestCore
  readonly #unread: Message[] = []
  #lastId = 0

  constructor(core: TestCore, transport: MemoryTransport) {
    this.#core = core
    this.transport = transport
  }

  /** Sends one command and gives its reply; pushes that come with it stay unread. */
  async request(command: Record<string, unknown>): Promise<Message> {
    const id = ++this.#lastId
    await this.transport.send({ id, ...command })
    this.#read()
    const at = this.#unread.findIndex((message) => message.id === id)
    return at < 0 ? undefined : this.#unread.splice(at, 1)[0]
  }

  subscribe(channel: string, more: Record<string, unknown> = {}): Promise<Message> {
    return this.request({ subscribe: { channel, ...more } })
  }

  /** Takes all messages that came and were not read yet. */
  messages(): Message[] {
    this.#read()
    return this.#unread.splice(0)
  }

  /** Data of the publications that came, in order. */
  publications(): unknown[] {
    return this.messages()
      .filter((message) => message.push?.pub)
      .map((message) => message.push.pub.data)
  }

  #read(): void {
    this.#core.flush()
    this.#unread.push(...this.transport.received())
  }
}

export const createTestCore = async ({
  namespaces = { '': openRules },
  tenancy = new PlainTenancy(namespaces),
  client = {},
  inFrontOf = (broker) => broker,
}: TestCoreOptions = {}): Promise<TestCore> => {
  const clock = new FakeClock()
  const flushes: (() => void)[] = []
  let ids = 0
  const core = await createEngineCore({
    tenancy,
    clock,
    version: '0.0.0 test',
    createBroker: (events) => inFrontOf(createMemoryBroker({ clock, events })),
    client: { ...defaultClientOptions, ...client },
    schedule: (flush) => flushes.push(flush),
    newId: () => `id-${++ids}`,
    random: () => 0.5,
  })
  return new TestCore(core, clock, tenancy, flushes)
}
