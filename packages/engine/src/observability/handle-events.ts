import type { EngineEvent, EventKind, EventStream } from '../events.ts'

/** One function per kind of event; kinds left out are not listened to, so that nobody builds them for nothing. */
export type EventHandlers = { readonly [Kind in EventKind]?: (event: EngineEvent & { readonly kind: Kind }) => void }

/** Hands events to their functions until the returned function is called. */
export const handleEvents = (events: EventStream, handlers: EventHandlers): (() => void) => {
  const kinds = Object.keys(handlers) as EventKind[]
  if (kinds.length === 0) return () => {}
  const byKind = handlers as Readonly<Partial<Record<EventKind, (event: EngineEvent) => void>>>
  return events.on((event) => byKind[event.kind]?.(event), kinds)
}
