import { type RefObject, useCallback } from 'react'
import type { Channel, Sent } from '../channels/typed-channel.ts'
import type { FeedOptions } from '../client/feed.ts'
import type { SubscriptionHandle } from '../client/subscribe.ts'
import { RealtimeError } from '../result.ts'
import { useSubscription } from './use-subscription.ts'

/**
 * A function that publishes in a channel from here, where the namespace allows it to its subscribers. It is always the
 * same, and rejects with a `RealtimeError`. Never renders again.
 *
 * @example
 * import { createElement } from 'react'
 * import { usePublish } from '@xshathra/realtime/react'
 *
 * export const Wave = () => {
 *   const publish = usePublish('proto:waves')
 *   return createElement('button', { type: 'button', onClick: () => publish({ wave: true }) }, 'wave')
 * }
 */
export const usePublish = <Of extends Channel>(
  channel: Of,
  { enabled = true, ...options }: FeedOptions & { readonly enabled?: boolean | undefined } = {},
): ((data: Sent<Of>) => Promise<void>) => {
  const subscription = useSubscription(channel, { ...options, enabled })
  return usePublishOn(subscription)
}

/** Publishes with the subscription that a component has at the time. */
export const usePublishOn = <Of extends Channel>(
  subscription: RefObject<SubscriptionHandle<Of> | undefined>,
): ((data: Sent<Of>) => Promise<void>) =>
  useCallback(
    async (data) => {
      if (subscription.current === undefined) {
        throw new RealtimeError({ code: 'not_subscribed', message: 'There is no subscription to publish with yet.' })
      }
      await subscription.current.publish(data)
    },
    [subscription],
  )
