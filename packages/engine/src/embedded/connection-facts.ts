import type { ConnectRequest, Payload } from '@xshathra/protocol'
import type { Scope } from '../names.ts'
import type { AdmissionRequest, ConnectionFacts } from '../tenancy.ts'
import type { Transport } from '../transport.ts'
import type { Connection } from './connection.ts'

/**
 * What is known of a connection by the stream it came on. A class with getters, because headers and addresses are dear to
 * find and most decisions look at neither.
 */
class StreamFacts {
  readonly client: string
  readonly emulatedHeaders: Readonly<Record<string, string>>
  protected readonly stream: Transport
  #headers: ConnectionFacts['headers'] | undefined = undefined

  constructor(connection: Connection, stream: Transport) {
    this.client = connection.id
    this.emulatedHeaders = connection.emulatedHeaders
    this.stream = stream
  }

  get transport(): string {
    return this.stream.name
  }

  get protocol(): ConnectionFacts['protocol'] {
    return this.stream.form.codec.protocol
  }

  get headers(): ConnectionFacts['headers'] {
    this.#headers ??= this.stream.headers
    return this.#headers
  }
}

/** A connection that is somebody, as it stands when this is made. */
export class KnownFacts extends StreamFacts implements ConnectionFacts {
  readonly scope: Scope
  readonly user: string
  readonly meta: Payload | undefined

  constructor(connection: Connection, stream: Transport) {
    super(connection, stream)
    this.scope = connection.scope
    this.user = connection.user
    this.meta = connection.meta
  }
}

/** A newcomer and its connect command. */
export class NewcomerFacts extends StreamFacts implements AdmissionRequest {
  readonly token: string
  readonly data: Payload | undefined
  readonly name: string
  readonly version: string
  readonly channels: readonly string[]

  constructor(connection: Connection, stream: Transport, { token, data, name, version, subs }: ConnectRequest) {
    super(connection, stream)
    this.token = token
    this.data = data
    this.name = name
    this.version = version
    this.channels = [...subs.keys()]
  }

  get origin(): string | undefined {
    return this.stream.origin
  }

  get remoteAddress(): string {
    return this.stream.remoteAddress
  }
}
