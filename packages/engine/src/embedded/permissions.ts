import type { Permission } from '../channel-rules.ts'

/** Who asks for something on a channel. */
export interface Asker {
  /** `''` is anonymous. */
  readonly user: string
  readonly isSubscribed: boolean
  readonly insecure: boolean
}

/**
 * The one access rule behind publish, history and presence of clients.
 * Source: Centrifugo's permission model, `allow_*_for_client`, `_for_subscriber`, `_for_anonymous`.
 */
export const isPermitted = (permission: Permission, { user, isSubscribed, insecure }: Asker): boolean => {
  if (insecure) return true
  if (user === '' && !permission.forAnonymous) return false
  return permission.forClient || (permission.forSubscriber && isSubscribed)
}
