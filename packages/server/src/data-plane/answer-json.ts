import type { HistoryPage, PublishOutcome } from '@xshathra/engine'
import { type ClientInfo, isJsonValue, type Payload, type Publication } from '@xshathra/protocol'

/** Answers as JSON text. Payloads are spliced in as they are, never parsed and written again. */

export const doneJson = '{"ok":true}'

/** Position of a publication, as the inside of an object; empty where nothing is kept. */
export const positionJson = ({ offset, epoch }: PublishOutcome): string =>
  offset === 0 ? '' : `"offset":${offset},"epoch":${JSON.stringify(epoch)}`

export const publishedJson = (outcome: PublishOutcome): string =>
  outcome.offset === 0 ? doneJson : `{"ok":true,${positionJson(outcome)}}`

export const presenceJson = (presence: ReadonlyMap<string, ClientInfo>): string =>
  `{"clients":{${Array.from(presence, ([id, info]) => `${JSON.stringify(id)}:{${whoJson(info)}}`).join()}}}`

export const historyJson = ({ publications, offset, epoch }: HistoryPage): string =>
  `{"publications":[${publications.map(publicationJson).join()}],"offset":${offset},"epoch":${JSON.stringify(epoch)}}`

const publicationJson = ({ offset, data, isJson, tags, info }: Publication): string => {
  let json = `{"offset":${offset},${dataJson(data, isJson ?? false)}`
  if (tags !== undefined) json += `,"tags":${JSON.stringify(tags)}`
  if (info !== undefined) json += `,"info":{"client":${JSON.stringify(info.client)},${whoJson(info)}}`
  return `${json}}`
}

/** What Protobuf clients publish need not be JSON; it is told in base64 then. */
const dataJson = (data: Payload, isJson: boolean): string =>
  isJson || isJsonValue(data) ? `"data":${textOf(data)}` : `"dataBase64":"${bufferOf(data).toString('base64')}"`

const whoJson = ({ user, connInfo, chanInfo }: ClientInfo): string =>
  `"userId":${JSON.stringify(user)}${infoJson('connInfo', connInfo)}${infoJson('chanInfo', chanInfo)}`

const infoJson = (name: string, info: Payload | undefined): string =>
  info !== undefined && info.length > 0 && isJsonValue(info) ? `,"${name}":${textOf(info)}` : ''

const textOf = (bytes: Payload): string => bufferOf(bytes).toString('utf8')

const bufferOf = (bytes: Payload): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
