import { isAscii, type Payload, type SubscribeRequest } from '@xshathra/protocol'
import type { ChannelRules } from '../channel-rules.ts'
import type { ChannelAnatomy, RulesOverride } from '../tenancy.ts'
import type { Connection } from './connection.ts'
import { withOverride } from './open-subscription.ts'
import { isPermitted } from './permissions.ts'
import type { SubscriptionGrant } from './subscription.ts'

/** Whether clients may use this name: it matches the namespace's `channel_regex`, or else is ASCII throughout. */
export const isValidName = (name: string, anatomy: ChannelAnatomy, rules: ChannelRules): boolean =>
  rules.matches ? rules.matches(anatomy.rest) : isAscii(name)

/** Rule 16 of the decision table: anybody, or anybody with a name, may subscribe. */
export const isOpenToSubscribers = (rules: ChannelRules, user: string): boolean =>
  rules.allowSubscribeForClient && (user !== '' || rules.allowSubscribeForAnonymous)

/** What the rules alone say about a subscribe without a token; `ask`: the tenancy's `authorizeSubscribe` decides. */
export type RulesVerdict =
  | { readonly kind: 'allowed'; readonly rule: string }
  | { readonly kind: 'denied'; readonly rule: string }
  | { readonly kind: 'ask' }

/** Rows 11 and 13 to 18 of the decision table: the first that applies answers. */
export const decideByRules = (
  { anatomy, rules }: { readonly anatomy: ChannelAnatomy; readonly rules: ChannelRules },
  { user, insecure }: { readonly user: string; readonly insecure: boolean },
  mayAsk: boolean,
): RulesVerdict => {
  if (anatomy.isPrivate) return { kind: 'denied', rule: 'the channel needs a subscription token' }
  if (anatomy.users) {
    if (anatomy.users.includes(user)) return { kind: 'allowed', rule: 'the channel is limited to this user' }
  } else if (rules.subscribeProxy !== undefined && mayAsk) return { kind: 'ask' }
  else if (isOpenToSubscribers(rules, user)) return { kind: 'allowed', rule: 'the namespace is open to subscribers' }
  if (insecure) return { kind: 'allowed', rule: 'the engine is insecure' }
  return {
    kind: 'denied',
    rule: anatomy.users
      ? 'the channel is limited to other users'
      : 'the namespace is not open to subscribers without a token',
  }
}

export const effectiveChannelLimit = ({ limits, parts }: Connection): number =>
  limits?.channelsPerConnection ?? parts.client.channelLimit

/** Who allowed a client-side subscribe: a proxy decides alone and does not look at what the client wished for. */
export type AllowedBy = 'rules' | 'token' | 'proxy'

/** What a client-side subscription may do: what is forced, and what it asked for where that is allowed. */
export const clientSideGrant = (
  connection: Connection,
  namespaceRules: ChannelRules,
  request: SubscribeRequest,
  allowedBy: AllowedBy,
  source: {
    readonly chanInfo?: Payload | undefined
    readonly data?: Payload | undefined
    readonly expireAt?: number | undefined
    readonly override?: RulesOverride | undefined
    readonly filter?: SubscriptionGrant['filter']
  },
): SubscriptionGrant => {
  const rules = withOverride(namespaceRules, source.override)
  const asker = { user: connection.user, isSubscribed: true, insecure: connection.parts.client.insecure }
  const honoursWishes = allowedBy !== 'proxy'
  const readsHistory = () => isPermitted(rules.historyPermission, asker)
  const readsPresence = () => rules.presence && isPermitted(rules.presencePermission, asker)
  return {
    rules,
    positioned:
      rules.forcePositioning || (honoursWishes && request.positioned && (rules.allowPositioning || readsHistory())),
    recoverable:
      rules.forceRecovery || (honoursWishes && request.recoverable && (rules.allowRecovery || readsHistory())),
    pushJoinLeave:
      rules.forcePushJoinLeave || (honoursWishes && request.joinLeave && rules.joinLeave && readsPresence()),
    delta: request.delta === 'fossil' && rules.allowFossilDelta,
    filter: source.filter,
    chanInfo: source.chanInfo,
    data: source.data,
    expireAt: source.expireAt ?? 0,
    serverSide: false,
    fromConnectionToken: false,
  }
}
