import type { ConnectionFacts, Extension } from '../tenancy.ts'
import type { HttpProxy } from './http-proxy.ts'
import { parseAnswer, readExpireAt } from './proxy-answer.ts'
import { commonMembers, encodeProxyRequest } from './proxy-request.ts'

/** `failed`: the backend could not be asked, or said nothing that can be read. */
export type ExtensionAnswer = Extension | { readonly kind: 'failed' }

/**
 * Asks whether something whose time is over may stay. Only a result says so: an error, a disconnect, a status with a
 * meaning and a null result are all taken for "no". Source: Centrifugo, refresh and sub_refresh proxies.
 */
export const askForExtension = async (
  http: HttpProxy,
  connection: ConnectionFacts,
  members: Readonly<Record<string, string>>,
): Promise<ExtensionAnswer> => {
  const { options } = http
  const plain = { ...commonMembers(connection, options), ...members }
  const body = encodeProxyRequest(plain, { meta: connection.meta }, options)
  if (!body.ok) return { kind: 'failed' }
  const answer = await http.post(body.value, connection)
  if (!answer.ok) return { kind: answer.problem.isMeant ? 'expired' : 'failed' }
  return readExtension(answer.value)
}

const readExtension = (body: Buffer): ExtensionAnswer => {
  const members = parseAnswer(body)
  if (members === undefined) return { kind: 'failed' }
  const result = members.object('result')
  const extension: Extension =
    result === undefined || result.boolean('expired') === true
      ? { kind: 'expired' }
      : { kind: 'extended', expireAt: readExpireAt(result), info: result.payload('info'), meta: result.raw('meta') }
  return members.wrongMember === undefined ? extension : { kind: 'failed' }
}
