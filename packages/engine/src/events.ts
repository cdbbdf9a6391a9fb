import type { Scope } from './names.ts'

interface OfConnection {
  readonly client: string
  readonly scope: Scope
  readonly user: string
}

/**
 * Everything worth counting, logging or showing, said once. Channels are full names as their scope knows them.
 * No event ever carries a token or a secret.
 */
export type EngineEvent =
  | { readonly kind: 'open'; readonly transport: string; readonly protocol: string }
  | (OfConnection & {
      readonly kind: 'connect'
      readonly transport: string
      readonly protocol: string
      readonly name: string
      readonly version: string
      readonly credentialId?: string | undefined
      readonly remoteAddress: string
    })
  /** A command that was refused, with the rule that refused it. */
  | (OfConnection & {
      readonly kind: 'refuse'
      readonly command: string
      readonly channel?: string | undefined
      readonly code: number
      readonly message: string
      readonly rule: string
      readonly detail?: string | undefined
    })
  | (OfConnection & {
      readonly kind: 'subscribe'
      readonly channel: string
      readonly namespace: string
      readonly serverSide: boolean
      readonly recovered?: boolean | undefined
      readonly recoveredCount?: number | undefined
    })
  | (OfConnection & {
      readonly kind: 'unsubscribe'
      readonly channel: string
      readonly namespace: string
      readonly code: number
    })
  | {
      readonly kind: 'publish'
      readonly scope: Scope
      readonly channel: string
      readonly namespace: string
      readonly offset: number
      readonly bytes: number
      /** Connections it was handed to. */
      readonly receivers: number
      readonly by: 'api' | 'client'
      readonly client?: string | undefined
      readonly user?: string | undefined
      /** From request to announcement. */
      readonly latencyMs: number
    }
  | (OfConnection & { readonly kind: 'join' | 'leave'; readonly channel: string; readonly namespace: string })
  | (OfConnection & {
      readonly kind: 'disconnect'
      readonly transport: string
      readonly code: number
      readonly reason: string
      readonly slow: boolean
      readonly durationMs: number
    })
  /** A connection was turned away before it was accepted. */
  | { readonly kind: 'reject'; readonly transport: string; readonly status: number; readonly rule: string }
  | { readonly kind: 'command'; readonly command: string; readonly seconds: number }
  /** A call of the server API was answered. `failure`: the error code, or `unmarshal` for a call that could not be read. */
  | {
      readonly kind: 'api'
      readonly method: string
      readonly seconds: number
      readonly failure?: number | 'unmarshal' | undefined
    }
  | { readonly kind: 'store'; readonly state: 'failing' | 'recovered'; readonly detail: string }
  | { readonly kind: 'internal'; readonly where: string; readonly error: unknown }

export type EventKind = EngineEvent['kind']
export type EventListener = (event: EngineEvent) => void

/**
 * The engine's one event stream. Whoever emits asks `active`, or `wants` about the kind, first and builds the event only
 * then, so that it costs nothing while nobody listens.
 */
export class EventStream {
  #listeners: readonly { readonly listener: EventListener; readonly kinds: ReadonlySet<EventKind> | undefined }[] = []
  readonly #onListenerError: (error: unknown) => void

  /** `onListenerError` is told what a listener threw; the engine and the other listeners go on. */
  constructor(onListenerError: (error: unknown) => void = () => {}) {
    this.#onListenerError = onListenerError
  }

  get active(): boolean {
    return this.#listeners.length > 0
  }

  /** Whether anybody listens to events of this kind. */
  wants(kind: EventKind): boolean {
    for (const { kinds } of this.#listeners) if (kinds === undefined || kinds.has(kind)) return true
    return false
  }

  /** Listens, to these kinds or to all, until the returned function is called. */
  on(listener: EventListener, kinds?: Iterable<EventKind>): () => void {
    const entry = { listener, kinds: kinds && new Set(kinds) }
    this.#listeners = [...this.#listeners, entry]
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== entry)
    }
  }

  emit(event: EngineEvent): void {
    for (const { listener, kinds } of this.#listeners) {
      if (kinds !== undefined && !kinds.has(event.kind)) continue
      try {
        listener(event)
      } catch (error) {
        this.#onListenerError(error)
      }
    }
  }
}
