import { useMemo, useState } from 'react'
import type { Channel } from '../channels/typed-channel.ts'
import type { FeedOptions } from '../client/feed.ts'
import type { Member } from '../client/presence-view.ts'
import { useSubscription } from './use-subscription.ts'

export interface UsePresenceResult {
  /** Connections that are subscribed; empty until it is known. */
  readonly members: readonly Member[]
  /** Their users, each once. */
  readonly userIds: readonly string[]
  /** Who is there is known. */
  readonly isKnown: boolean
}

/**
 * Who is subscribed to a channel, kept up to date while the component is mounted. Subscribes, and so is there itself.
 * While the connection is lost it shows who was there.
 *
 * @example
 * import { createElement } from 'react'
 * import { usePresence } from '@xshathra/realtime/react'
 *
 * export const Online = ({ room }: { room: string }) => {
 *   const { userIds } = usePresence(`chat:room:${room}`)
 *   return createElement('p', null, `${userIds.length} here`)
 * }
 */
export const usePresence = (
  channel: Channel,
  { enabled = true, ...options }: FeedOptions & { readonly enabled?: boolean | undefined } = {},
): UsePresenceResult => {
  const [known, setKnown] = useState<{ readonly of: object; readonly members: readonly Member[] }>()
  // What was known of one channel says nothing about the next.
  const name = typeof channel === 'string' ? channel : channel.name
  const of = useMemo(() => ({ name, enabled }), [name, enabled])
  useSubscription(channel, {
    ...options,
    enabled,
    wantsPresence: true,
    onPresence: (members) => setKnown({ of, members }),
  })
  const members = known?.of === of && enabled ? known.members : undefined
  return useMemo(
    () => ({
      members: members ?? [],
      userIds: [...new Set(members?.map(({ userId }) => userId))],
      isKnown: members !== undefined,
    }),
    [members],
  )
}
