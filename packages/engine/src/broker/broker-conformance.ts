import type { Publication } from '@xshathra/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Retention } from '../channel-rules.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { InternalChannel } from '../names.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import type {
  Broker,
  BrokerEvents,
  BrokerPublishOptions,
  Durability,
  HistoryFilter,
  PublicationDraft,
} from './broker.ts'

/** One announcement as a broker made it. */
export interface Announced {
  readonly channel: InternalChannel
  readonly publication: Publication
  readonly epoch: string
  readonly previous: Publication | undefined
  readonly delta: boolean
}

export interface BrokerUnderTest {
  /** Makes a new broker with nothing in it; it is closed after each test. */
  create(needs: { readonly clock: FakeClock; readonly events: BrokerEvents }): MaybePromise<Broker>
  /** Cleans up after a test, when the broker is closed. */
  cleanUp?(): MaybePromise<void>
  readonly durability: Durability
}

/** Collects what is announced, in order. */
export const collectAnnouncements = (): { readonly announced: Announced[]; readonly events: BrokerEvents } => {
  const announced: Announced[] = []
  const events: BrokerEvents = {
    onPublication(channel, publication, epoch, previous, delta) {
      announced.push({ channel, publication, epoch, previous, delta })
    },
  }
  return { announced, events }
}

/** A payload that is its own text. */
export const draftOf = (text: string): PublicationDraft => ({ data: new TextEncoder().encode(text) })

/** The text of a payload. */
export const textOf = ({ data }: Publication): string => new TextDecoder().decode(data)

const chat = 'chat:1' as InternalChannel
const news = 'news:1' as InternalChannel

/** What any broker promises: rules BR1 to BR13 of SPEC.md. */
export const describeBroker = (name: string, { create, cleanUp, durability }: BrokerUnderTest): void => {
  describe(`${name} broker`, () => {
    let clock: FakeClock
    let broker: Broker
    let announced: Announced[]

    const retention: Retention = { size: 10, ttlMs: 60_000, metaTtlMs: 3_600_000, durability }

    beforeEach(async () => {
      clock = new FakeClock()
      const collected = collectAnnouncements()
      announced = collected.announced
      broker = await create({ clock, events: collected.events })
    })

    afterEach(async () => {
      await broker.close()
      await cleanUp?.()
    })

    const publish = async (text: string, options: BrokerPublishOptions = { retention }, channel = chat) => {
      const result = await broker.publish(channel, draftOf(text), options)
      if (!result.ok) throw new Error(result.problem)
      return result.value
    }

    const read = async (filter: Partial<HistoryFilter> = {}, channel = chat, kept = retention) => {
      const result = await broker.history(channel, { limit: -1, ...filter }, kept)
      if (!result.ok) throw new Error(result.problem)
      return result.value
    }

    /** Lets time pass when nothing waits for a commit any more: what waits does not expire. */
    const pass = async (ms: number) => {
      await publish('tick', { retention }, 'clock:1' as InternalChannel)
      clock.advance(ms)
    }

    const readTexts = async (filter: Partial<HistoryFilter> = {}) => (await read(filter)).publications.map(textOf)

    it('[BR1] offsets of a stream start at 1 and rise by one, in one epoch of eight letters', async () => {
      const outcomes = [await publish('a'), await publish('b'), await publish('c')]
      expect(outcomes.map(({ offset }) => offset)).toEqual([1, 2, 3])
      expect(new Set(outcomes.map(({ epoch }) => epoch)).size).toBe(1)
      expect(outcomes[0]?.epoch).toMatch(/^[a-zA-Z]{8}$/)
      expect(await publish('a', { retention }, news)).toMatchObject({ offset: 1 })
    })

    it('[BR1] only the first publication of a stream tells its epoch', async () => {
      const { epoch } = await publish('a')
      await publish('b')
      expect((await read()).publications.map((publication) => publication.epoch)).toEqual([epoch, undefined])
      expect(announced.map(({ publication }) => publication.epoch)).toEqual([epoch, undefined])
    })

    it('[BR1] asking for the history of a new stream gives it the epoch it keeps', async () => {
      const { epoch, offset } = await read()
      expect(offset).toBe(0)
      expect((await publish('a')).epoch).toBe(epoch)
    })

    it('[BR2] announces each publication once, in order, before it answers', async () => {
      const known: number[] = []
      const answers = ['a', 'b', 'c'].map(async (text, index) => {
        await publish(text)
        known[index] = announced.findIndex(({ publication }) => textOf(publication) === text)
      })
      await Promise.all(answers)
      expect(known).toEqual([0, 1, 2])
      expect(announced).toHaveLength(3)
    })

    it('[BR2] publications without history keep their turn among those with history', async () => {
      await Promise.all([publish('a'), publish('b', {}), publish('c'), publish('d', {}), publish('e')])
      expect(announced.map(({ publication }) => textOf(publication))).toEqual(['a', 'b', 'c', 'd', 'e'])
      expect(announced.map(({ publication }) => publication.offset)).toEqual([1, 0, 2, 0, 3])
    })

    it('[BR3] a publication without history has offset 0 and no epoch, and is not kept', async () => {
      expect(await publish('a', {})).toEqual({ offset: 0, epoch: '' })
      expect(announced).toMatchObject([{ epoch: '', publication: { offset: 0, epoch: undefined } }])
      expect(await read()).toMatchObject({ offset: 0, publications: [] })
    })

    it('[BR4] repeating an idempotency key returns the first position and reaches nobody twice', async () => {
      const first = await publish('a', { retention, idempotencyKey: 'k' })
      await publish('b')
      const again = await publish('c', { retention, idempotencyKey: 'k' })
      expect(again).toEqual({ ...first, suppressed: 'idempotency' })
      expect(announced).toHaveLength(2)
      expect(await publish('a', { retention, idempotencyKey: 'k' }, news)).toMatchObject({ offset: 1 })
    })

    it('[BR4] two publications with one key on their way at once become one', async () => {
      const options = { retention, idempotencyKey: 'k' }
      const [first, second] = await Promise.all([publish('a', options), publish('b', options)])
      expect(second).toEqual({ ...first, suppressed: 'idempotency' })
      expect(await readTexts()).toEqual(['a'])
    })

    it('[BR4] a key counts for publications without history too, on the way and after', async () => {
      const [, unkept, kept] = await Promise.all([
        publish('a'),
        publish('b', { idempotencyKey: 'k' }),
        publish('c', { retention, idempotencyKey: 'k' }),
      ])
      expect(unkept).toEqual({ offset: 0, epoch: '' })
      expect(kept).toEqual({ offset: 0, epoch: '', suppressed: 'idempotency' })
      expect(await publish('d', { idempotencyKey: 'k' })).toMatchObject({ suppressed: 'idempotency' })
      expect(announced).toHaveLength(2)
    })

    it('[BR4] a key counts for five minutes', async () => {
      const { epoch } = await publish('a', { retention, idempotencyKey: 'k' })
      clock.advance(299_999)
      expect(await publish('b', { retention, idempotencyKey: 'k' })).toMatchObject({ suppressed: 'idempotency' })
      clock.advance(1)
      expect(await publish('c', { retention, idempotencyKey: 'k' })).toEqual({ offset: 2, epoch })
    })

    it('[BR5] a version that is not greater than the last one is suppressed and answers the top', async () => {
      await publish('a', { retention, version: 5 })
      expect(await publish('b', { retention, version: 5 })).toMatchObject({ offset: 1, suppressed: 'version' })
      expect(await publish('c', { retention, version: 4 })).toMatchObject({ offset: 1, suppressed: 'version' })
      expect(await publish('d', { retention, version: 6 })).toMatchObject({ offset: 2 })
      expect(await readTexts()).toEqual(['a', 'd'])
      expect(announced).toHaveLength(2)
    })

    it('[BR5] versions of another version epoch do not compare, and a publication without version starts again', async () => {
      await publish('a', { retention, version: 5, versionEpoch: 'x' })
      expect(await publish('b', { retention, version: 3, versionEpoch: 'y' })).toMatchObject({ offset: 2 })
      expect(await publish('c', { retention, version: 3 })).toMatchObject({ suppressed: 'version' })
      await publish('d')
      expect(await publish('e', { retention, version: 1 })).toMatchObject({ offset: 4 })
    })

    it('[BR5] a version is old already while the one before it is on its way', async () => {
      const [, second, third] = await Promise.all([
        publish('a', { retention, version: 2 }),
        publish('b', { retention, version: 1 }),
        publish('c', { retention, version: 3 }),
      ])
      expect(second).toMatchObject({ offset: 1, suppressed: 'version' })
      expect(third).toMatchObject({ offset: 2 })
    })

    it('[BR6] keeps as many publications as the size says, the latest', async () => {
      for (let number = 1; number <= 100; number += 1)
        await publish(String(number), { retention: { ...retention, size: 3 } })
      expect(await readTexts()).toEqual(['98', '99', '100'])
      expect((await read()).offset).toBe(100)
    })

    it('[BR7] the whole stream expires by its ttl, renewed at every publish; offset and epoch stay', async () => {
      const { epoch } = await publish('a')
      clock.advance(59_999)
      await publish('b')
      clock.advance(59_999)
      expect(await readTexts()).toEqual(['a', 'b'])
      clock.advance(1)
      expect(await read()).toEqual({ publications: [], offset: 2, epoch })
      expect(await publish('c')).toEqual({ offset: 3, epoch })
      expect(await readTexts()).toEqual(['c'])
    })

    it('[BR8] offset and epoch live until their ttl after the last publish or read; then the stream starts anew', async () => {
      const { epoch } = await publish('a')
      await pass(3_599_999)
      expect(await read()).toMatchObject({ offset: 1, epoch })
      await pass(3_599_999)
      expect(await read()).toMatchObject({ offset: 1, epoch })
      await pass(3_600_000)
      const next = await read()
      expect(next.offset).toBe(0)
      expect(next.epoch).not.toBe(epoch)
      expect(await publish('b')).toEqual({ offset: 1, epoch: next.epoch })
    })

    it.each<[{ limit: number; since?: number; reverse?: boolean }, number[]]>([
      [{ limit: 0 }, []],
      [{ limit: -1 }, [3, 4, 5, 6]],
      [{ limit: 2 }, [3, 4]],
      [{ limit: 2, reverse: true }, [6, 5]],
      [{ limit: -1, reverse: true }, [6, 5, 4, 3]],
      [{ limit: -1, since: 4 }, [5, 6]],
      [{ limit: 1, since: 4 }, [5]],
      [{ limit: 0, since: 4 }, []],
      [{ limit: -1, since: 6 }, []],
      [{ limit: -1, since: 9 }, []],
      [{ limit: -1, since: 0 }, [3, 4, 5, 6]],
      [{ limit: -1, since: 5, reverse: true }, [4, 3]],
      [{ limit: 1, since: 5, reverse: true }, [4]],
      [{ limit: -1, since: 7, reverse: true }, [6, 5, 4, 3]],
      [{ limit: -1, since: 8, reverse: true }, []],
      [{ limit: -1, since: 3, reverse: true }, []],
      [{ limit: -1, since: 0, reverse: true }, []],
    ])('[BR9] reads %o of offsets 3 to 6 as %o', async ({ since, ...filter }, offsets) => {
      for (const text of '123456') await publish(text, { retention: { ...retention, size: 4 } })
      const { epoch } = await read({ limit: 0 })
      for (const sinceEpoch of [epoch, '']) {
        const position = since === undefined ? undefined : { offset: since, epoch: sinceEpoch }
        const page = await read({ ...filter, since: position })
        expect(page.publications.map(({ offset }) => offset)).toEqual(offsets)
        expect(page).toMatchObject({ offset: 6, epoch })
      }
    })

    it('[BR9] a position of another epoch is unrecoverable', async () => {
      await publish('a')
      const answer = await broker.history(chat, { limit: -1, since: { offset: 0, epoch: 'other' } }, retention)
      expect(answer).toEqual({ ok: false, problem: 'unrecoverable' })
    })

    it('[BR10] removing history clears what is kept, in turn; offset and epoch stay', async () => {
      const [first, , , removed] = await Promise.all([
        publish('a'),
        publish('b'),
        publish('c', {}),
        broker.removeHistory(chat),
        publish('d'),
      ])
      expect(removed).toEqual({ ok: true, value: undefined })
      expect(await readTexts()).toEqual(['d'])
      expect(await read()).toMatchObject({ offset: 3, epoch: first.epoch })
      expect(await broker.removeHistory(news)).toEqual({ ok: true, value: undefined })
    })

    it('[BR11] everything a publication carries is kept and announced', async () => {
      const bytes = (text: string) => new TextEncoder().encode(text)
      const info = { user: 'u', client: 'c', connInfo: bytes('{"n":1}'), chanInfo: bytes('2') }
      const draft = { data: bytes('{"a": 1.0}'), isJson: true, info, tags: { k: 'v', __proto__x: '' } }
      await broker.publish(chat, draft, { retention, version: 7 })
      const [kept] = (await read()).publications
      expect(kept).toEqual({ ...draft, offset: 1, epoch: (await read()).epoch, version: 7 })
      expect(announced[0]?.publication).toEqual(kept)
    })

    it('[BR12] a kept payload does not keep the buffer alive that it came in', async () => {
      const buffer = new Uint8Array(1_000_000)
      await broker.publish(chat, { data: buffer.subarray(500, 510) }, { retention })
      const [kept] = (await read()).publications
      expect(kept?.data.byteLength).toBe(10)
      expect(kept?.data.buffer.byteLength).toBe(10)
    })

    it('[BR13] tells the publication before where a delta is asked for', async () => {
      await Promise.all([
        publish('a', { retention, delta: true }),
        publish('b', { retention, delta: true }),
        publish('c'),
        publish('d', { retention, delta: true }),
      ])
      const previous = announced.map((entry) => entry.previous && textOf(entry.previous))
      expect(previous).toEqual([undefined, 'a', undefined, 'c'])
      expect(announced.map(({ delta }) => delta)).toEqual([true, true, false, true])
    })
  })
}
