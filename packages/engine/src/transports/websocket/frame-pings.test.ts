import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../testing/fake-clock.ts'
import { FramePings } from './frame-pings.ts'

const start = () => {
  const clock = new FakeClock()
  const seen: string[] = []
  const pings = new FramePings(
    clock,
    { intervalMs: 25_000, timeoutMs: 8_000 },
    () => seen.push('ping'),
    () => seen.push('lost'),
  )
  return { clock, seen, pings }
}

describe('FramePings', () => {
  it('pings after each interval for as long as pongs come', () => {
    const { clock, seen, pings } = start()
    clock.advance(24_999)
    expect(seen).toEqual([])
    for (let i = 0; i < 3; i++) {
      clock.advance(1)
      pings.onPong()
      clock.advance(24_999)
    }
    expect(seen).toEqual(['ping', 'ping', 'ping'])
  })

  it('[TR8] finds a connection lost when the pong did not come in time, and then stops', () => {
    const { clock, seen } = start()
    clock.advance(32_999)
    expect(seen).toEqual(['ping'])
    clock.advance(1)
    expect(seen).toEqual(['ping', 'lost'])
    clock.advance(100_000)
    expect(seen).toEqual(['ping', 'lost'])
    expect(clock.pending).toBe(0)
  })

  it('leaves no timer behind once stopped', () => {
    const { clock, pings } = start()
    clock.advance(25_000)
    pings.stop()
    expect(clock.pending).toBe(0)
  })
})
