import { Centrifuge, type DisconnectedContext, type ErrorContext } from 'centrifuge'
import type { RealtimeProblem } from '../result.ts'
import { assertFunctions } from './assert-functions.ts'
import { problemOfError } from './client-problem.ts'
import { defaultUrl } from './default-url.ts'
import { demandToken, type TokenAnswer } from './demand-token.ts'
import { endpointsOf } from './endpoints.ts'
import type { Feed } from './feed.ts'
import { lingerMs } from './linger.ts'
import { omitUndefined } from './omit-undefined.ts'
import type { ConnectionState } from './status.ts'
import { watchForWaking } from './wake-watch.ts'

/** A class that speaks the WebSocket API: the global one, that of the package `ws`, or a test server's. */
// biome-ignore lint/suspicious/noExplicitAny: sockets of different libraries agree in what is used, not in their types
export type WebSocketClass = new (...args: any[]) => unknown

export interface ConnectionOptions {
  /**
   * The socket: `wss://realtime.example.com/realtime/connection/websocket`. By default
   * `NEXT_PUBLIC_XSHATHRA_REALTIME_URL`, else the origin of the page.
   */
  readonly url?: string | undefined
  /** A connection token that lasts for as long as it does. */
  readonly token?: string | undefined
  /**
   * Fetches a connection token, at the start and whenever one expires. What it throws is tried again later; a
   * {@link UnauthorizedError} or nothing means that there will be none. See {@link fetchToken}.
   */
  readonly getToken?: (() => TokenAnswer) | undefined
  /** Public key of the project, where it admits connections without a token or its tokens do not name it. */
  readonly clientApiKey?: string | undefined
  /**
   * Subscriptions of one url and one identity share a connection. By default the identity is the token, or the very
   * function `getToken`; name the user here where each call brings a function of its own.
   */
  readonly identity?: string | undefined
  /** For run times without a global WebSocket, and for tests. */
  readonly websocket?: WebSocketClass | undefined
}

export interface ConnectionListener {
  onConnectionState?(state: ConnectionState): void
  onConnectionError?(problem: RealtimeProblem): void
}

/** One connection, shared by all that subscribe over it. It is open while somebody holds it. */
export class Connection {
  readonly url: string
  readonly centrifuge: Centrifuge
  readonly #listeners = new Set<ConnectionListener>()
  readonly #feeds = new Map<string, Feed>()
  readonly #onGone: () => void
  readonly #stopWatching: () => void
  #holders = 0
  #closing: ReturnType<typeof setTimeout> | undefined
  #isRestarting = false
  #state: ConnectionState = 'connecting'
  #offlineReason = ''

  /** `onGone` is called once, when it is of no use any more. */
  constructor(options: ConnectionOptions, url: string, onGone: () => void) {
    this.url = url
    this.#onGone = onGone
    this.centrifuge = createCentrifuge(options, url)
    this.#listen()
    this.#stopWatching = watchForWaking(() => void this.probe())
    this.centrifuge.connect()
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** Why there is no connection, while it is `offline`. */
  get offlineReason(): string {
    return this.#offlineReason
  }

  /** Keeps it open until the returned function is called. */
  hold(listener: ConnectionListener = {}): () => void {
    clearTimeout(this.#closing)
    this.#closing = undefined
    this.#holders++
    this.#listeners.add(listener)
    return () => {
      if (!this.#listeners.delete(listener)) return
      this.#holders--
      if (this.#holders === 0) this.#closing = setTimeout(() => this.#close(), lingerMs)
    }
  }

  /** The feed of a channel; `create` says how one is opened where there is none yet. */
  feed(channel: string, create: () => Feed): Feed {
    const existing = this.#feeds.get(channel)
    if (existing !== undefined) return existing
    const feed = create()
    this.#feeds.set(channel, feed)
    return feed
  }

  forget(feed: Feed): void {
    if (this.#feeds.get(feed.channel) === feed) this.#feeds.delete(feed.channel)
  }

  /**
   * Asks the server for a sign of life, and begins anew where none comes. For moments in which a connection may have died
   * unnoticed. Any answer is one, the error that there is no such method too.
   */
  async probe(): Promise<void> {
    if (this.#state !== 'connected') return
    try {
      await this.centrifuge.rpc('xshathra.alive', null)
    } catch (error) {
      if (Object(error).code === timeoutCode && this.#state === 'connected') this.#restart()
    }
  }

  #restart(): void {
    this.#isRestarting = true
    this.centrifuge.disconnect()
    this.#isRestarting = false
    this.#becomeOffline('no answer')
    this.centrifuge.connect()
  }

  #listen(): void {
    const { centrifuge } = this
    centrifuge.on('connecting', ({ code, reason }) => {
      if (code !== 0) this.#becomeOffline(reason)
    })
    centrifuge.on('connected', () => {
      this.#setState('connected')
      for (const feed of this.#feeds.values()) feed.onConnected()
    })
    centrifuge.on('disconnected', (ending) => {
      if (!this.#isRestarting && this.#holders > 0) this.#end(ending)
    })
    centrifuge.on('error', (context: ErrorContext) => {
      const problem = problemOfError(context.error, this.url)
      if (this.#state === 'connecting') this.#becomeOffline(problem.message)
      for (const listener of [...this.#listeners]) listener.onConnectionError?.(problem)
    })
    // Subscriptions that the token made; those that clients make have events of their own.
    const feedOf = ({ channel }: { readonly channel: string }) => this.#feeds.get(channel)
    centrifuge.on('publication', (context) => feedOf(context)?.onPublication(context))
    centrifuge.on('join', (context) => feedOf(context)?.presence.join(context.info))
    centrifuge.on('leave', (context) => feedOf(context)?.presence.leave(context.info))
    centrifuge.on('subscribed', (context) => feedOf(context)?.onServerSubscribed(context))
    centrifuge.on('unsubscribed', (context) => feedOf(context)?.onServerUnsubscribed())
  }

  #becomeOffline(reason: string): void {
    this.#offlineReason = reason
    this.#setState('offline')
    for (const feed of this.#feeds.values()) feed.onOffline(reason)
  }

  /** The server ended it, or there is no token: it is over, and whoever subscribes next gets another one. */
  #end({ code, reason }: DisconnectedContext): void {
    this.#onGone()
    this.#stopWatching()
    this.#setState('refused')
    for (const feed of this.#feeds.values()) feed.onRefused(code, reason)
  }

  #setState(state: ConnectionState): void {
    if (this.#state === state) return
    this.#state = state
    for (const listener of [...this.#listeners]) listener.onConnectionState?.(state)
  }

  #close(): void {
    this.#onGone()
    this.#stopWatching()
    this.centrifuge.disconnect()
  }
}

/** Source: centrifuge-js, `errorCodes.timeout`. */
const timeoutCode = 1

const createCentrifuge = (options: ConnectionOptions, url: string): Centrifuge => {
  const { token, getToken, clientApiKey, websocket } = options
  const { connection, emulation } = endpointsOf(url, websocket !== undefined)
  return new Centrifuge(
    connection,
    omitUndefined({
      name: 'xshathra-js',
      token,
      getToken: getToken && demandToken(getToken),
      data: clientApiKey && { client_api_key: clientApiKey },
      websocket,
      emulationEndpoint: emulation,
    }),
  )
}

const connections = new Map<string, Connection>()

/** The connection of this url and identity: the one that is open, or a new one. Somebody must hold it. */
export const shareConnection = (options: ConnectionOptions): Connection => {
  const url = options.url ?? defaultUrl()
  assertOptions(options, url)
  const { identity, token, getToken, clientApiKey, websocket } = options
  const key = JSON.stringify([url, identity ?? [token, idOf(getToken)], clientApiKey, idOf(websocket)])
  const open = connections.get(key)
  if (open !== undefined) return open
  const made: Connection = new Connection(options, url, () => {
    if (connections.get(key) === made) connections.delete(key)
  })
  connections.set(key, made)
  return made
}

const assertOptions = (options: ConnectionOptions, url: string): void => {
  if (!URL.canParse(url) || !/^(ws|http)s?:/.test(url)) {
    throw new TypeError('url must begin with ws:// or wss://')
  }
  const { token } = options
  if (token !== undefined && (typeof token !== 'string' || token === '')) throw new TypeError('token must be a string')
  assertFunctions(options, ['getToken', 'websocket'])
}

const ids = new WeakMap<object, number>()
let lastId = 0

const idOf = (object: object | undefined): number => {
  if (object === undefined) return 0
  const id = ids.get(object) ?? ++lastId
  ids.set(object, id)
  return id
}
