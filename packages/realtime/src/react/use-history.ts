import { useCallback, useRef, useState } from 'react'
import type { Channel, Received } from '../channels/typed-channel.ts'
import type { FeedOptions } from '../client/feed.ts'
import { emptyHistory, type HistorySnapshot, HistoryView } from './history-view.ts'
import { useSubscription } from './use-subscription.ts'

export interface UseHistoryOptions extends FeedOptions {
  readonly enabled?: boolean | undefined
  /** How many messages are loaded at first, and with each `loadOlder`; by default 50. */
  readonly pageSize?: number | undefined
  /** Most messages that are kept; the oldest make room. By default 1000. */
  readonly maxMessages?: number | undefined
}

export interface UseHistoryResult<Message> extends HistorySnapshot<Message> {
  /** Loads a page of older messages. Always the same function. */
  readonly loadOlder: () => Promise<void>
}

/**
 * The messages of a channel: the newest page of its history, older ones on demand, and what arrives live, as one list
 * without repeats. After a gap the list starts anew.
 *
 * @example
 * import { createElement } from 'react'
 * import { useHistory } from '@xshathra/realtime/react'
 *
 * export const Room = ({ room }: { room: string }) => {
 *   const { messages, hasOlder, loadOlder } = useHistory(`chat:room:${room}`)
 *   return createElement(
 *     'section',
 *     null,
 *     hasOlder && createElement('button', { type: 'button', onClick: loadOlder }, 'earlier'),
 *     messages.map(({ offset, data }) => createElement('p', { key: offset }, JSON.stringify(data))),
 *   )
 * }
 */
export const useHistory = <Of extends Channel>(
  channel: Of,
  { enabled = true, pageSize = 50, maxMessages = 1000, ...options }: UseHistoryOptions = {},
): UseHistoryResult<Received<Of>> => {
  const view = useRef<HistoryView<Of>>(undefined)
  const [snapshot, setSnapshot] = useState<HistorySnapshot<Received<Of>>>(emptyHistory)
  useSubscription(channel, {
    ...options,
    enabled,
    onOpen: (subscription) => {
      const opened: HistoryView<Of> = new HistoryView(subscription, { pageSize, maxMessages }, () => {
        if (view.current === opened) setSnapshot(opened.snapshot)
      })
      view.current = opened
      return () => {
        view.current = undefined
        setSnapshot(emptyHistory)
      }
    },
    onStatus: (status) => view.current?.onStatus(status),
    onMessage: (message, meta) => view.current?.onMessage(message, meta),
  })
  const loadOlder = useCallback(async () => view.current?.loadOlder(), [])
  return { ...snapshot, isLoading: enabled && snapshot.isLoading, loadOlder }
}
