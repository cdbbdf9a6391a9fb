import type { SubscriptionQuestion } from '../tenancy.ts'
import { askForExtension, type ExtensionAnswer } from './extension-answer.ts'
import { HttpProxy } from './http-proxy.ts'
import type { ProxyOptions } from './proxy-options.ts'

/** Asks a backend whether a subscription whose time is over may stay. */
export class SubRefreshProxy {
  readonly #http: HttpProxy

  constructor(options: ProxyOptions) {
    this.#http = new HttpProxy(options)
  }

  ask({ connection, name }: SubscriptionQuestion): Promise<ExtensionAnswer> {
    return askForExtension(this.#http, connection, { user: connection.user, channel: name })
  }

  close(): void {
    this.#http.close()
  }
}
