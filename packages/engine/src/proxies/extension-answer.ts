import type { Extension } from '../tenancy.ts'
import type { NoAnswer } from './http-proxy.ts'
import { parseAnswer, readExpireAt } from './proxy-answer.ts'

/**
 * Whether something whose time is over may stay; `failed`: the backend could not be asked, or said nothing that can be
 * read.
 */
export type ExtensionAnswer = Extension | { readonly kind: 'failed' }

/**
 * Only a result says that it may stay: an error, a disconnect, a status with a meaning and a null result are all taken
 * for "no". Source: Centrifugo, refresh and sub_refresh proxies.
 */
export const readExtension = (body: Buffer): ExtensionAnswer => {
  const members = parseAnswer(body)
  if (members === undefined) return { kind: 'failed' }
  const result = members.object('result')
  const extension: Extension =
    result === undefined || result.boolean('expired') === true
      ? { kind: 'expired' }
      : { kind: 'extended', expireAt: readExpireAt(result), info: result.payload('info'), meta: result.raw('meta') }
  return members.wrongMember === undefined ? extension : { kind: 'failed' }
}

export const withoutExtension = ({ isMeant }: NoAnswer): ExtensionAnswer => ({ kind: isMeant ? 'expired' : 'failed' })
