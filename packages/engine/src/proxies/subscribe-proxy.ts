import type { SubscribeAnswer, SubscribeQuestion } from '../tenancy.ts'
import type { JsonMembers } from '../tokens/json-members.ts'
import { readSubscriptionDetails } from '../tokens/subscription-details.ts'
import { HttpProxy } from './http-proxy.ts'
import { readExpireAt, readProxyAnswer } from './proxy-answer.ts'
import type { ProxyOptions } from './proxy-options.ts'
import { commonMembers, encodeProxyRequest } from './proxy-request.ts'

/** Asks a backend whether a connection may subscribe. */
export class SubscribeProxy {
  readonly #http: HttpProxy

  constructor(options: ProxyOptions) {
    this.#http = new HttpProxy(options)
  }

  async ask({ connection, name, token, data }: SubscribeQuestion): Promise<SubscribeAnswer> {
    const { options } = this.#http
    const members = {
      ...commonMembers(connection, options),
      user: connection.user,
      channel: name,
      token: token || undefined,
    }
    const body = encodeProxyRequest(members, { data, meta: connection.meta }, options)
    if (!body.ok) return body.problem
    const answer = await this.#http.post(body.value, connection)
    return answer.ok ? readProxyAnswer(answer.value, readResult) : answer.problem.refusal
  }

  close(): void {
    this.#http.close()
  }
}

const readResult = (result: JsonMembers | undefined): SubscribeAnswer =>
  result === undefined
    ? { kind: 'allowed' }
    : { kind: 'allowed', expireAt: readExpireAt(result), ...readSubscriptionDetails(result) }
