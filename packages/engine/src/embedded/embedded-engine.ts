import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Disconnect, disconnects } from '@xshathra/protocol'
import type { ConnectionView, Engine, EngineApi, EngineStatus, NodeInfo } from '../engine.ts'
import type { EventStream } from '../events.ts'
import type { Scope } from '../names.ts'
import type { ClientOptions } from '../options.ts'
import type { TransportsOptions } from '../transports/transport-options.ts'
import { createTransports, type Transports } from '../transports/transports.ts'
import { createEngineCore, type EngineCore, type EngineCoreNeeds } from './engine-core.ts'

export interface EmbeddedEngineNeeds extends EngineCoreNeeds {
  readonly transports: Omit<TransportsOptions, 'onReject' | 'limits'>
}

/** Our own engine behind its doors: WebSocket, HTTP streams and their emulation, on one core. */
export class EmbeddedEngine implements Engine {
  readonly api: EngineApi
  readonly events: EventStream
  readonly #core: EngineCore
  readonly #transports: Transports
  #isOpen = true

  constructor(core: EngineCore, transports: Transports) {
    this.api = core.api
    this.events = core.events
    this.#core = core
    this.#transports = transports
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#transports.handleUpgrade(request, socket, head)
  }

  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#transports.handleRequest(request, response)
  }

  status(): EngineStatus {
    return { kind: 'embedded', ready: this.#isOpen }
  }

  node(): NodeInfo {
    return this.#core.node()
  }

  /** Open connections, of one scope if given. */
  connections(scope?: Scope): ConnectionView[] {
    return this.#core.connections(scope)
  }

  /** Disconnects every connection that `isMeant` says yes to. */
  disconnectWhere(
    isMeant: (connection: ConnectionView) => boolean,
    disconnect: Disconnect = disconnects.forceDisconnect,
  ): void {
    this.#core.disconnectWhere(isMeant, disconnect)
  }

  /** Puts new limits in force, for open connections too. */
  reload(client: ClientOptions): void {
    this.#core.reload(client)
  }

  async close(): Promise<void> {
    this.#isOpen = false
    this.#core.disconnectAll()
    await this.#transports.closeAll(disconnects.shutdown)
    await this.#core.close()
  }
}

export const createEmbeddedEngine = async (needs: EmbeddedEngineNeeds): Promise<EmbeddedEngine> => {
  const core = await createEngineCore(needs)
  const onReject = (transport: string, status: number, rule: string) => {
    if (core.events.wants('reject')) core.events.emit({ kind: 'reject', transport, status, rule })
  }
  return new EmbeddedEngine(core, createTransports({ ...needs.transports, limits: () => core.client, onReject }, core))
}
