import type { JsonMembers } from '../json/json-members.ts'
import type { AdmissionRequest, Credentials, Refusal, ServerSubscription } from '../tenancy.ts'
import { readSubscriptionDetails } from '../tokens/subscription-details.ts'
import { EventProxy } from './event-proxy.ts'
import { answers, readExpireAt } from './proxy-answer.ts'
import type { ProxyOptions } from './proxy-options.ts'

/** Credentials of the one scope there is, or none: then other ways of admission get their turn. */
export type ConnectProxyAnswer =
  | ({ readonly kind: 'admitted' } & Omit<Credentials, 'scope' | 'by'>)
  | { readonly kind: 'no credentials' }
  | Refusal

/** Asks a backend who a connection without token is. */
export type ConnectProxy = EventProxy<AdmissionRequest, ConnectProxyAnswer>

export const createConnectProxy = (options: ProxyOptions): ConnectProxy =>
  new EventProxy(options, {
    describe: (request) => ({
      from: request,
      members: {
        name: request.name || undefined,
        version: request.version || undefined,
        channels: request.channels.length > 0 ? request.channels : undefined,
      },
      payloads: { data: request.data },
    }),
    ...answers(readResult),
  })

const readResult = (result: JsonMembers | undefined): ConnectProxyAnswer => {
  if (result === undefined) return { kind: 'no credentials' }
  const data = result.payload('data')
  return {
    kind: 'admitted',
    user: result.string('user') ?? '',
    expireAt: readExpireAt(result),
    connInfo: result.payload('info'),
    meta: result.raw('meta'),
    data: data?.length === 0 ? undefined : data,
    subscriptions: readSubscriptions(result),
  }
}

/** Unlike in tokens, `channels` and `subs` add up; where both name a channel, `subs` says more. */
const readSubscriptions = (result: JsonMembers): readonly ServerSubscription[] => {
  const subscriptions = new Map<string, ServerSubscription>()
  for (const channel of result.strings('channels') ?? []) subscriptions.set(channel, { channel })
  for (const [channel, details] of result.objects('subs')) {
    subscriptions.set(channel, { channel, ...readSubscriptionDetails(details) })
  }
  return [...subscriptions.values()]
}
