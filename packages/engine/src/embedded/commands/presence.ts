import { disconnects, errors } from '@xshathra/protocol'
import type { Connection } from '../connection.ts'
import type { HubChannel } from '../hub-channel.ts'
import { isPermitted } from '../permissions.ts'
import { isValidName } from '../subscribe-rules.ts'

interface ChannelRequest {
  readonly channel: string
}

/** Who is in a channel now, by connection. */
export const presence = (connection: Connection, id: number, request: ChannelRequest): void =>
  withPresence('presence', connection, id, request, (channel) =>
    connection.reply({ kind: 'presence', id, result: new Map(channel?.presence()) }),
  )

/** How many connections and how many users are in a channel now. */
export const presenceStats = (connection: Connection, id: number, request: ChannelRequest): void =>
  withPresence('presenceStats', connection, id, request, (channel) => {
    const result = { numClients: channel?.numPresent ?? 0, numUsers: channel?.numPresentUsers ?? 0 }
    connection.reply({ kind: 'presenceStats', id, result })
  })

const withPresence = (
  command: string,
  connection: Connection,
  id: number,
  { channel: name }: ChannelRequest,
  answer: (channel: HubChannel | undefined) => void,
): void => {
  if (name === '') return connection.reject(command, disconnects.badRequest, 'no channel')
  const { tenancy, hub, client } = connection.parts
  const resolution = tenancy.resolve(connection.scope, name)
  if (resolution.kind === 'refused') return connection.refuse(command, id, resolution.error, resolution.rule, name)
  const { rules, anatomy, channel } = resolution
  if (!isValidName(name, anatomy, rules))
    return connection.refuse(command, id, errors.badRequest, 'invalid channel name', name)
  if (!rules.presence)
    return connection.refuse(command, id, errors.notAvailable, 'the namespace keeps no presence', name)
  const isSubscribed = connection.subscriptions.has(channel)
  if (!isPermitted(rules.presencePermission, { user: connection.user, isSubscribed, insecure: client.insecure })) {
    return connection.refuse(
      command,
      id,
      errors.permissionDenied,
      'the namespace does not let this client read presence',
      name,
    )
  }
  answer(hub.channel(channel))
}
