import type { ConnectionFacts, Extension } from '../tenancy.ts'
import { EventProxy } from './event-proxy.ts'
import { type ExtensionAnswer, readExtension, withoutExtension } from './extension-answer.ts'
import type { ProxyOptions } from './proxy-options.ts'

/** Asks a backend whether a connection whose time is over may stay. */
export type RefreshProxy = EventProxy<ConnectionFacts, ExtensionAnswer>

export const createRefreshProxy = (options: ProxyOptions): RefreshProxy =>
  new EventProxy(options, {
    describe: (connection) => ({
      from: connection,
      members: { user: connection.user },
      payloads: { meta: connection.meta },
    }),
    read(body) {
      const answer = readExtension(body)
      return isWithoutEnd(answer) ? { kind: 'expired' } : answer
    },
    withoutAnswer: withoutExtension,
  })

/** A backend that lets a connection stay has to say until when; a subscription may stay for ever. */
const isWithoutEnd = (answer: ExtensionAnswer): answer is Extension =>
  answer.kind === 'extended' && answer.expireAt === undefined
