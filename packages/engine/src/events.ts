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
  | {
      readonly kind: 'command'
      readonly command: string
      readonly namespace: string
      readonly seconds: number
      readonly code: number
    }
  | { readonly kind: 'store'; readonly state: 'failing' | 'recovered'; readonly detail: string }
  | { readonly kind: 'internal'; readonly where: string; readonly error: unknown }

export type EventListener = (event: EngineEvent) => void

/**
 * The engine's one event stream. Whoever emits asks `active` first and builds the event only then, so that it costs
 * nothing while nobody listens.
 */
export class EventStream {
  #listeners: readonly EventListener[] = []
  readonly #onListenerError: (error: unknown) => void

  /** `onListenerError` is told what a listener threw; the engine and the other listeners go on. */
  constructor(onListenerError: (error: unknown) => void = () => {}) {
    this.#onListenerError = onListenerError
  }

  get active(): boolean {
    return this.#listeners.length > 0
  }

  /** Listens until the returned function is called. */
  on(listener: EventListener): () => void {
    this.#listeners = [...this.#listeners, listener]
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener)
    }
  }

  emit(event: EngineEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        this.#onListenerError(error)
      }
    }
  }
}
