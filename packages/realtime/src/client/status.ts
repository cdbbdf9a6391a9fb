/** How a subscription stands. */
export type Status =
  /** The first attempt is under way. */
  | { readonly state: 'connecting' }
  | {
      readonly state: 'live'
      /**
       * `start`: subscribed for the first time. `recovered`: back, and every message that was missed follows. `gap`: back,
       * and messages may be missing: load anew what is shown.
       */
      readonly continuity: 'start' | 'recovered' | 'gap'
    }
  /** Connected again, and catching up. */
  | { readonly state: 'recovering' }
  /** The connection is lost or cannot be made; it is tried again and again. */
  | { readonly state: 'offline'; readonly reason: string }
  /** The server said no, and asking again would not help. `subscribe` anew where that has changed. */
  | {
      readonly state: 'refused'
      readonly reason: string
      /** Code of the error or disconnect. */
      readonly code: number
      /** A page about this code. */
      readonly docs?: string | undefined
    }

/** How a connection stands, whatever its channels do. */
export type ConnectionState = 'connecting' | 'connected' | 'offline' | 'refused'

export const isSameStatus = (one: Status, other: Status): boolean =>
  one === other || (one.state === other.state && JSON.stringify(one) === JSON.stringify(other))
