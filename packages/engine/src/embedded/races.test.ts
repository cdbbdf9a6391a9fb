import { describe, expect, it } from 'vitest'
import type { Broker, HistoryFilter } from '../broker/broker.ts'
import { createMemoryBroker } from '../broker/memory-broker.ts'
import type { Retention } from '../channel-rules.ts'
import type { InternalChannel } from '../names.ts'
import { defaultClientOptions } from '../options.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { MemoryTransport, type Message } from '../testing/memory-transport.ts'
import { openRules, PlainTenancy, plainToken } from '../testing/plain-tenancy.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { createEngineCore, type EngineCore } from './engine-core.ts'

/** Reads of history take their time, as of a stream that is not in memory: the page is of the moment it arrives. */
class UnhurriedBroker implements Broker {
  readonly #inner: Broker
  readonly #random: () => number
  readonly #arrivals: (() => void)[] = []

  constructor(inner: Broker, random: () => number) {
    this.#inner = inner
    this.#random = random
  }

  publish: Broker['publish'] = (...args) => this.#inner.publish(...args)
  removeHistory: Broker['removeHistory'] = (...args) => this.#inner.removeHistory(...args)
  close: Broker['close'] = () => this.#inner.close()

  history(channel: InternalChannel, filter: HistoryFilter, retention: Retention): ReturnType<Broker['history']> {
    if (this.#random() < 0.3) return this.#inner.history(channel, filter, retention)
    return new Promise((resolve) => {
      this.#arrivals.push(() => resolve(this.#inner.history(channel, filter, retention)))
    })
  }

  /** Lets some of the reads arrive, in any order. */
  arrive(): void {
    while (this.#arrivals.length > 0 && this.#random() < 0.7) {
      this.#arrivals.splice(Math.floor(this.#random() * this.#arrivals.length), 1)[0]?.()
    }
  }

  get isWaiting(): boolean {
    return this.#arrivals.length > 0
  }
}

const channels = ['a', 'b', 'c']

/**
 * A client that checks what it sees: per channel every offset once and in order, from wherever it recovered. It subscribes
 * by itself, or the server subscribes it to everything as soon as it connects.
 */
class CheckingClient {
  readonly #core: EngineCore
  readonly #log: ReadonlyMap<string, readonly number[]>
  readonly #isServerSide: boolean
  #transport: MemoryTransport
  #lastId = 0
  readonly #asked = new Map<number, string>()
  readonly subscribed = new Set<string>()
  readonly positions = new Map<string, { offset: number; epoch: string }>()
  unrecovered = 0

  constructor(core: EngineCore, log: ReadonlyMap<string, readonly number[]>, isServerSide: boolean) {
    this.#core = core
    this.#log = log
    this.#isServerSide = isServerSide
    this.#transport = this.#open()
  }

  subscribe(channel: string): void {
    if (this.#isServerSide || this.subscribed.has(channel) || [...this.#asked.values()].includes(channel)) return
    const position = this.positions.get(channel)
    this.#lastId++
    this.#asked.set(this.#lastId, channel)
    const recovery = position ? { recover: true, ...position } : {}
    void this.#transport.send({ id: this.#lastId, subscribe: { channel, ...recovery } })
  }

  unsubscribe(channel: string): void {
    if (!this.subscribed.has(channel)) return
    this.read()
    void this.#transport.send({ id: ++this.#lastId, unsubscribe: { channel } })
    this.read()
    this.subscribed.delete(channel)
  }

  reconnect(): void {
    this.read()
    this.#transport.leave()
    this.subscribed.clear()
    this.#asked.clear()
    this.#transport = this.#open()
  }

  read(): void {
    for (const message of this.#transport.received()) this.#on(message)
  }

  #open(): MemoryTransport {
    const transport = new MemoryTransport(this.#core)
    void transport.send({ id: ++this.#lastId, connect: this.#isServerSide ? this.#serverSideRequest() : {} })
    return transport
  }

  #serverSideRequest(): Record<string, unknown> {
    const recovery = channels.map((channel) => [channel, { recover: true, offset: 0, ...this.positions.get(channel) }])
    return { token: plainToken({ channels }), subs: Object.fromEntries(recovery) }
  }

  #on(message: Message): void {
    const channel = this.#asked.get(message.id)
    expect(message.error).toBeUndefined()
    if (channel !== undefined) {
      this.#asked.delete(message.id)
      this.#begin(channel, message.subscribe)
    }
    for (const [name, result] of Object.entries(message.connect?.subs ?? {})) this.#begin(name, result)
    if (message.push?.pub) this.#take(message.push.channel, message.push.pub)
  }

  #begin(channel: string, { offset = 0, epoch, recovered, was_recovering, publications = [] }: Message): void {
    if (was_recovering && !recovered) this.unrecovered++
    this.subscribed.add(channel)
    this.positions.set(channel, { offset, epoch })
    for (const publication of publications) this.#take(channel, publication)
  }

  #take(channel: string, { data, offset }: { data: number; offset: number }): void {
    // On its way when the channel was given up: SDKs drop it too, and recovery brings it again.
    if (!this.subscribed.has(channel)) return
    const position = this.positions.get(channel)
    expect(offset).toBe((position?.offset ?? 0) + 1)
    expect(data).toBe(this.#log.get(channel)?.[offset - 1])
    this.positions.set(channel, { offset, epoch: position?.epoch ?? '' })
  }
}

const run = async (seed: number, steps: number): Promise<void> => {
  const random = seededRandom(seed)
  const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)] as Value
  const clock = new FakeClock()
  const flushes: (() => void)[] = []
  let broker: UnhurriedBroker | undefined
  const core = await createEngineCore({
    tenancy: new PlainTenancy({
      '': { ...openRules, history: { size: 1_000_000, ttlMs: 1e9, metaTtlMs: 1e9, durability: 'memory' } },
    }),
    clock,
    version: 'test',
    createBroker: (events) => {
      broker = new UnhurriedBroker(createMemoryBroker({ clock, events }), random)
      return broker
    },
    client: { ...defaultClientOptions, recoveryMaxPublicationLimit: 0, concurrency: 8 },
    schedule: (flush) => flushes.push(flush),
    random,
  })
  const log = new Map<string, number[]>(channels.map((channel) => [channel, []]))
  const clients = Array.from({ length: 8 }, (_, index) => new CheckingClient(core, log, index % 2 === 1))
  const turn = async () => {
    broker?.arrive()
    // Continuations of what arrived run before anything else happens.
    for (let i = 0; i < 8; i++) await Promise.resolve()
    for (const flush of flushes.splice(0)) flush()
    for (const client of clients) client.read()
  }
  for (let step = 0; step < steps; step++) {
    const dice = random()
    const channel = pick(channels)
    if (dice < 0.4) {
      log.get(channel)?.push(step)
      await core.api.publish('', { channel, data: Buffer.from(String(step)), isJson: true })
    } else if (dice < 0.65) pick(clients).subscribe(channel)
    else if (dice < 0.78) pick(clients).unsubscribe(channel)
    else if (dice < 0.84) pick(clients).reconnect()
    else await turn()
  }
  do await turn()
  while (broker?.isWaiting)
  await turn()
  for (const client of clients) {
    expect(client.unrecovered).toBe(0)
    for (const channel of client.subscribed)
      expect(client.positions.get(channel)?.offset).toBe(log.get(channel)?.length)
  }
  const present = await core.api.presenceStats('', 'a')
  expect(present.ok && present.value.numClients).toBe(clients.filter(({ subscribed }) => subscribed.has('a')).length)
  await core.close()
}

describe('races', () => {
  it.each([1, 2, 3, 4])(
    '[RC9] 10 000 subscribes, unsubscribes, publishes and disconnects in random order (seed %i): no client misses, repeats or reorders anything',
    (seed) => run(seed, 10_000),
  )
})
