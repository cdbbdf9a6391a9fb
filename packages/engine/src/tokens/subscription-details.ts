import type { Payload } from '@xshathra/protocol'
import type { JsonMembers } from '../json/json-members.ts'
import type { RulesOverride } from '../tenancy.ts'

/** What a token or a backend may say about one subscription. */
export interface SubscriptionDetails {
  readonly chanInfo?: Payload | undefined
  readonly data?: Payload | undefined
  readonly override?: RulesOverride | undefined
}

/** Reads `info`, `data` (or `b64info`, `b64data`) and `override` of an object. */
export const readSubscriptionDetails = (members: JsonMembers): SubscriptionDetails => ({
  chanInfo: members.payload('info'),
  data: members.payload('data'),
  override: readOverride(members.object('override')),
})

const readOverride = (override: JsonMembers | undefined): RulesOverride | undefined =>
  override && {
    presence: readFlag(override, 'presence'),
    joinLeave: readFlag(override, 'join_leave'),
    forcePushJoinLeave: readFlag(override, 'force_push_join_leave'),
    forcePositioning: readFlag(override, 'force_positioning'),
    forceRecovery: readFlag(override, 'force_recovery'),
  }

/** A switch is an object, so that "off" and "not said" differ where zero values are left out: `{}` is off. */
const readFlag = (override: JsonMembers, name: string): boolean | undefined => {
  const flag = override.object(name)
  return flag && (flag.boolean('value') ?? false)
}
