import { describe, expect, it } from 'vitest'
import { FakeClock } from '../testing/fake-clock.ts'
import { Admission } from './admission.ts'

describe('Admission', () => {
  it('[TR15] admits no more connections than may be open', () => {
    let open = 0
    const admission = new Admission(
      new FakeClock(),
      () => ({ connectionLimit: 2, connectionRateLimit: 0 }),
      () => open,
    )
    expect(admission.refuse()).toBeUndefined()
    open = 2
    expect(admission.refuse()).toBe('connection limit')
    open = 1
    expect(admission.refuse()).toBeUndefined()
  })

  it('[TR15] admits so many new connections per second, spread evenly once the first are used up', () => {
    const clock = new FakeClock()
    const admission = new Admission(
      clock,
      () => ({ connectionLimit: 0, connectionRateLimit: 4 }),
      () => 0,
    )
    const admitted = () => [1, 2, 3, 4, 5, 6].filter(() => admission.refuse() === undefined).length
    expect(admitted()).toBe(4)
    clock.advance(250)
    expect(admitted()).toBe(1)
    clock.advance(60_000)
    expect(admitted()).toBe(4)
    expect(admission.refuse()).toBe('connection rate')
  })

  it('takes new limits at once', () => {
    const clock = new FakeClock()
    let connectionRateLimit = 0
    const admission = new Admission(
      clock,
      () => ({ connectionLimit: 0, connectionRateLimit }),
      () => 0,
    )
    expect(admission.refuse()).toBeUndefined()
    connectionRateLimit = 1
    clock.advance(1000)
    expect([admission.refuse(), admission.refuse()]).toEqual([undefined, 'connection rate'])
  })

  it('[TR16] admits nobody once shut', () => {
    const admission = new Admission(
      new FakeClock(),
      () => ({ connectionLimit: 0, connectionRateLimit: 0 }),
      () => 0,
    )
    admission.shut()
    expect(admission.refuse()).toBe('shutdown')
  })
})
