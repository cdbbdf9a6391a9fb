import { describe, expect, it } from 'vitest'
import { disconnectForError, disconnects, errors, isReconnectCode, isResubscribeCode, unsubscribes } from './codes.ts'
import { jsonCodec } from './json-codec.ts'
import { type FrameFixture, loadFixture } from './testing/fixtures.ts'
import { pushFromFixture, replyFromFixture } from './testing/wire-form.ts'

type Entry = FrameFixture<Record<string, unknown>>
const fixtures = loadFixture<{ errors: Entry[]; disconnects: Entry[]; unsubscribes: Entry[] }>('codes.json')

const tableOf = (entries: readonly Entry[]): object =>
  Object.fromEntries(entries.map(({ name, decoded: { reconnect: _, resubscribe: __, ...code } }) => [name, code]))

describe('the codes', () => {
  it('are those of the fixtures, no more and no fewer', () => {
    expect(tableOf(fixtures.errors)).toEqual(errors)
    expect(tableOf(fixtures.disconnects)).toEqual(disconnects)
    expect(tableOf(fixtures.unsubscribes)).toEqual(unsubscribes)
  })

  it.each(fixtures.errors)('error $name travels in a reply', ({ frame, decoded }) => {
    const reply = replyFromFixture({ id: 1, error: decoded })
    expect(jsonCodec.encodeReply(reply).toString()).toBe(frame)
  })

  it.each(fixtures.disconnects)('disconnect $name travels in a push and says whether to come back', (entry) => {
    const { code, reason, reconnect } = entry.decoded as { code: number; reason: string; reconnect: boolean }
    expect(jsonCodec.encodePush(pushFromFixture({ disconnect: { code, reason } })).toString()).toBe(entry.frame)
    expect(isReconnectCode(code)).toBe(reconnect)
  })

  it.each(fixtures.unsubscribes)('unsubscribe $name travels in a push and says whether to come back', (entry) => {
    const { code, reason, resubscribe } = entry.decoded as { code: number; reason: string; resubscribe: boolean }
    const push = pushFromFixture({ channel: 'a', unsubscribe: { code, reason } })
    expect(jsonCodec.encodePush(push).toString()).toBe(entry.frame)
    expect(isResubscribeCode(code)).toBe(resubscribe)
  })

  it('decide about custom numbers by their range', () => {
    expect([4000, 4499, 5000].map(isReconnectCode)).toEqual([true, true, true])
    expect([2999, 3500, 4500, 4999].map(isReconnectCode)).toEqual([false, false, false, false])
    expect([2499, 2500, 2999, 3000].map(isResubscribeCode)).toEqual([false, true, true, false])
  })

  it('give one-way streams a disconnect in place of an error', () => {
    const given = [
      errors.tokenExpired,
      errors.expired,
      errors.tooManyRequests,
      errors.permissionDenied,
      errors.internal,
    ]
    expect(given.map(({ code }) => disconnectForError(code).code)).toEqual([3005, 3005, 3013, 3507, 3004])
  })
})
