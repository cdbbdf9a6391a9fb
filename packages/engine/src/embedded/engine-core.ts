import { type Disconnect, disconnects } from '@xshathra/protocol'
import type { Broker, BrokerEvents } from '../broker/broker.ts'
import { type Clock, systemClock } from '../clock.ts'
import type { ConnectionView, EngineApi, NodeInfo } from '../engine.ts'
import { EventStream } from '../events.ts'
import { isPromise, type MaybePromise } from '../maybe-promise.ts'
import type { Scope } from '../names.ts'
import { type ClientOptions, defaultClientOptions } from '../options.ts'
import type { Tenancy } from '../tenancy.ts'
import type { Transport, TransportEvents, TransportHost } from '../transport.ts'
import { Connection } from './connection.ts'
import type { CoreParts } from './core-parts.ts'
import { Hub } from './hub.ts'
import type { HubChannel } from './hub-channel.ts'
import { Outbox } from './outbox.ts'
import { EmbeddedServerApi } from './server-api.ts'
import { TimerWheel } from './timer-wheel.ts'

export interface EngineCoreNeeds {
  readonly tenancy: Tenancy
  /** Makes the broker that announces to the hub. */
  readonly createBroker: (events: BrokerEvents) => MaybePromise<Broker>
  /** Told to clients and operators. */
  readonly version: string
  readonly nodeName?: string | undefined
  readonly client?: ClientOptions | undefined
  readonly clock?: Clock | undefined
  readonly events?: EventStream | undefined
  /** Runs the flush of a turn's output soon: `setImmediate`, or a test's hand. */
  readonly schedule?: ((flush: () => void) => void) | undefined
  readonly newId?: (() => string) | undefined
  readonly random?: (() => number) | undefined
  /** How long a channel may go without a comparison of its position with the store. */
  readonly positionCheckDelayMs?: number | undefined
}

/**
 * The engine without IO: connections over whatever transport is handed in, channels, timers and the server API.
 *
 * @example
 * const core = await createEngineCore({ tenancy, version: '1.0.0', createBroker: (events) => createMemoryBroker({ clock, events }) })
 * const connection = core.open(transport)
 */
export class EngineCore implements TransportHost {
  readonly nodeId: string
  readonly api: EngineApi
  readonly events: EventStream
  readonly #parts: CoreParts
  readonly #startedAtMs: number
  readonly #nodeName: string
  readonly #stopChecking: () => void

  constructor(parts: CoreParts, nodeName: string, positionCheckDelayMs: number) {
    this.#parts = parts
    this.#nodeName = nodeName
    this.#startedAtMs = parts.clock.now()
    this.nodeId = parts.nodeId
    this.events = parts.events
    this.api = new EmbeddedServerApi(parts, () => this.node())
    this.#stopChecking = this.#checkPositionsEvery(positionCheckDelayMs)
  }

  /** Opens a connection on an accepted stream. */
  open(transport: Transport): TransportEvents {
    const { events } = this.#parts
    if (events.wants('open'))
      events.emit({ kind: 'open', transport: transport.name, protocol: transport.form.codec.protocol })
    return new Connection(this.#parts, transport)
  }

  node(): NodeInfo {
    const { hub, clock, version } = this.#parts
    return {
      uid: this.nodeId,
      name: this.#nodeName,
      version,
      numClients: hub.numConnections,
      numUsers: hub.numUsers,
      numChannels: hub.numChannels,
      numSubs: hub.numSubscriptions,
      uptimeSeconds: Math.floor((clock.now() - this.#startedAtMs) / 1000),
    }
  }

  /** The limits in force. */
  get client(): ClientOptions {
    return this.#parts.client
  }

  /** Open connections, of one scope if given. */
  connections(scope?: Scope): ConnectionView[] {
    return this.#parts.hub.connections(scope).map((connection) => connection.view())
  }

  /** Disconnects every connection that `isMeant` says yes to. */
  disconnectWhere(
    isMeant: (connection: ConnectionView) => boolean,
    disconnect: Disconnect = disconnects.forceDisconnect,
  ): void {
    for (const connection of this.#parts.hub.connections())
      if (isMeant(connection.view())) connection.disconnect(disconnect)
  }

  /** Puts new limits in force, for open connections too. */
  reload(client: ClientOptions): void {
    this.#parts.client = client
  }

  /** Tells everybody 3001. Nobody hears of the others' leaving any more. */
  disconnectAll(): void {
    this.#parts.isClosing = true
    for (const connection of this.#parts.hub.connections()) connection.disconnect(disconnects.shutdown)
    this.#parts.outbox.flush()
  }

  /** Disconnects everybody, then stops the timers and closes the broker. */
  async close(): Promise<void> {
    this.disconnectAll()
    this.#stopChecking()
    this.#parts.wheel.close()
    await this.#parts.broker.close()
  }

  /**
   * Compares where each followed stream stands with its store, a few channels at a time. Within one process they differ
   * only when a stream began a new life (its epoch expired or was restored).
   */
  #checkPositionsEvery(delayMs: number): () => void {
    const { clock, hub } = this.#parts
    let stop = () => {}
    const rest = () => {
      stop = clock.after(delayMs, () => check([...hub.channels()], 0))
    }
    const check = (channels: readonly HubChannel[], from: number) => {
      const to = from + channelsPerCheck
      for (const channel of channels.slice(from, to)) this.#checkPosition(channel)
      if (to >= channels.length) return rest()
      stop = clock.after(betweenChecksMs, () => check(channels, to))
    }
    rest()
    return () => stop()
  }

  #checkPosition(channel: HubChannel): void {
    const retention = channel.followedRetention
    if (!retention) return
    const page = this.#parts.broker.history(channel.key, { limit: 0 }, retention)
    // One that has to be read first was not announced to either: it is compared when it is.
    if (!isPromise(page) && page.ok) channel.checkPosition(page.value.offset, page.value.epoch)
  }
}

/** As many as a turn of the event loop may take without anybody noticing. */
const channelsPerCheck = 500
const betweenChecksMs = 10

/** Builds an engine core; see {@link EngineCore}. */
export const createEngineCore = async (needs: EngineCoreNeeds): Promise<EngineCore> => {
  const clock = needs.clock ?? systemClock
  const newId = needs.newId ?? (() => globalThis.crypto.randomUUID())
  const outbox = new Outbox(needs.schedule ?? ((flush) => setImmediate(flush)))
  const hub = new Hub(outbox, {
    onInsufficientState: (subscription) => subscription.connection.loseState(subscription),
    onInappropriatePayload: (connection) => connection.disconnect(disconnects.inappropriateProtocol),
  })
  const parts: CoreParts = {
    nodeId: newId(),
    version: needs.version,
    clock,
    tenancy: needs.tenancy,
    broker: await needs.createBroker(hub),
    hub,
    outbox,
    wheel: new TimerWheel(clock),
    events: needs.events ?? new EventStream(),
    newId,
    random: needs.random ?? Math.random,
    client: needs.client ?? defaultClientOptions,
    isClosing: false,
  }
  return new EngineCore(parts, needs.nodeName ?? 'xshathra', needs.positionCheckDelayMs ?? 40_000)
}
