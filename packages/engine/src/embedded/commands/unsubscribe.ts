import { disconnects, unsubscribes } from '@xshathra/protocol'
import type { MaybePromise } from '../../maybe-promise.ts'
import type { Connection } from '../connection.ts'

/** How long an unsubscribe waits for a subscribe of the same channel that is still on its way. Source: Centrifugo. */
const inFlightWaitMs = 5_000

/** Gives a channel up. One that is not subscribed is given up just as well. */
export const unsubscribe = (
  connection: Connection,
  id: number,
  { channel }: { readonly channel: string },
): MaybePromise<void> => {
  if (channel === '') return connection.reject('unsubscribe', disconnects.badRequest, 'no channel')
  const { tenancy, clock } = connection.parts
  const resolution = tenancy.resolve(connection.scope, channel)
  if (resolution.kind === 'refused') return connection.reply({ kind: 'unsubscribe', id })
  const finish = () => {
    const subscription = connection.subscriptions.get(resolution.channel)
    if (subscription) connection.dropSubscription(subscription, unsubscribes.client)
    connection.reply({ kind: 'unsubscribe', id })
  }
  const opening = connection.openingOf(resolution.channel)
  if (!opening) return finish()
  return new Promise((done) => {
    const cancel = clock.after(inFlightWaitMs, () => {
      connection.disconnect(disconnects.serverError)
      done()
    })
    const settled = () => {
      cancel()
      if (!connection.isClosed) finish()
      done()
    }
    opening.then(settled, settled)
  })
}
