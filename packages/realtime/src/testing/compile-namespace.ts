import type { ChannelRules } from '@xshathra/engine'
import type { TestNamespace } from './test-namespaces.ts'

const nobody = { forClient: false, forSubscriber: false, forAnonymous: false }
const subscribers = { forClient: false, forSubscriber: true, forAnonymous: true }
const dayMs = 86_400_000

/** The rules of a namespace as the engine wants them. A locked one asks everybody for a subscription token. */
export const compileNamespace = (namespace: string, options: TestNamespace, isLocked: boolean): ChannelRules => {
  const { open = 'nobody', presence = false, history, recovery = false, publish = false, personal = false } = options
  return {
    namespace,
    subscriptionType: '',
    presence,
    joinLeave: presence,
    forcePushJoinLeave: presence,
    history: history && {
      size: history.size,
      ttlMs: history.ttlSeconds * 1000,
      metaTtlMs: 30 * dayMs,
      durability: 'memory',
    },
    forcePositioning: history !== undefined,
    allowPositioning: false,
    forceRecovery: recovery,
    allowRecovery: false,
    recoveryMode: 'stream',
    autoCacheRecover: false,
    allowFossilDelta: history !== undefined,
    deltaPublish: false,
    allowTagsFilter: false,
    allowSubscribeForClient: open !== 'nobody' && !isLocked,
    allowSubscribeForAnonymous: open === 'everybody' && !isLocked,
    publish: publish ? subscribers : nobody,
    presencePermission: presence ? subscribers : nobody,
    historyPermission: history ? subscribers : nobody,
    allowUserLimitedChannels: personal,
    dataFormat: '',
  }
}
