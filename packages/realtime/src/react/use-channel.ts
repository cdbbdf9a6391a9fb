import { useState } from 'react'
import type { Channel, Sent } from '../channels/typed-channel.ts'
import type { FeedOptions } from '../client/feed.ts'
import { isSameStatus, type Status } from '../client/status.ts'
import type { SubscribeOptions } from '../client/subscribe.ts'
import { usePublishOn } from './use-publish.ts'
import { useSubscription } from './use-subscription.ts'

/** A status, or `off` where a hook is not enabled. */
export type HookStatus = Status | { readonly state: 'off' }

export interface UseChannelOptions<Of extends Channel = Channel>
  extends FeedOptions,
    Pick<SubscribeOptions<Of>, 'onMessage' | 'onError'> {
  /** `false` does not subscribe; by default `true`. */
  readonly enabled?: boolean | undefined
}

export interface UseChannelResult<Of extends Channel = Channel> {
  readonly status: HookStatus
  readonly isLive: boolean
  /** Publishes from here, where the namespace allows it. Always the same function. */
  readonly publish: (data: Sent<Of>) => Promise<void>
}

const off: HookStatus = { state: 'off' }
const connecting: HookStatus = { state: 'connecting' }

/**
 * Subscribes to a channel while the component is mounted. Renders again only when the status changes: what to do with
 * messages is up to `onMessage`.
 *
 * @example
 * import { createElement, useState } from 'react'
 * import { useChannel } from '@xshathra/realtime/react'
 *
 * export const Ticker = () => {
 *   const [price, setPrice] = useState<unknown>()
 *   const { isLive } = useChannel('public:price', { onMessage: setPrice })
 *   return createElement('output', { 'aria-busy': !isLive }, String(price))
 * }
 */
export const useChannel = <Of extends Channel>(
  channel: Of,
  { enabled = true, ...options }: UseChannelOptions<Of> = {},
): UseChannelResult<Of> => {
  const [status, setStatus] = useState<HookStatus>(connecting)
  const subscription = useSubscription(channel, {
    ...options,
    enabled,
    onStatus: (next) => setStatus((before) => (before.state !== 'off' && isSameStatus(before, next) ? before : next)),
  })
  const publish = usePublishOn(subscription)
  const shown = enabled ? status : off
  return { status: shown, isLive: shown.state === 'live', publish }
}
