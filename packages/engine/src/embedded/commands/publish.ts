import { disconnects, errors, type PublishRequest } from '@xshathra/protocol'
import { type MaybePromise, whenReady } from '../../maybe-promise.ts'
import type { PublishAnswer, Resolution } from '../../tenancy.ts'
import type { Connection } from '../connection.ts'
import { isPermitted } from '../permissions.ts'
import { acceptsData, isStream, publishResolved } from '../publishing.ts'
import { isValidName } from '../subscribe-rules.ts'

type Resolved = Resolution & { readonly kind: 'resolved' }
type Allowed = PublishAnswer & { readonly kind: 'allowed' }

/** A client's publish: name, data, then the proxy alone or the permission rule. The answer tells no position. */
export const publish = (connection: Connection, id: number, request: PublishRequest): MaybePromise<void> => {
  const { channel: name } = request
  if (name === '') return connection.reject('publish', disconnects.badRequest, 'no channel')
  const { tenancy, client } = connection.parts
  const refuse = (error: (typeof errors)[keyof typeof errors], rule: string) =>
    connection.refuse('publish', id, error, rule, name)
  const resolution = tenancy.resolve(connection.scope, name)
  if (resolution.kind === 'refused') return connection.refuse('publish', id, resolution.error, resolution.rule, name)
  const { rules, anatomy } = resolution
  if (!isValidName(name, anatomy, rules)) return refuse(errors.badRequest, 'invalid channel name')
  if (request.type !== 0 || !isStream(rules)) return refuse(errors.permissionDenied, 'map publishing is not available')
  const data = request.data ?? nothing
  const isJson = connection.form.codec.protocol === 'json'
  if (!acceptsData(rules.dataFormat, data, isJson))
    return refuse(errors.badRequest, 'data is not in the format of the namespace')
  const most = connection.limits?.messageBytes
  if (most && data.length > most) return refuse(errors.limitExceeded, `data is larger than ${most} bytes`)

  if (rules.publishProxy !== undefined && tenancy.authorizePublish) {
    const question = { connection: connection.facts(), name, channel: resolution.channel, rules, data }
    return whenReady(tenancy.authorizePublish(question), (decision) =>
      decision.kind === 'allowed'
        ? accept(connection, id, resolution, decision.data ?? data, isJson && !decision.data, decision)
        : connection.refuseWith('publish', id, decision, name),
    )
  }
  const isSubscribed = connection.subscriptions.has(resolution.channel)
  if (!isPermitted(rules.publish, { user: connection.user, isSubscribed, insecure: client.insecure })) {
    return refuse(errors.permissionDenied, 'the namespace does not let this client publish')
  }
  return accept(connection, id, resolution, data, isJson, undefined)
}

const nothing = new Uint8Array(0)

const accept = (
  connection: Connection,
  id: number,
  resolution: Resolved,
  data: Uint8Array,
  isJson: boolean,
  decision: Allowed | undefined,
): MaybePromise<void> => {
  const { channel, rules } = resolution
  const { tenancy } = connection.parts
  if (tenancy.takePublish && !tenancy.takePublish(connection.scope)) {
    return connection.refuse('publish', id, errors.tooManyRequests, 'limit of publications a second')
  }
  const outcome = publishResolved(connection.parts, resolution, connection.scope, {
    data,
    isJson,
    info: connection.infoFor(connection.subscriptions.get(channel)),
    tags: decision?.tags,
    skipHistory: decision?.skipHistory,
    idempotencyKey: decision?.idempotencyKey,
    version: decision?.version,
    versionEpoch: decision?.versionEpoch,
    // A proxy's own word counts alone: the namespace's `delta_publish` is not applied on its path.
    delta: decision ? (decision.delta ?? false) : rules.deltaPublish,
    by: connection,
  })
  return whenReady(outcome, (result) => {
    if (result.ok) connection.reply({ kind: 'publish', id })
    else connection.refuse('publish', id, errors.internal, 'history could not be written')
  })
}
