import { type RefObject, useEffect, useRef } from 'react'
import { type Channel, nameOf } from '../channels/typed-channel.ts'
import type { FeedOptions } from '../client/feed.ts'
import { type SubscribeOptions, type SubscriptionHandle, subscribe } from '../client/subscribe.ts'
import { useConnectionOptions } from './realtime-provider.ts'
import { useLatest } from './use-latest.ts'

type Handlers<Of extends Channel> = Pick<SubscribeOptions<Of>, 'onMessage' | 'onStatus' | 'onPresence' | 'onError'>

interface SubscriptionOptions<Of extends Channel> extends FeedOptions, Handlers<Of> {
  readonly enabled: boolean
  readonly wantsPresence?: boolean
  /** Called with the subscription of a channel before anything else is; the returned function when it ends. */
  readonly onOpen?: (subscription: SubscriptionHandle<Of>) => () => void
}

/**
 * Holds a subscription while the component is mounted and `enabled`. Handlers and token functions may be new at each
 * render; only another channel, another schema or another connection subscribes anew.
 */
export const useSubscription = <Of extends Channel>(
  channel: Of,
  options: SubscriptionOptions<Of>,
): RefObject<SubscriptionHandle<Of> | undefined> => {
  const connection = useConnectionOptions()
  const latest = useLatest({ ...options, channel })
  const current = useRef<SubscriptionHandle<Of>>(undefined)
  const { enabled, wantsPresence = false } = options
  const name = nameOf(channel)
  const schema = typeof channel === 'string' ? undefined : channel.message

  // biome-ignore lint/correctness/useExhaustiveDependencies: a channel is its name and its schema, whatever object it is
  useEffect(() => {
    if (!enabled) return
    const { getSubscriptionToken, subscriptionToken, since, onOpen } = latest.current
    const subscription = subscribe<Of>({
      ...connection,
      channel: latest.current.channel,
      subscriptionToken,
      since,
      getSubscriptionToken: getSubscriptionToken && ((context) => latest.current.getSubscriptionToken?.(context)),
      onMessage: (message, meta) => latest.current.onMessage?.(message, meta),
      onStatus: (status) => latest.current.onStatus?.(status),
      onError: (problem) => latest.current.onError?.(problem),
      onPresence: wantsPresence ? (members) => latest.current.onPresence?.(members) : undefined,
    })
    current.current = subscription
    const onClose = onOpen?.(subscription)
    return () => {
      current.current = undefined
      subscription.close()
      onClose?.()
    }
  }, [connection, name, schema, enabled, wantsPresence, latest])
  return current
}
