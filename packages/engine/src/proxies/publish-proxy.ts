import type { PublishAnswer, PublishQuestion } from '../tenancy.ts'
import type { JsonMembers } from '../tokens/json-members.ts'
import { HttpProxy } from './http-proxy.ts'
import { readProxyAnswer } from './proxy-answer.ts'
import type { ProxyOptions } from './proxy-options.ts'
import { commonMembers, encodeProxyRequest } from './proxy-request.ts'

/** Asks a backend whether, and as what, a client's publication is published. */
export class PublishProxy {
  readonly #http: HttpProxy

  constructor(options: ProxyOptions) {
    this.#http = new HttpProxy(options)
  }

  async ask({ connection, name, data }: PublishQuestion): Promise<PublishAnswer> {
    const { options } = this.#http
    const members = { ...commonMembers(connection, options), user: connection.user, channel: name }
    const body = encodeProxyRequest(members, { data, meta: connection.meta }, options)
    if (!body.ok) return body.problem
    const answer = await this.#http.post(body.value, connection)
    return answer.ok ? readProxyAnswer(answer.value, readResult) : answer.problem.refusal
  }

  close(): void {
    this.#http.close()
  }
}

/** `delta` is always said: on this path the namespace's own `delta_publish` does not count. */
const readResult = (result: JsonMembers | undefined): PublishAnswer => {
  if (result === undefined) return { kind: 'allowed', delta: false }
  return {
    kind: 'allowed',
    // Unlike elsewhere, `data` wins over `b64data`.
    data: result.raw('data') ?? result.payload('data'),
    skipHistory: result.boolean('skip_history'),
    tags: result.stringMap('tags'),
    idempotencyKey: result.string('idempotency_key'),
    delta: result.boolean('delta') ?? false,
    version: readVersion(result),
    versionEpoch: result.string('version_epoch'),
  }
}

/** Versions beyond 2^53 - 1 cannot be compared exactly and are refused, not rounded. */
const readVersion = (result: JsonMembers): number | undefined => {
  const version = result.integer('version')
  if (version !== undefined && (version < 0 || !Number.isSafeInteger(version))) result.refuse('version')
  return version
}
