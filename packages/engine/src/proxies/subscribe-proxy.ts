import type { JsonMembers } from '../json/json-members.ts'
import type { SubscribeAnswer, SubscribeQuestion } from '../tenancy.ts'
import { readSubscriptionDetails } from '../tokens/subscription-details.ts'
import { EventProxy } from './event-proxy.ts'
import { answers, readExpireAt } from './proxy-answer.ts'
import type { ProxyOptions } from './proxy-options.ts'

/** Asks a backend whether a connection may subscribe. */
export type SubscribeProxy = EventProxy<SubscribeQuestion, SubscribeAnswer>

export const createSubscribeProxy = (options: ProxyOptions): SubscribeProxy =>
  new EventProxy(options, {
    describe: ({ connection, name, token, data }) => ({
      from: connection,
      members: { user: connection.user, channel: name, token: token || undefined },
      payloads: { data, meta: connection.meta },
    }),
    ...answers(readResult),
  })

const readResult = (result: JsonMembers | undefined): SubscribeAnswer =>
  result === undefined
    ? { kind: 'allowed' }
    : { kind: 'allowed', expireAt: readExpireAt(result), ...readSubscriptionDetails(result) }
