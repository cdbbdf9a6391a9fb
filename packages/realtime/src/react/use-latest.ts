import { type RefObject, useInsertionEffect, useRef } from 'react'

/** A value as of the last render that was committed, for callbacks that outlive renders. */
export const useLatest = <Value>(value: Value): RefObject<Value> => {
  const latest = useRef(value)
  useInsertionEffect(() => {
    latest.current = value
  })
  return latest
}
