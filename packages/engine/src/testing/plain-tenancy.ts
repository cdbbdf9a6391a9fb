import { defaultChannelSyntax, disconnects, errors, readChannelName } from '@xshathra/protocol'
import type { ChannelRules } from '../channel-rules.ts'
import type { InternalChannel, Scope } from '../names.ts'
import type {
  Admission,
  AdmissionRequest,
  ConnectionLimits,
  RefreshReading,
  Resolution,
  SubscriptionReading,
  Tenancy,
} from '../tenancy.ts'

/** Everything off, as a namespace without options. */
export const closedRules: ChannelRules = {
  namespace: '',
  subscriptionType: '',
  presence: false,
  joinLeave: false,
  forcePushJoinLeave: false,
  forcePositioning: false,
  allowPositioning: false,
  forceRecovery: false,
  allowRecovery: false,
  recoveryMode: 'stream',
  autoCacheRecover: false,
  allowFossilDelta: false,
  deltaPublish: false,
  allowTagsFilter: false,
  allowSubscribeForClient: false,
  allowSubscribeForAnonymous: false,
  publish: { forClient: false, forSubscriber: false, forAnonymous: false },
  presencePermission: { forClient: false, forSubscriber: false, forAnonymous: false },
  historyPermission: { forClient: false, forSubscriber: false, forAnonymous: false },
  allowUserLimitedChannels: false,
  dataFormat: '',
}

const everybody = { forClient: true, forSubscriber: false, forAnonymous: true }

/** Everything open, with presence and a short history. */
export const openRules: ChannelRules = {
  ...closedRules,
  presence: true,
  joinLeave: true,
  history: { size: 100, ttlMs: 300_000, metaTtlMs: 3_600_000, durability: 'memory' },
  forceRecovery: true,
  allowFossilDelta: true,
  allowTagsFilter: true,
  allowSubscribeForClient: true,
  allowSubscribeForAnonymous: true,
  publish: everybody,
  presencePermission: everybody,
  historyPermission: everybody,
}

/** What a plain token says: nothing is signed, the test is the issuer. */
export interface PlainToken {
  readonly scope?: Scope
  readonly user?: string
  readonly channels?: readonly string[]
  readonly channel?: string
  /** The one connection a subscription token is for. */
  readonly client?: string
  readonly expireAt?: number
  readonly isExpired?: boolean
  readonly limits?: ConnectionLimits
}

export const plainToken = (token: PlainToken): string => JSON.stringify(token)

/**
 * A tenancy of as many scopes as tokens name, with the same namespaces in each; no token is anonymous in scope `''`.
 * For tests of whatever stands on the {@link Tenancy} port.
 */
export class PlainTenancy implements Tenancy {
  readonly #namespaces: Readonly<Record<string, ChannelRules>>

  constructor(namespaces: Readonly<Record<string, ChannelRules>>) {
    this.#namespaces = namespaces
  }

  admit({ token }: AdmissionRequest): Admission {
    if (token === '') return { kind: 'admitted', scope: '', user: '', subscriptions: [], by: 'anonymous' }
    const { scope = '', user = '', channels = [], expireAt, isExpired, limits } = readPlainToken(token)
    if (isExpired) return { kind: 'error', error: errors.tokenExpired, rule: 'claim exp' }
    const subscriptions = channels.map((channel) => ({ channel }))
    return { kind: 'admitted', scope, user, expireAt, subscriptions, limits, by: 'token' }
  }

  readRefreshToken(_scope: Scope, token: string): RefreshReading {
    const { user = '', channels = [], expireAt, isExpired } = readPlainToken(token)
    if (isExpired) return { kind: 'disconnect', disconnect: disconnects.expired, rule: 'claim exp' }
    return { kind: 'read', user, channels, expireAt }
  }

  readSubscriptionToken(_scope: Scope, token: string): SubscriptionReading {
    const { user = '', channel = '', client = '', expireAt, isExpired } = readPlainToken(token)
    if (isExpired) return { kind: 'error', error: errors.tokenExpired, rule: 'claim exp' }
    return { kind: 'read', user, channel, client, expireAt }
  }

  resolve(scope: Scope, name: string): Resolution {
    const anatomy = readChannelName(name, defaultChannelSyntax)
    const rules = this.#namespaces[anatomy.namespace]
    if (!rules) return { kind: 'refused', error: errors.unknownChannel, rule: 'unknown namespace' }
    return {
      kind: 'resolved',
      channel: `${scope}|${name}` as InternalChannel,
      rules,
      anatomy: rules.allowUserLimitedChannels ? anatomy : { ...anatomy, users: undefined },
    }
  }

  display(_scope: Scope, channel: InternalChannel): string {
    return channel.slice(channel.indexOf('|') + 1)
  }

  sees(scope: Scope, owner: Scope): boolean {
    return scope === owner
  }

  resolveUser(scope: Scope, user: string): { readonly scope: Scope; readonly user: string } {
    return { scope, user }
  }
}

const readPlainToken = (token: string): PlainToken => JSON.parse(token)
