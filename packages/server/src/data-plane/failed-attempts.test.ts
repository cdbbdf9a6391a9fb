import { beforeEach, expect, it } from 'vitest'
import { StillClock } from '../tenancy/testing/still-clock.ts'
import { FailedAttempts } from './failed-attempts.ts'

let clock: StillClock
let attempts: FailedAttempts

beforeEach(() => {
  clock = new StillClock()
  attempts = new FailedAttempts(clock)
})

const failUntilLimited = (address: string): number => {
  let answered = 0
  while (answered < 1000 && attempts.note(address) === undefined) answered++
  return answered
}

it('at least 60 answers a minute go out before an address has to wait, for what is left of the minute', () => {
  expect(failUntilLimited('10.0.0.1')).toBeGreaterThanOrEqual(60)
  clock.nowMs += 20_000
  expect(attempts.note('10.0.0.1')).toMatchObject({ code: 'rate_limited', retryAfterSeconds: 40 })
  clock.nowMs += 40_000
  expect(attempts.note('10.0.0.1')).toBeUndefined()
})

it.each([
  ['2001:db8:1:2::1', '2001:db8:1:2:ffff::2', true],
  ['2001:db8::1', '2001:db8::2', true],
  ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
  ['2001:db8::1', '2001:db8:0:1::1', false],
  ['10.0.0.1', '10.0.0.2', false],
  ['::ffff:10.0.0.1', '::ffff:10.0.0.2', false],
])('%s and %s are one network: %s', (one, other, isOne) => {
  failUntilLimited(one)
  expect(attempts.note(other) !== undefined).toBe(isOne)
})
