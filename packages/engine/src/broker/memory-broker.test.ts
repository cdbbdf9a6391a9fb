import { afterEach, describe, expect, it } from 'vitest'
import type { Retention } from '../channel-rules.ts'
import { isPromise } from '../maybe-promise.ts'
import type { InternalChannel } from '../names.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { collectAnnouncements, describeBroker, draftOf } from './broker-conformance.ts'
import type { MemoryBroker, MemoryBrokerLimits } from './memory-broker.ts'
import { createMemoryBroker } from './memory-broker.ts'

describeBroker('memory', { create: createMemoryBroker, durability: 'memory' })

describe('memory broker', () => {
  const retention: Retention = { size: 100, ttlMs: 60_000, metaTtlMs: 3_600_000, durability: 'memory' }
  const brokers: MemoryBroker[] = []
  const clock = new FakeClock()

  const open = (limits: Partial<MemoryBrokerLimits> = {}): MemoryBroker => {
    const broker = createMemoryBroker({ clock, events: collectAnnouncements().events, limits })
    brokers.push(broker)
    return broker
  }

  const channel = (number: number): InternalChannel => `c:${number}` as InternalChannel

  const kept = (broker: MemoryBroker, number: number): { readonly count: number; readonly offset: number } => {
    const page = broker.history(channel(number), { limit: -1 }, retention)
    return page.ok ? { count: page.value.publications.length, offset: page.value.offset } : { count: -1, offset: -1 }
  }

  afterEach(async () => {
    for (const broker of brokers.splice(0)) await broker.close()
    expect(clock.pending).toBe(0)
  })

  it('[BR14] answers in the same tick, whatever is asked', () => {
    const broker = open()
    const answers = [
      broker.publish(channel(1), draftOf('a'), { retention }),
      broker.history(channel(1), { limit: -1 }, retention),
      broker.removeHistory(channel(1)),
    ]
    expect(answers.some(isPromise)).toBe(false)
  })

  it('[BR15] beyond its budget the streams used longest ago lose their publications, not their place', () => {
    const broker = open({ historyBytes: 10_000 })
    for (let number = 0; number < 20; number += 1) {
      broker.publish(channel(number), draftOf('x'.repeat(500)), { retention })
      kept(broker, 0)
    }
    expect(kept(broker, 1)).toEqual({ count: 0, offset: 1 })
    expect(kept(broker, 0)).toEqual({ count: 1, offset: 1 })
    expect(kept(broker, 19)).toEqual({ count: 1, offset: 1 })
  })

  it('[BR15] beyond its budget of streams those used longest ago end', () => {
    const broker = open({ streamBytes: 10_000 })
    for (let number = 0; number < 100; number += 1) broker.publish(channel(number), draftOf('x'), { retention })
    expect(kept(broker, 99)).toEqual({ count: 1, offset: 1 })
    expect(kept(broker, 0)).toEqual({ count: 0, offset: 0 })
  })

  it('[BR15] beyond its budget of idempotency keys the oldest are forgotten', () => {
    const broker = open({ idempotencyBytes: 2_000 })
    const publish = (key: string) => broker.publish(channel(1), draftOf('x'), { idempotencyKey: key })
    for (let number = 0; number < 100; number += 1) publish(`k${number}`)
    expect(publish('k99')).toMatchObject({ value: { suppressed: 'idempotency' } })
    expect(publish('k0')).not.toMatchObject({ value: { suppressed: 'idempotency' } })
  })

  it('[BR16] sets no timer while it holds nothing', () => {
    const broker = open()
    broker.publish(channel(1), draftOf('a'), {})
    expect(clock.pending).toBe(0)
    broker.publish(channel(1), draftOf('a'), { retention })
    expect(clock.pending).toBe(1)
    clock.advance(2 * retention.metaTtlMs)
    expect(clock.pending).toBe(0)
  })
})
