import { type ClientInfo, isJsonObject, isJsonValue, type Payload, type Result, type Tags } from '@xshathra/protocol'
import type { BrokerProblem, PublishOutcome } from '../broker/broker.ts'
import type { ChannelRules } from '../channel-rules.ts'
import { type MaybePromise, whenReady } from '../maybe-promise.ts'
import type { Scope } from '../names.ts'
import type { Resolution } from '../tenancy.ts'
import type { Connection } from './connection.ts'
import type { CoreParts } from './core-parts.ts'

export interface Accepted {
  readonly data: Payload
  readonly isJson: boolean
  readonly info?: ClientInfo | undefined
  readonly tags?: Tags | undefined
  readonly skipHistory?: boolean | undefined
  readonly idempotencyKey?: string | undefined
  readonly version?: number | undefined
  readonly versionEpoch?: string | undefined
  readonly delta: boolean
  /** The connection that published; absent: a backend did. */
  readonly by?: Connection | undefined
}

/** Hands a publication that every rule let through to the broker, by the namespace's retention. */
export const publishResolved = (
  { broker, events, hub, tenancy, clock }: CoreParts,
  { channel, rules }: Resolution & { readonly kind: 'resolved' },
  scope: Scope,
  accepted: Accepted,
): MaybePromise<Result<PublishOutcome, BrokerProblem>> => {
  const { data, isJson, info, tags, by } = accepted
  const isWatched = events.wants('publish')
  const startedAt = isWatched ? clock.now() : 0
  const outcome = broker.publish(
    channel,
    { data, isJson, info, tags },
    {
      retention: accepted.skipHistory ? undefined : rules.history,
      idempotencyKey: accepted.idempotencyKey,
      version: accepted.version,
      versionEpoch: accepted.versionEpoch,
      delta: accepted.delta,
    },
  )
  if (!isWatched) return outcome
  return whenReady(outcome, (result) => {
    if (!result.ok || result.value.suppressed) return result
    const receivers = hub.channel(channel)
    events.emit({
      kind: 'publish',
      scope: receivers?.scope ?? scope,
      channel: tenancy.display(receivers?.scope ?? scope, channel),
      namespace: rules.namespace,
      offset: result.value.offset,
      bytes: data.length,
      receivers: receivers?.subscribers ?? 0,
      by: by ? 'client' : 'api',
      client: by?.id,
      user: by?.user,
      latencyMs: clock.now() - startedAt,
    })
    return result
  })
}

/** Whether a namespace takes this payload. An empty one only where the format is binary. */
export const acceptsData = (format: ChannelRules['dataFormat'], data: Payload, isJson: boolean): boolean => {
  switch (format) {
    case 'binary':
      return true
    case '':
      return data.length > 0
    case 'json':
      return data.length > 0 && (isJson || isJsonValue(data))
    case 'json_object':
      return isJsonObject(data)
  }
}

export const isStream = ({ subscriptionType }: ChannelRules): boolean =>
  subscriptionType === '' || subscriptionType === 'stream'
