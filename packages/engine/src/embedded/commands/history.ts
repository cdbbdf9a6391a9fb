import { disconnects, errors, type HistoryRequest, type ProtocolError } from '@xshathra/protocol'
import type { HistoryPage } from '../../broker/broker.ts'
import { type MaybePromise, whenReady } from '../../maybe-promise.ts'
import type { Connection } from '../connection.ts'
import { isPermitted } from '../permissions.ts'
import { isValidName } from '../subscribe-rules.ts'

/** A page of a channel's stream. Limits beyond the engine's are cut to it. */
export const history = (connection: Connection, id: number, request: HistoryRequest): MaybePromise<void> => {
  const { channel: name, since, reverse } = request
  if (name === '') return connection.reject('history', disconnects.badRequest, 'no channel')
  const { tenancy, broker, client } = connection.parts
  const refuse = (error: ProtocolError, rule: string) => connection.refuse('history', id, error, rule, name)
  const resolution = tenancy.resolve(connection.scope, name)
  if (resolution.kind === 'refused') return refuse(resolution.error, resolution.rule)
  const { rules, anatomy, channel } = resolution
  if (!isValidName(name, anatomy, rules)) return refuse(errors.badRequest, 'invalid channel name')
  if (!rules.history) return refuse(errors.notAvailable, 'the namespace keeps no history')
  const isSubscribed = connection.subscriptions.has(channel)
  if (!isPermitted(rules.historyPermission, { user: connection.user, isSubscribed, insecure: client.insecure })) {
    return refuse(errors.permissionDenied, 'the namespace does not let this client read history')
  }
  if (reverse && since && since.offset === 0) return refuse(errors.badRequest, 'nothing is before offset 0')

  const filter = { limit: clampLimit(request.limit, client.historyMaxPublicationLimit), since, reverse }
  return whenReady(broker.history(channel, filter, rules.history), (outcome) => {
    if (outcome.ok) connection.reply({ kind: 'history', id, result: withEpoch(outcome.value) })
    else if (outcome.problem === 'unrecoverable')
      refuse(errors.unrecoverablePosition, 'the position is of another epoch')
    else refuse(errors.internal, 'history could not be read')
  })
}

const clampLimit = (limit: number, most: number): number => {
  if (most <= 0) return limit < 0 ? -1 : limit
  return limit < 0 || limit > most ? most : limit
}

/** In answers to clients the first publication of a stream tells its epoch. */
const withEpoch = (page: HistoryPage): HistoryPage => ({
  ...page,
  publications: page.publications.map((one) => (one.offset === 1 ? { ...one, epoch: page.epoch } : one)),
})
