import type { JsonMembers } from '../json/json-members.ts'
import type { PublishAnswer, PublishQuestion } from '../tenancy.ts'
import { EventProxy } from './event-proxy.ts'
import { answers } from './proxy-answer.ts'
import type { ProxyOptions } from './proxy-options.ts'

/** Asks a backend whether, and as what, a client's publication is published. */
export type PublishProxy = EventProxy<PublishQuestion, PublishAnswer>

export const createPublishProxy = (options: ProxyOptions): PublishProxy =>
  new EventProxy(options, {
    describe: ({ connection, name, data }) => ({
      from: connection,
      members: { user: connection.user, channel: name },
      payloads: { data, meta: connection.meta },
    }),
    ...answers(readResult),
  })

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
