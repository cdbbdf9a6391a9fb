import type { ClientInfo, Payload, ProtocolError, Publication } from '@xshathra/protocol'
import { InappropriatePayload, isJsonValue } from '@xshathra/protocol'
import type { HistoryPage, PublishOutcome } from '../broker/broker.ts'
import type { NodeInfo } from '../engine.ts'

/**
 * Results of the server API as JSON text. Payloads are spliced in as they are. Fields that Centrifugo leaves out when
 * they are zero are left out, those it always writes are always written (its server API reference).
 */

export const publishJson = ({ offset, epoch }: PublishOutcome): string => {
  if (offset === 0) return epoch === '' ? '{}' : `{"epoch":${JSON.stringify(epoch)}}`
  return epoch === '' ? `{"offset":${offset}}` : `{"offset":${offset},"epoch":${JSON.stringify(epoch)}}`
}

export const historyJson = ({ publications, epoch, offset }: HistoryPage): string =>
  `{"publications":[${publications.map(publicationJson).join()}],"epoch":${JSON.stringify(epoch)},"offset":${offset}}`

const publicationJson = ({ data, isJson, info, offset, tags }: Publication): string => {
  let json = `{"data":${isJson ? textOf(data) : payloadJson(data)}`
  if (info !== undefined) json += `,"info":${clientInfoJson(info)}`
  if (offset > 0) json += `,"offset":${offset}`
  if (tags !== undefined) json += `,"tags":${JSON.stringify(tags)}`
  return `${json}}`
}

export const presenceJson = (presence: ReadonlyMap<string, ClientInfo>): string =>
  `{"presence":${mapJson(presence, clientInfoJson)}}`

const clientInfoJson = ({ user, client, connInfo, chanInfo }: ClientInfo): string => {
  let json = `{"user":${JSON.stringify(user)},"client":${JSON.stringify(client)}`
  if (connInfo !== undefined && connInfo.length > 0) json += `,"conn_info":${payloadJson(connInfo)}`
  if (chanInfo !== undefined && chanInfo.length > 0) json += `,"chan_info":${payloadJson(chanInfo)}`
  return `${json}}`
}

export const presenceStatsJson = (stats: { readonly numClients: number; readonly numUsers: number }): string =>
  `{"num_clients":${stats.numClients},"num_users":${stats.numUsers}}`

export const channelsJson = (channels: ReadonlyMap<string, { readonly numClients: number }>): string =>
  `{"channels":${mapJson(channels, ({ numClients }) => `{"num_clients":${numClients}}`)}}`

export const infoJson = ({ nodes }: { readonly nodes: readonly NodeInfo[] }): string =>
  JSON.stringify({
    nodes: nodes.map((node) => ({
      uid: node.uid,
      name: node.name,
      version: node.version,
      num_clients: node.numClients,
      num_users: node.numUsers,
      num_channels: node.numChannels,
      uptime: Math.floor(node.uptimeSeconds),
      num_subs: node.numSubs,
    })),
  })

export const emptyJson = (): string => '{}'

export const errorJson = ({ code, message }: ProtocolError): string =>
  `{"code":${code},"message":${JSON.stringify(message)}}`

const mapJson = <Value>(map: ReadonlyMap<string, Value>, json: (value: Value) => string): string =>
  `{${Array.from(map, ([name, value]) => `${JSON.stringify(name)}:${json(value)}`).join()}}`

/** A payload from elsewhere: what Protobuf clients publish need not be JSON, and then no JSON answer can carry it. */
const payloadJson = (payload: Payload): string => {
  if (!isJsonValue(payload)) throw new InappropriatePayload()
  return textOf(payload)
}

const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
