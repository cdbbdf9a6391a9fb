import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Page, watchForWaking } from './wake-watch.ts'

class FakePage implements Page {
  visibilityState = 'visible'
  readonly listeners = new Set<() => void>()

  addEventListener(_: string, listener: () => void): void {
    this.listeners.add(listener)
  }

  removeEventListener(_: string, listener: () => void): void {
    this.listeners.delete(listener)
  }

  become(state: string): void {
    this.visibilityState = state
    for (const listener of this.listeners) listener()
  }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const watch = () => {
  const page = new FakePage()
  const onWake = vi.fn()
  return { page, onWake, stop: watchForWaking(onWake, page) }
}

describe('a page that comes to life', () => {
  it('is noticed when it is shown after a while, and not after a glance elsewhere', () => {
    const { page, onWake, stop } = watch()
    page.become('hidden')
    vi.advanceTimersByTime(5_000)
    page.become('visible')
    expect(onWake).not.toHaveBeenCalled()
    page.become('hidden')
    vi.advanceTimersByTime(60_000)
    page.become('visible')
    expect(onWake).toHaveBeenCalledOnce()
    stop()
  })

  it('is noticed when its machine has slept', () => {
    const { onWake, stop } = watch()
    vi.advanceTimersByTime(60_000)
    expect(onWake).not.toHaveBeenCalled()
    vi.setSystemTime(Date.now() + 3_600_000)
    vi.advanceTimersByTime(10_000)
    expect(onWake).toHaveBeenCalledOnce()
    stop()
  })

  it('leaves nothing behind when nobody watches any more', () => {
    const { page, stop } = watch()
    stop()
    expect(page.listeners.size).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is no concern of programs without a page', () => {
    watchForWaking(() => {}, undefined)()
    expect(vi.getTimerCount()).toBe(0)
  })
})
