import { type Command, disconnects } from '@xshathra/protocol'
import type { MaybePromise } from '../../maybe-promise.ts'
import type { Connection } from '../connection.ts'
import { history } from './history.ts'
import { presence, presenceStats } from './presence.ts'
import { publish } from './publish.ts'
import { refresh, subRefresh } from './refresh.ts'
import { rpc } from './rpc.ts'
import { subscribe } from './subscribe.ts'
import { unsubscribe } from './unsubscribe.ts'

/** Commands of a connected client. A kind without a case does not compile. */
export const commands = (
  connection: Connection,
  command: Exclude<Command, { kind: 'connect' | 'pong' | 'unknown' }>,
): MaybePromise<void> => {
  switch (command.kind) {
    case 'subscribe':
      return subscribe(connection, command.id, command.request)
    case 'unsubscribe':
      return unsubscribe(connection, command.id, command.request)
    case 'publish':
      return publish(connection, command.id, command.request)
    case 'presence':
      return presence(connection, command.id, command.request)
    case 'presenceStats':
      return presenceStats(connection, command.id, command.request)
    case 'history':
      return history(connection, command.id, command.request)
    case 'rpc':
      return rpc(connection, command.id, command.request)
    case 'refresh':
      return refresh(connection, command.id, command.request)
    case 'subRefresh':
      return subRefresh(connection, command.id, command.request)
    case 'send':
      // Nobody handles messages without a reply. Source: Centrifugo ends every `send` with 3508.
      return connection.reject('send', disconnects.notAvailable, 'send has no handler')
  }
}
