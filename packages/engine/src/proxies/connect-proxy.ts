import type { AdmissionRequest, Credentials, Refusal, ServerSubscription } from '../tenancy.ts'
import type { JsonMembers } from '../tokens/json-members.ts'
import { readSubscriptionDetails } from '../tokens/subscription-details.ts'
import { HttpProxy } from './http-proxy.ts'
import { readExpireAt, readProxyAnswer } from './proxy-answer.ts'
import type { ProxyOptions } from './proxy-options.ts'
import { commonMembers, encodeProxyRequest } from './proxy-request.ts'

/** Credentials of the one scope there is, or none: then other ways of admission get their turn. */
export type ConnectProxyAnswer =
  | ({ readonly kind: 'admitted' } & Omit<Credentials, 'scope' | 'by'>)
  | { readonly kind: 'no credentials' }
  | Refusal

/** Asks a backend who a connection without token is. */
export class ConnectProxy {
  readonly #http: HttpProxy

  constructor(options: ProxyOptions) {
    this.#http = new HttpProxy(options)
  }

  async ask(request: AdmissionRequest): Promise<ConnectProxyAnswer> {
    const { options } = this.#http
    const members = {
      ...commonMembers(request, options),
      name: request.name || undefined,
      version: request.version || undefined,
      channels: request.channels.length > 0 ? request.channels : undefined,
    }
    const body = encodeProxyRequest(members, { data: request.data }, options)
    if (!body.ok) return body.problem
    const answer = await this.#http.post(body.value, request)
    return answer.ok ? readProxyAnswer(answer.value, readResult) : answer.problem.refusal
  }

  close(): void {
    this.#http.close()
  }
}

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
