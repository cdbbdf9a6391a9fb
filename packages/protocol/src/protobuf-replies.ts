import type {
  ClientInfo,
  ConnectResult,
  DeliveredPublication,
  HistoryResult,
  Publication,
  Push,
  Reply,
  SubscribeResult,
  Tags,
} from './messages.ts'
import type { ProtobufWriter } from './protobuf-writer.ts'

/** Writes what the server says, as Protobuf. Source of the numbers: Centrifuge client.proto. */

export const writeReply = (writer: ProtobufWriter, reply: Reply): void => {
  writer.number(1, reply.id)
  switch (reply.kind) {
    case 'error':
      return writer.message(2, reply.error, writeError)
    case 'connect':
      return writer.message(5, reply.result, writeConnectResult)
    case 'subscribe':
      return writer.message(6, reply.result, writeSubscribeResult)
    case 'unsubscribe':
      return writer.message(7, undefined, writeNothing)
    case 'publish':
      return writer.message(8, undefined, writeNothing)
    case 'presence':
      return writer.message(9, reply.result, writePresence)
    case 'presenceStats':
      return writer.message(10, reply.result, writePresenceStats)
    case 'history':
      return writer.message(11, reply.result, writeHistoryResult)
    case 'rpc':
      return writer.message(13, reply.result, writeData)
    case 'refresh':
      return writer.message(14, reply.result, writeRefreshResult)
    case 'subRefresh':
      return writer.message(15, reply.result, writeExpiry)
  }
}

const writeNothing = (): void => {}

const writeError = (writer: ProtobufWriter, error: Extract<Reply, { kind: 'error' }>['error']): void => {
  writer.number(1, error.code)
  writer.string(2, error.message)
  writer.trueFlag(3, error.temporary)
}

/** `expires` and `ttl` where they are the first two fields. */
const writeExpiry = (
  writer: ProtobufWriter,
  result: { readonly expires?: boolean | undefined; readonly ttl?: number | undefined },
): void => {
  writer.trueFlag(1, result.expires)
  writer.number(2, result.ttl)
}

const writeData = (writer: ProtobufWriter, result: { readonly data?: Uint8Array | undefined }): void =>
  writer.bytes(1, result.data)

const writeRefreshResult = (writer: ProtobufWriter, result: Extract<Reply, { kind: 'refresh' }>['result']): void => {
  writer.string(1, result.client)
  writer.string(2, result.version)
  writer.trueFlag(3, result.expires)
  writer.number(4, result.ttl)
}

const writePresenceStats = (
  writer: ProtobufWriter,
  result: { readonly numClients: number; readonly numUsers: number },
): void => {
  writer.number(1, result.numClients)
  writer.number(2, result.numUsers)
}

const writePresence = (writer: ProtobufWriter, presence: ReadonlyMap<string, ClientInfo>): void => {
  for (const entry of presence) writer.message(1, entry, writePresenceEntry)
}

const writePresenceEntry = (writer: ProtobufWriter, [client, info]: readonly [string, ClientInfo]): void => {
  writer.string(1, client)
  writer.message(2, info, writeClientInfo)
}

const writeHistoryResult = (writer: ProtobufWriter, result: HistoryResult): void => {
  writePublications(writer, 1, result.publications)
  writer.string(2, result.epoch)
  writer.number(3, result.offset)
}

const writePublications = (
  writer: ProtobufWriter,
  field: number,
  publications: readonly (Publication | DeliveredPublication)[],
): void => {
  for (const publication of publications) writer.message(field, publication, writePublication)
}

const writeConnectResult = (writer: ProtobufWriter, result: ConnectResult): void => {
  writer.string(1, result.client)
  writer.string(2, result.version)
  writer.trueFlag(3, result.expires)
  writer.number(4, result.ttl)
  writer.bytes(5, result.data)
  if (result.subs !== undefined) for (const entry of result.subs) writer.message(6, entry, writeSubEntry)
  writer.number(7, result.ping)
  writer.trueFlag(8, result.pong)
  writer.string(9, result.session)
  writer.string(10, result.node)
  writer.number(11, result.time)
}

/** The connect push carries the same fields as the reply, some under other numbers. */
const writeConnectPush = (writer: ProtobufWriter, result: ConnectResult): void => {
  writer.string(1, result.client)
  writer.string(2, result.version)
  writer.bytes(3, result.data)
  if (result.subs !== undefined) for (const entry of result.subs) writer.message(4, entry, writeSubEntry)
  writer.trueFlag(5, result.expires)
  writer.number(6, result.ttl)
  writer.number(7, result.ping)
  writer.trueFlag(8, result.pong)
  writer.string(9, result.session)
  writer.string(10, result.node)
  writer.number(11, result.time)
}

const writeSubEntry = (writer: ProtobufWriter, [channel, result]: readonly [string, SubscribeResult]): void => {
  writer.string(1, channel)
  writer.message(2, result, writeSubscribeResult)
}

const writeSubscribeResult = (writer: ProtobufWriter, result: SubscribeResult): void => {
  writeExpiry(writer, result)
  writer.trueFlag(3, result.recoverable)
  writer.string(6, result.epoch)
  if (result.publications !== undefined) writePublications(writer, 7, result.publications)
  writer.trueFlag(8, result.recovered)
  writer.number(9, result.offset)
  writer.trueFlag(10, result.positioned)
  writer.bytes(11, result.data)
  writer.trueFlag(12, result.wasRecovering)
  writer.trueFlag(13, result.delta)
}

const writePublication = (writer: ProtobufWriter, publication: DeliveredPublication): void => {
  writer.bytes(4, publication.data)
  if (publication.info !== undefined) writer.message(5, publication.info, writeClientInfo)
  writer.number(6, publication.offset)
  if (publication.tags !== undefined) writeTags(writer, publication.tags)
  writer.trueFlag(8, publication.delta)
  writer.string(14, publication.epoch)
  writer.number(16, publication.version)
}

const writeTags = (writer: ProtobufWriter, tags: Tags): void => {
  for (const entry of Object.entries(tags)) writer.message(7, entry, writeTag)
}

const writeTag = (writer: ProtobufWriter, [name, value]: readonly [string, string]): void => {
  writer.string(1, name)
  writer.string(2, value)
}

const writeClientInfo = (writer: ProtobufWriter, info: ClientInfo): void => {
  writer.string(1, info.user)
  writer.string(2, info.client)
  writer.bytes(3, info.connInfo)
  writer.bytes(4, info.chanInfo)
}

/** A bare push: what one-way transports get, and what stands in field 4 of a reply in two-way ones. */
export const writePush = (writer: ProtobufWriter, push: Push): void => {
  if ('channel' in push) writer.string(2, push.channel)
  switch (push.kind) {
    case 'publication':
      return writer.message(4, push.publication, writePublication)
    case 'join':
      return writer.message(5, push.info, writeInfo)
    case 'leave':
      return writer.message(6, push.info, writeInfo)
    case 'unsubscribe':
      return writer.message(7, push, writeUnsubscribe)
    case 'message':
      return writer.message(8, push, writeData)
    case 'subscribe':
      return writer.message(9, push.result, writeSubscribePush)
    case 'connect':
      return writer.message(10, push.result, writeConnectPush)
    case 'disconnect':
      return writer.message(11, push, writeDisconnect)
    case 'refresh':
      return writer.message(12, push, writeExpiry)
  }
}

const writeInfo = (writer: ProtobufWriter, info: ClientInfo): void => writer.message(1, info, writeClientInfo)

const writeUnsubscribe = (writer: ProtobufWriter, push: { readonly code: number; readonly reason: string }): void => {
  writer.number(2, push.code)
  writer.string(3, push.reason)
}

const writeDisconnect = (writer: ProtobufWriter, push: { readonly code: number; readonly reason: string }): void => {
  writer.number(1, push.code)
  writer.string(2, push.reason)
}

const writeSubscribePush = (writer: ProtobufWriter, result: Extract<Push, { kind: 'subscribe' }>['result']): void => {
  writer.trueFlag(1, result.recoverable)
  writer.string(4, result.epoch)
  writer.number(5, result.offset)
  writer.trueFlag(6, result.positioned)
  writer.bytes(7, result.data)
}
