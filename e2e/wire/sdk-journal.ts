import { isDeepStrictEqual } from 'node:util'
import {
  Centrifuge,
  type Options,
  type Subscription,
  type SubscriptionOptions,
  type TransportEndpoint,
} from 'centrifuge'
import { Centrifuge as ProtobufCentrifuge } from 'centrifuge/build/protobuf'
import { EventSource } from 'eventsource'
import { WebSocket } from 'ws'
import { Arrivals } from './arrivals.ts'
import type { WireServer } from './servers.ts'

export type Entry = readonly [event: string, ...details: unknown[]]

export type SdkTransport = 'websocket' | 'protobuf' | 'http_stream' | 'sse'

/**
 * What the official JS SDK tells its user, written down in order: states with their codes, and what arrives in
 * subscriptions. The SDK is the published one, unmodified.
 */
export class SdkJournal {
  readonly client: Centrifuge
  readonly #entries = new Arrivals<Entry>()

  constructor(client: Centrifuge) {
    this.client = client
    client.on('connecting', ({ code }) => this.#note('connecting', code))
    client.on('connected', () => this.#note('connected'))
    client.on('disconnected', ({ code, reason }) => this.#note('disconnected', code, reason))
    client.on('error', ({ error }) => this.#note('error', error.code))
    client.on('subscribed', ({ channel, recovered }) => this.#note('server subscribed', channel, recovered))
    client.on('unsubscribed', ({ channel }) => this.#note('server unsubscribed', channel))
    client.on('publication', ({ channel, data }) => this.#note('server publication', channel, data))
  }

  /** Subscribes and writes down what becomes of it. */
  subscribe(channel: string, options: Partial<SubscriptionOptions> = {}): Subscription {
    const subscription = this.client.newSubscription(channel, options)
    subscription.on('subscribing', ({ code }) => this.#note('subscribing', channel, code))
    subscription.on('subscribed', ({ wasRecovering, recovered }) => {
      this.#note('subscribed', channel, ...(wasRecovering ? [{ recovered }] : []))
    })
    subscription.on('unsubscribed', ({ code, reason }) => this.#note('unsubscribed', channel, code, reason))
    subscription.on('publication', ({ data }) => this.#note('publication', channel, data))
    subscription.on('join', ({ info }) => this.#note('join', channel, info.user))
    subscription.on('leave', ({ info }) => this.#note('leave', channel, info.user))
    subscription.on('error', ({ error }) => this.#note('subscription error', channel, error.code))
    subscription.subscribe()
    return subscription
  }

  /** What was not looked at yet. */
  get entries(): readonly Entry[] {
    return this.#entries.waiting
  }

  /** Waits for an entry that begins like this, and answers all entries up to it since the last look. */
  async until(...beginning: Entry): Promise<Entry[]> {
    return this.#entries.takeUntil((entry) => isDeepStrictEqual(entry.slice(0, beginning.length), beginning))
  }

  #note(...entry: Entry): void {
    this.#entries.add(entry)
  }
}

const endpointOf = (server: WireServer, transport: SdkTransport): string | TransportEndpoint[] => {
  switch (transport) {
    case 'websocket':
    case 'protobuf':
      return server.webSocketUrl
    case 'http_stream':
    case 'sse':
      return [{ transport, endpoint: `${server.httpUrl}/connection/${transport}` }]
  }
}

/** An SDK client, not yet connected, with short delays between its attempts. It ends with the server. */
export const openSdk = (
  server: WireServer,
  options: Partial<Options> = {},
  transport: SdkTransport = 'websocket',
): SdkJournal => {
  const Client = transport === 'protobuf' ? (ProtobufCentrifuge as unknown as typeof Centrifuge) : Centrifuge
  const client = new Client(endpointOf(server, transport), {
    websocket: WebSocket,
    eventsource: EventSource,
    emulationEndpoint: `${server.httpUrl}/emulation`,
    minReconnectDelay: 50,
    maxReconnectDelay: 200,
    ...options,
  })
  server.closeLater(() => client.disconnect())
  return new SdkJournal(client)
}

/** An SDK client that has connected. */
export const connectSdk = async (...args: Parameters<typeof openSdk>): Promise<SdkJournal> => {
  const journal = openSdk(...args)
  journal.client.connect()
  await journal.until('connected')
  return journal
}
