import type { SubscriptionQuestion } from '../tenancy.ts'
import { EventProxy } from './event-proxy.ts'
import { type ExtensionAnswer, readExtension, withoutExtension } from './extension-answer.ts'
import type { ProxyOptions } from './proxy-options.ts'

/** Asks a backend whether a subscription whose time is over may stay. */
export type SubRefreshProxy = EventProxy<SubscriptionQuestion, ExtensionAnswer>

export const createSubRefreshProxy = (options: ProxyOptions): SubRefreshProxy =>
  new EventProxy(options, {
    describe: ({ connection, name }) => ({
      from: connection,
      members: { user: connection.user, channel: name },
      payloads: { meta: connection.meta },
    }),
    read: readExtension,
    withoutAnswer: withoutExtension,
  })
