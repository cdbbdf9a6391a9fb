import { disconnects, errors, type SubRefreshRequest } from '@xshathra/protocol'
import { type MaybePromise, whenReady } from '../../maybe-promise.ts'
import type { InternalChannel } from '../../names.ts'
import type { RefreshReading } from '../../tenancy.ts'
import type { Connection } from '../connection.ts'
import { tokenMismatch } from './subscribe.ts'

/** A new token for an open connection: same user, same server-side channels, a later expiry. */
export const refresh = (
  connection: Connection,
  id: number,
  { token }: { readonly token: string },
): MaybePromise<void> => {
  if (token === '') return connection.reject('refresh', disconnects.badRequest, 'no token')
  const { tenancy } = connection.parts
  if (tenancy.extendConnection)
    return connection.reject('refresh', disconnects.badRequest, "refreshing is the server's here")
  const reading = tenancy.readRefreshToken(connection.scope, token)
  return whenReady(reading, (read) => refreshed(connection, id, read))
}

const refreshed = (connection: Connection, id: number, reading: RefreshReading): void => {
  if (connection.isClosed) return
  if (reading.kind !== 'read') return connection.refuseWith('refresh', id, reading)
  if (reading.user !== connection.user) {
    return connection.reject('refresh', disconnects.invalidToken, 'claim sub is another user')
  }
  const expireAt = reading.expireAt ?? 0
  if (expireAt > 0 && expireAt * 1000 <= connection.parts.clock.now()) {
    return connection.refuse('refresh', id, errors.expired, 'expire_at is in the past')
  }
  if (!namesSameChannels(connection, reading.channels)) {
    return connection.reject('refresh', disconnects.insufficientState, 'the token names other server-side channels')
  }
  connection.renew(reading.connInfo, reading.meta)
  connection.credentialId = reading.credentialId ?? connection.credentialId
  const ttl = connection.expireAt(expireAt)
  const result = expireAt > 0 ? { expires: true, ttl } : {}
  connection.reply({
    kind: 'refresh',
    id,
    result: { client: connection.id, version: connection.parts.version, ...result },
  })
}

/** A refresh cannot change server-side subscriptions: the client has to connect again for that. */
const namesSameChannels = (connection: Connection, names: readonly string[]): boolean => {
  const { tenancy } = connection.parts
  const named = new Set<InternalChannel>()
  for (const name of names) {
    const resolution = tenancy.resolve(connection.scope, name)
    if (resolution.kind === 'refused' || !connection.subscriptions.has(resolution.channel)) return false
    named.add(resolution.channel)
  }
  for (const [key, { grant }] of connection.subscriptions) {
    if (grant.fromConnectionToken && !named.has(key)) return false
  }
  return true
}

/** A new token for one subscription. */
export const subRefresh = (connection: Connection, id: number, request: SubRefreshRequest): MaybePromise<void> => {
  const { channel: name, token } = request
  if (name === '') return connection.reject('subRefresh', disconnects.badRequest, 'no channel')
  const { tenancy, clock } = connection.parts
  const resolution = tenancy.resolve(connection.scope, name)
  if (resolution.kind === 'refused') {
    return connection.refuse('subRefresh', id, errors.permissionDenied, resolution.rule, name)
  }
  const subscription = connection.subscriptions.get(resolution.channel)
  if (!subscription) return connection.refuse('subRefresh', id, errors.permissionDenied, 'not subscribed', name)
  if (request.type !== 0) {
    return connection.refuse('subRefresh', id, errors.permissionDenied, 'the channel is not a shared poll', name)
  }
  if (subscription.grant.rules.subRefreshProxy !== undefined && tenancy.extendSubscription) {
    return connection.reject('subRefresh', disconnects.badRequest, "refreshing is the server's here", name)
  }
  if (token === '') return connection.refuse('subRefresh', id, errors.badRequest, 'no token', name)
  return whenReady(tenancy.readSubscriptionToken(connection.scope, token), (reading) => {
    if (connection.isClosed) return
    if (reading.kind !== 'read') {
      // Expired asks for another token; anything else wrong with it ends the connection, unlike in a subscribe.
      if (reading.kind === 'error' && reading.error.code === errors.permissionDenied.code) {
        return connection.reject('subRefresh', disconnects.invalidToken, reading.rule, name, reading.detail)
      }
      return connection.refuseWith('subRefresh', id, reading, name)
    }
    const mismatch = tokenMismatch(connection, reading, resolution.channel)
    if (mismatch) return connection.reject('subRefresh', disconnects.invalidToken, mismatch, name)
    const expireAt = reading.expireAt ?? 0
    const ttl = expireAt - Math.floor(clock.now() / 1000)
    if (expireAt > 0 && ttl <= 0)
      return connection.refuse('subRefresh', id, errors.expired, 'expire_at is in the past', name)
    connection.noteSubscriptionCredential(reading.credentialId)
    subscription.chanInfo = reading.chanInfo
    connection.setSubscriptionExpiry(subscription, expireAt)
    connection.reply({ kind: 'subRefresh', id, result: expireAt > 0 ? { expires: true, ttl } : {} })
  })
}
