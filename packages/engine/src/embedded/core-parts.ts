import type { Broker } from '../broker/broker.ts'
import type { Clock } from '../clock.ts'
import type { EventStream } from '../events.ts'
import type { ClientOptions } from '../options.ts'
import type { Tenancy } from '../tenancy.ts'
import type { Hub } from './hub.ts'
import type { Outbox } from './outbox.ts'
import type { TimerWheel } from './timer-wheel.ts'

/** What every connection of one engine shares. Born complete; only `client` is replaced (when configuration is
 * reloaded) and `isClosing` set (when it stops). */
export interface CoreParts {
  readonly nodeId: string
  /** Told to clients in the connect reply. */
  readonly version: string
  readonly clock: Clock
  readonly tenancy: Tenancy
  readonly broker: Broker
  readonly hub: Hub
  readonly outbox: Outbox
  readonly wheel: TimerWheel
  readonly events: EventStream
  readonly newId: () => string
  /** From 0 up to 1: spreads pings over their interval. */
  readonly random: () => number
  client: ClientOptions
  /** Everybody is being disconnected: nobody has to be told of each other's leaving. */
  isClosing: boolean
}
