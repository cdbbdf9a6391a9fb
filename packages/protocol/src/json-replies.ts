import type { JsonWriter } from './json-writer.ts'
import type {
  ClientInfo,
  ConnectResult,
  DeliveredPublication,
  HistoryResult,
  Publication,
  Push,
  Reply,
  SubscribeResult,
} from './messages.ts'

/**
 * Writes what the server says, as JSON. Zero values are left out, but for the fields that Centrifugo always sends; the
 * fields come in the order of client.proto.
 */

export const writeReply = (writer: JsonWriter, reply: Reply): void => {
  writer.beginObject()
  writer.numberField('id', reply.id)
  writer.key(replyKeys[reply.kind])
  writer.beginObject()
  writeResult(writer, reply)
  writer.endObject()
  writer.endObject()
}

const replyKeys = {
  error: 'error',
  connect: 'connect',
  subscribe: 'subscribe',
  unsubscribe: 'unsubscribe',
  publish: 'publish',
  presence: 'presence',
  presenceStats: 'presence_stats',
  history: 'history',
  rpc: 'rpc',
  refresh: 'refresh',
  subRefresh: 'sub_refresh',
} as const satisfies Record<Reply['kind'], string>

const writeResult = (writer: JsonWriter, reply: Reply): void => {
  switch (reply.kind) {
    case 'error':
      writer.numberField('code', reply.error.code)
      writer.stringField('message', reply.error.message)
      return writer.trueField('temporary', reply.error.temporary)
    case 'connect':
      return writeConnectResult(writer, reply.result)
    case 'subscribe':
      return writeSubscribeResult(writer, reply.result)
    case 'unsubscribe':
    case 'publish':
      return
    case 'presence':
      return writePresence(writer, reply.result)
    case 'presenceStats':
      writer.key('num_clients')
      writer.number(reply.result.numClients)
      writer.key('num_users')
      return writer.number(reply.result.numUsers)
    case 'history':
      return writeHistoryResult(writer, reply.result)
    case 'rpc':
      return writer.rawField('data', reply.result.data)
    case 'refresh':
      writer.stringField('client', reply.result.client)
      writer.stringField('version', reply.result.version)
      return writeExpiry(writer, reply.result)
    case 'subRefresh':
      return writeExpiry(writer, reply.result)
  }
}

const writeExpiry = (
  writer: JsonWriter,
  result: { readonly expires?: boolean | undefined; readonly ttl?: number | undefined },
): void => {
  writer.trueField('expires', result.expires)
  writer.numberField('ttl', result.ttl)
}

const writeConnectResult = (writer: JsonWriter, result: ConnectResult): void => {
  writer.stringField('client', result.client)
  writer.stringField('version', result.version)
  writeExpiry(writer, result)
  writer.rawField('data', result.data)
  writeSubs(writer, result)
  writePingAndSession(writer, result)
}

/** The push that stands for the connect reply on one-way streams: the same fields, some in other places. */
const writeConnectPush = (writer: JsonWriter, result: ConnectResult): void => {
  writer.stringField('client', result.client)
  writer.stringField('version', result.version)
  writer.rawField('data', result.data)
  writeSubs(writer, result)
  writeExpiry(writer, result)
  writePingAndSession(writer, result)
}

const writeSubs = (writer: JsonWriter, { subs }: ConnectResult): void => {
  if (subs === undefined || subs.size === 0) return
  writer.key('subs')
  writeMap(writer, subs, writeSubscribeResult)
}

const writePingAndSession = (writer: JsonWriter, result: ConnectResult): void => {
  writer.numberField('ping', result.ping)
  writer.trueField('pong', result.pong)
  writer.stringField('session', result.session)
  writer.stringField('node', result.node)
  writer.numberField('time', result.time)
}

const writeSubscribeResult = (writer: JsonWriter, result: SubscribeResult): void => {
  writeExpiry(writer, result)
  writer.trueField('recoverable', result.recoverable)
  writer.stringField('epoch', result.epoch)
  if (result.publications !== undefined && result.publications.length > 0) {
    writer.key('publications')
    writePublications(writer, result.publications)
  }
  writer.trueField('recovered', result.recovered)
  writer.numberField('offset', result.offset)
  writer.trueField('positioned', result.positioned)
  writer.rawField('data', result.data)
  writer.trueField('was_recovering', result.wasRecovering)
  writer.trueField('delta', result.delta)
}

const writePresence = (writer: JsonWriter, presence: ReadonlyMap<string, ClientInfo>): void => {
  writer.key('presence')
  writeMap(writer, presence, writeClientInfo)
}

const writeHistoryResult = (writer: JsonWriter, result: HistoryResult): void => {
  writer.key('publications')
  writePublications(writer, result.publications)
  writer.key('epoch')
  writer.string(result.epoch)
  writer.key('offset')
  writer.number(result.offset)
}

/** A map whose values are messages; `write` fills in their members. */
const writeMap = <Message>(
  writer: JsonWriter,
  map: ReadonlyMap<string, Message>,
  write: (writer: JsonWriter, message: Message) => void,
): void => {
  writer.beginObject()
  for (const [name, message] of map) {
    writer.name(name)
    writer.beginObject()
    write(writer, message)
    writer.endObject()
  }
  writer.endObject()
}

const writePublications = (writer: JsonWriter, publications: readonly (Publication | DeliveredPublication)[]): void => {
  writer.beginArray()
  for (const publication of publications) {
    writer.element()
    writer.beginObject()
    writePublication(writer, publication)
    writer.endObject()
  }
  writer.endArray()
}

const writePublication = (writer: JsonWriter, publication: DeliveredPublication): void => {
  writeData(writer, publication)
  if (publication.info !== undefined) {
    writer.key('info')
    writer.beginObject()
    writeClientInfo(writer, publication.info)
    writer.endObject()
  }
  writer.numberField('offset', publication.offset)
  if (publication.tags !== undefined) writeTags(writer, publication.tags)
  writer.trueField('delta', publication.delta)
  writer.stringField('epoch', publication.epoch)
  writer.numberField('version', publication.version)
}

const writeData = (writer: JsonWriter, publication: DeliveredPublication): void => {
  const { data, isJson = false } = publication
  if (publication.asString !== true) return writer.rawField('data', data, isJson)
  writer.key('data')
  // A full payload in a string is parsed by the subscriber, a patch is not.
  writer.text(data, publication.delta === true || isJson)
}

const writeTags = (writer: JsonWriter, tags: Readonly<Record<string, string>>): void => {
  const names = Object.keys(tags)
  if (names.length === 0) return
  writer.key('tags')
  writer.beginObject()
  for (const name of names) {
    writer.name(name)
    writer.string(tags[name]!)
  }
  writer.endObject()
}

const writeClientInfo = (writer: JsonWriter, info: ClientInfo): void => {
  writer.key('user')
  writer.string(info.user)
  writer.key('client')
  writer.string(info.client)
  writer.rawField('conn_info', info.connInfo)
  writer.rawField('chan_info', info.chanInfo)
}

/** A bare push: what one-way transports get, and what stands under `push` in two-way ones. */
export const writePush = (writer: JsonWriter, push: Push): void => {
  writer.beginObject()
  if ('channel' in push) writer.stringField('channel', push.channel)
  writer.key(pushKeys[push.kind])
  writer.beginObject()
  writePushed(writer, push)
  writer.endObject()
  writer.endObject()
}

const pushKeys = {
  publication: 'pub',
  join: 'join',
  leave: 'leave',
  unsubscribe: 'unsubscribe',
  message: 'message',
  subscribe: 'subscribe',
  connect: 'connect',
  disconnect: 'disconnect',
  refresh: 'refresh',
} as const satisfies Record<Push['kind'], string>

const writePushed = (writer: JsonWriter, push: Push): void => {
  switch (push.kind) {
    case 'publication':
      return writePublication(writer, push.publication)
    case 'join':
    case 'leave':
      writer.key('info')
      writer.beginObject()
      writeClientInfo(writer, push.info)
      return writer.endObject()
    case 'unsubscribe':
    case 'disconnect':
      writer.numberField('code', push.code)
      return writer.stringField('reason', push.reason)
    case 'message':
      return writer.rawField('data', push.data)
    case 'subscribe':
      return writeSubscribePush(writer, push.result)
    case 'connect':
      return writeConnectPush(writer, push.result)
    case 'refresh':
      return writeExpiry(writer, push)
  }
}

const writeSubscribePush = (writer: JsonWriter, result: Extract<Push, { kind: 'subscribe' }>['result']): void => {
  writer.trueField('recoverable', result.recoverable)
  writer.stringField('epoch', result.epoch)
  writer.numberField('offset', result.offset)
  writer.trueField('positioned', result.positioned)
  writer.rawField('data', result.data)
}
