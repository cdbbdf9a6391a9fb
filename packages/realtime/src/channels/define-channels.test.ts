import fc from 'fast-check'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { defineChannels } from './define-channels.ts'
import type { StandardSchema } from './standard-schema.ts'
import { checkMessage, type Received, type Sent } from './typed-channel.ts'

const channels = defineChannels({
  room: {
    channel: 'chat:room:{roomId}',
    message: z.object({ text: z.string(), sentAt: z.iso.datetime().transform((text) => new Date(text)) }),
  },
  move: { channel: 'match:{mode}:{matchId}', message: z.object({ x: z.number() }) },
  news: { channel: 'announce:news', message: z.string() },
})

describe('defineChannels', () => {
  it('makes names from templates and their parameters', () => {
    expect(channels.room({ roomId: 'abc' }).name).toBe('chat:room:abc')
    expect(channels.move({ mode: 'duel', matchId: 42 }).name).toBe('match:duel:42')
    expect(channels.news().name).toBe('announce:news')
  })

  it('knows parameters and messages when it is compiled', () => {
    type Room = ReturnType<typeof channels.room>
    expectTypeOf<Sent<Room>>().toEqualTypeOf<{ text: string; sentAt: string }>()
    expectTypeOf<Received<Room>>().toEqualTypeOf<{ text: string; sentAt: Date }>()
    expectTypeOf(channels.move).parameter(0).toEqualTypeOf<{
      readonly mode: string | number
      readonly matchId: string | number
    }>()
    expectTypeOf(channels.news).parameters.toEqualTypeOf<[]>()
    // @ts-expect-error the parameter is missing
    expect(() => channels.room({})).toThrow(TypeError)
  })

  it('lets no parameter reach into another channel', () => {
    for (const roomId of ['', '7:secret', '#ada', 'a b', 'a,b', '*', '{x}', 'é', '\n', Number.NaN, 1.5]) {
      expect(() => channels.room({ roomId }), String(roomId)).toThrow('"roomId" of the channel "chat:room:{roomId}"')
    }
  })

  it('keeps every parameter one part of the name', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (mode, matchId) => {
        let name: string
        try {
          name = channels.move({ mode, matchId }).name
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError)
          return
        }
        expect(name.split(':')).toEqual(['match', mode, matchId])
      }),
    )
  })

  it('takes parameters of its own only, and their text as it is', () => {
    expect(() => defineChannels({ x: { channel: 'chat:{toString}', message: z.string() } }).x({} as never)).toThrow(
      TypeError,
    )
    expect(channels.room({ roomId: '$&$1' }).name).toBe('chat:room:$&$1')
  })

  it('refuses templates that are no names, and messages that are no schemas', () => {
    const message = z.string()
    for (const channel of ['room', '{namespace}:x', ':x', 'chat:', 'chat:{', 'chat:{}', 'chat:{a b}', 'chat:}x']) {
      expect(() => defineChannels({ x: { channel, message } }), channel).toThrow(`the channel template "${channel}"`)
    }
    expect(() => defineChannels({ x: { channel: 'chat:x', message: {} as StandardSchema } })).toThrow('message of "x"')
  })
})

describe('a message and its schema', () => {
  it('tells what does not fit, and where', () => {
    expect(checkMessage(channels.room({ roomId: 7 }), { text: 5, sentAt: '2026-01-01T00:00:00Z' })).toMatchObject({
      ok: false,
      issues: [{ path: ['text'] }],
    })
  })

  it('comes out as the schema makes it', () => {
    const verdict = checkMessage(channels.room({ roomId: 7 }), { text: 'hi', sentAt: '2026-01-01T00:00:00Z', more: 1 })
    expect(verdict).toEqual({ ok: true, value: { text: 'hi', sentAt: new Date('2026-01-01T00:00:00Z') } })
  })

  it('may be checked by a schema that takes its time, throws, or names a path by keys', async () => {
    const schema = (validate: StandardSchema['~standard']['validate']): StandardSchema => ({
      '~standard': { version: 1, vendor: 'test', validate },
    })
    const on = (message: StandardSchema) => checkMessage({ name: 'chat:x', message }, 1)
    expect(await on(schema(async (value) => ({ value })))).toEqual({ ok: true, value: 1 })
    const refusal = { ok: false, issues: [{ message: 'broken', path: [] }] }
    expect(await on(schema(() => Promise.reject(new Error('broken'))))).toEqual(refusal)
    expect(
      on(
        schema(() => {
          throw new Error('broken')
        }),
      ),
    ).toEqual(refusal)
    expect(on(schema(() => ({ issues: [{ message: 'no', path: [{ key: 'a' }, 0] }] })))).toEqual({
      ok: false,
      issues: [{ message: 'no', path: ['a', 0] }],
    })
  })
})
