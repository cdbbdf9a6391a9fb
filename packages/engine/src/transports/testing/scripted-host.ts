import type { Disconnect } from '@xshathra/protocol'
import { vi } from 'vitest'
import type { MaybePromise } from '../../maybe-promise.ts'
import type { Transport, TransportEvents, TransportHost } from '../../transport.ts'

/** The engine's half of a stream, as a test plays it: it writes down what the transport tells. */
export class ScriptedConnection implements TransportEvents {
  readonly transport: Transport
  readonly frames: string[] = []
  readonly connectRequests: string[] = []
  readonly violations: Disconnect[] = []
  timesClosed = 0
  /** What it does with a frame; nothing unless a test says so. */
  handle: (frame: Buffer) => MaybePromise<void> = () => {}

  constructor(transport: Transport) {
    this.transport = transport
  }

  onFrame(frame: Uint8Array): MaybePromise<void> {
    this.frames.push(Buffer.from(frame).toString())
    return this.handle(Buffer.from(frame))
  }

  onConnectRequest(frame: Uint8Array): void {
    this.connectRequests.push(Buffer.from(frame).toString())
    this.onRequest?.(this)
  }

  onRequest?: (connection: ScriptedConnection) => void

  onViolation(disconnect: Disconnect): void {
    this.violations.push(disconnect)
  }

  onClosed(): void {
    this.timesClosed++
  }

  /** Writes text in the stream's own framing. */
  say(text: string): void {
    this.transport.write(this.transport.form.frame(Buffer.from(text)))
  }

  untilClosed(): Promise<void> {
    return vi.waitFor(() => {
      if (this.timesClosed === 0) throw new Error('the stream is still open')
    })
  }
}

export class ScriptedHost implements TransportHost {
  readonly nodeId = 'node-1'
  readonly connections: ScriptedConnection[] = []
  /** Prepares each connection as it is opened. */
  prepare: (connection: ScriptedConnection) => void = () => {}

  open(transport: Transport): TransportEvents {
    const connection = new ScriptedConnection(transport)
    this.connections.push(connection)
    this.prepare(connection)
    return connection
  }

  /** The connection that was opened at this place, from 0 on. */
  connection(index = 0): Promise<ScriptedConnection> {
    return vi.waitFor(() => {
      const connection = this.connections[index]
      if (!connection) throw new Error(`no connection ${index} yet`)
      return connection
    })
  }
}
