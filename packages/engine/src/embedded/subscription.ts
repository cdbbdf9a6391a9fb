import type { Payload, TagsFilter } from '@xshathra/protocol'
import type { ChannelRules } from '../channel-rules.ts'
import type { Announcement, DeliveryKind } from './announcement.ts'
import type { Connection } from './connection.ts'
import type { FanGroup, HubChannel } from './hub-channel.ts'

/** What a subscriber may do and wants, once every rule has been asked. */
export interface SubscriptionGrant {
  readonly rules: ChannelRules
  readonly positioned: boolean
  readonly recoverable: boolean
  /** Gets join and leave pushes. */
  readonly pushJoinLeave: boolean
  readonly delta: boolean
  readonly filter?: TagsFilter | undefined
  readonly chanInfo?: Payload | undefined
  readonly data?: Payload | undefined
  /** Unix seconds; 0: never. */
  readonly expireAt: number
  readonly serverSide: boolean
  /** Named in the connection token: a refresh has to name it again. */
  readonly fromConnectionToken: boolean
}

/** One connection's place in one channel. */
export class Subscription {
  readonly connection: Connection
  readonly channel: HubChannel
  /** As this subscriber wrote it: its pushes carry it. */
  readonly name: string
  readonly grant: SubscriptionGrant
  chanInfo: Payload | undefined
  /** Unix seconds; 0: never. */
  expireAt: number
  /** Publications announced before the reply that tells the client it is subscribed; null once it was sent. */
  held: Announcement[] | null = null
  /** Place in a fan-out group; the group keeps it. */
  group: FanGroup | null = null
  slot = -1
  delivery: DeliveryKind

  constructor(connection: Connection, channel: HubChannel, name: string, grant: SubscriptionGrant) {
    this.connection = connection
    this.channel = channel
    this.name = name
    this.grant = grant
    this.chanInfo = grant.chanInfo
    this.expireAt = grant.expireAt
    this.delivery = grant.delta ? 'whole' : 'plain'
  }

  get hasPosition(): boolean {
    return this.grant.positioned || this.grant.recoverable
  }
}
