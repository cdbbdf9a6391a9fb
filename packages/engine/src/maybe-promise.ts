/**
 * A value that is there already wherever nothing has to be waited for. The engine's hot path stays in one tick (and so
 * in order) as long as nobody in it really waits.
 */
export type MaybePromise<Value> = Value | Promise<Value>

export const isPromise = <Value>(value: MaybePromise<Value>): value is Promise<Value> => value instanceof Promise

/** Goes on with a value: at once where it is there, later where it has to be waited for. */
export const whenReady = <Value, Next>(
  value: MaybePromise<Value>,
  next: (value: Value) => MaybePromise<Next>,
): MaybePromise<Next> => (isPromise(value) ? value.then(next) : next(value))
