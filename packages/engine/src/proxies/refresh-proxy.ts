import type { ConnectionFacts, Extension } from '../tenancy.ts'
import { askForExtension, type ExtensionAnswer } from './extension-answer.ts'
import { HttpProxy } from './http-proxy.ts'
import type { ProxyOptions } from './proxy-options.ts'

/** Asks a backend whether a connection whose time is over may stay. */
export class RefreshProxy {
  readonly #http: HttpProxy

  constructor(options: ProxyOptions) {
    this.#http = new HttpProxy(options)
  }

  async ask(connection: ConnectionFacts): Promise<ExtensionAnswer> {
    const answer = await askForExtension(this.#http, connection, { user: connection.user })
    return isWithoutEnd(answer) ? { kind: 'expired' } : answer
  }

  close(): void {
    this.#http.close()
  }
}

/** A backend that lets a connection stay has to say until when; a subscription may stay for ever. */
const isWithoutEnd = (answer: ExtensionAnswer): answer is Extension =>
  answer.kind === 'extended' && answer.expireAt === undefined
