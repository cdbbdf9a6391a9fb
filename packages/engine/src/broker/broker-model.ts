import fc from 'fast-check'
import { expect } from 'vitest'
import type { Retention } from '../channel-rules.ts'
import type { InternalChannel } from '../names.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import type { Broker, BrokerEvents, Durability } from './broker.ts'
import type { Announced } from './broker-conformance.ts'
import { collectAnnouncements, draftOf, textOf } from './broker-conformance.ts'

/** A broker, and what a property may do to it besides using it. */
export interface ModelledBroker {
  open(needs: { readonly clock: FakeClock; readonly events: BrokerEvents }): Promise<Broker>
  /** True where everything survives closing. */
  readonly reopens: boolean
  /** Fills the disk, or makes room again. */
  readonly setFull?: ((isFull: boolean) => void) | undefined
  cleanUp(): void
  readonly durability: Durability
}

interface Draft {
  readonly isKept: boolean
  readonly key: number
  readonly version: number
  readonly bytes: number
}

type Step =
  /** Several publications on their way at once. */
  | { readonly kind: 'publish'; readonly channel: number; readonly drafts: readonly Draft[] }
  | {
      readonly kind: 'history'
      readonly channel: number
      readonly limit: number
      /** How far below the top `since` is; undefined: no `since`. */
      readonly back: number | undefined
      readonly reverse: boolean
    }
  | { readonly kind: 'remove'; readonly channel: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'reopen' }
  | { readonly kind: 'disk'; readonly isFull: boolean }

const steps = (subject: ModelledBroker): fc.Arbitrary<readonly Step[]> => {
  const channel = fc.integer({ min: 0, max: 2 })
  const draft = fc.record({
    isKept: fc.constantFrom(true, true, true, false),
    key: fc.constantFrom(0, 0, 0, 1, 2, 3),
    version: fc.constantFrom(0, 0, 0, 1, 2, 3),
    bytes: fc.constantFrom(10, 100, 20_000),
  })
  const drafts = fc.array(draft, { minLength: 1, maxLength: 8 })
  const publish = fc.record({ kind: fc.constant('publish' as const), channel, drafts })
  const history = fc.record({
    kind: fc.constant('history' as const),
    channel,
    limit: fc.integer({ min: -1, max: 4 }),
    back: fc.constantFrom(undefined, -2, -1, 0, 1, 2, 3, 5, 8),
    reverse: fc.boolean(),
  })
  const remove = fc.record({ kind: fc.constant('remove' as const), channel })
  const ms = fc.constantFrom(1, 1_000, 59_999, 60_000, 300_000)
  const pass = fc.record({ kind: fc.constant('pass' as const), ms })
  const reopen = fc.constant({ kind: 'reopen' } as const)
  const disk = fc.record({ kind: fc.constant('disk' as const), isFull: fc.boolean() })
  const all: fc.Arbitrary<Step>[] = [publish, publish, publish, history, history, remove, pass]
  if (subject.reopens) all.push(reopen)
  if (subject.setFull !== undefined) all.push(disk)
  return fc.array(fc.oneof(...all), { minLength: 1, maxLength: 40 })
}

/** What a channel must look like, as plain arrays. */
interface ModelChannel {
  readonly name: InternalChannel
  epoch: string | undefined
  top: number
  kept: { readonly offset: number; readonly text: string }[]
  version: number
  expiresAtMs: number
  /** A publish failed, which may have renewed the life of the stream or not. */
  isLifeUnsure: boolean
  readonly keys: Map<string, { readonly offset: number; readonly epoch: string; readonly expiresAtMs: number }>
  readonly announced: string[]
}

const size = 5

/** Does the same to a broker and to plain arrays, step by step, and compares all that can be seen. */
class Comparison {
  readonly #subject: ModelledBroker
  readonly #clock = new FakeClock()
  readonly #events: BrokerEvents
  readonly #announced: Announced[]
  readonly #channels: readonly ModelChannel[]
  readonly #retention: Retention
  #broker: Broker
  #isFull = false
  #count = 0

  private constructor(
    subject: ModelledBroker,
    clock: FakeClock,
    broker: Broker,
    collected: ReturnType<typeof collectAnnouncements>,
  ) {
    this.#subject = subject
    this.#clock = clock
    this.#broker = broker
    this.#events = collected.events
    this.#announced = collected.announced
    this.#retention = { size, ttlMs: 60_000, metaTtlMs: 1e10, durability: subject.durability }
    this.#channels = ['a', 'b', 'c'].map((name) => ({
      name: name as InternalChannel,
      epoch: undefined,
      top: 0,
      kept: [],
      version: 0,
      expiresAtMs: Number.POSITIVE_INFINITY,
      isLifeUnsure: false,
      keys: new Map(),
      announced: [],
    }))
  }

  static async run(subject: ModelledBroker, script: readonly Step[]): Promise<void> {
    const clock = new FakeClock()
    const collected = collectAnnouncements()
    const comparison = new Comparison(
      subject,
      clock,
      await subject.open({ clock, events: collected.events }),
      collected,
    )
    try {
      for (const step of script) await comparison.#take(step)
      await comparison.#compareAll()
    } finally {
      subject.setFull?.(false)
      await comparison.#broker.close()
      subject.cleanUp()
    }
  }

  async #take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'publish':
        return this.#publish(this.#channel(step.channel), step.drafts)
      case 'history':
        return this.#compareHistory(this.#channel(step.channel), step)
      case 'remove':
        return this.#remove(this.#channel(step.channel))
      case 'pass':
        return this.#clock.advance(step.ms)
      case 'disk':
        return this.#setFull(step.isFull)
      case 'reopen':
        return this.#reopen()
    }
  }

  #channel(number: number): ModelChannel {
    const channel = this.#channels[number] as ModelChannel
    if (this.#clock.now() >= channel.expiresAtMs && !channel.isLifeUnsure) channel.kept = []
    return channel
  }

  async #publish(channel: ModelChannel, drafts: readonly Draft[]): Promise<void> {
    const sent = drafts.map((draft) => {
      this.#count += 1
      const text = String(this.#count).padEnd(draft.bytes, '.')
      const idempotencyKey = draft.key === 0 ? '' : `k${draft.key}`
      const retention = draft.isKept ? this.#retention : undefined
      const result = this.#broker.publish(channel.name, draftOf(text), {
        retention,
        idempotencyKey,
        version: draft.version,
      })
      return { draft, text, idempotencyKey, result }
    })
    for (const { draft, text, idempotencyKey, result } of sent) {
      this.#judge(channel, draft, text, idempotencyKey, await result)
    }
  }

  #judge(
    channel: ModelChannel,
    draft: Draft,
    text: string,
    key: string,
    result: Awaited<ReturnType<Broker['publish']>>,
  ) {
    const nowMs = this.#clock.now()
    if (!result.ok) {
      expect(this.#isFull, 'publishing fails only while the disk is full').toBe(true)
      channel.isLifeUnsure = true
      return
    }
    const { offset, epoch, suppressed } = result.value
    const known = channel.keys.get(key)
    if (known !== undefined && known.expiresAtMs > nowMs) {
      expect(result.value).toEqual({ offset: known.offset, epoch: known.epoch, suppressed: 'idempotency' })
      return
    }
    if (draft.isKept) this.#renew(channel, nowMs)
    if (draft.isKept && draft.version > 0 && draft.version <= channel.version) {
      expect(result.value).toEqual({ offset: channel.top, epoch: channel.epoch, suppressed: 'version' })
      return
    }
    expect(suppressed).toBeUndefined()
    channel.announced.push(text)
    if (draft.isKept) {
      channel.epoch ??= epoch
      expect(result.value).toEqual({ offset: channel.top + 1, epoch: channel.epoch })
      channel.top = offset
      channel.version = draft.version
      channel.kept = [...channel.kept, { offset, text }].slice(-size)
    } else expect(result.value).toEqual({ offset: 0, epoch: '' })
    if (key !== '') channel.keys.set(key, { offset, epoch, expiresAtMs: nowMs + 300_000 })
  }

  #renew(channel: ModelChannel, nowMs: number): void {
    channel.expiresAtMs = nowMs + this.#retention.ttlMs
    channel.isLifeUnsure = this.#isFull
  }

  async #remove(channel: ModelChannel): Promise<void> {
    const result = await this.#broker.removeHistory(channel.name)
    if (result.ok) channel.kept = []
    else expect(this.#isFull, 'removing fails only while the disk is full').toBe(true)
  }

  async #compareHistory(
    channel: ModelChannel,
    { limit, back, reverse }: { readonly limit: number; readonly back: number | undefined; readonly reverse: boolean },
  ): Promise<void> {
    const since =
      back === undefined ? undefined : { offset: Math.max(0, channel.top - back), epoch: channel.epoch ?? '' }
    const result = await this.#broker.history(channel.name, { limit, since, reverse }, this.#retention)
    if (!result.ok) throw new Error(`history: ${result.problem}`)
    const { offset, epoch, publications } = result.value
    channel.epoch ??= epoch
    expect({ offset, epoch }).toEqual({ offset: channel.top, epoch: channel.epoch })
    // It may have expired or not, and the model takes what it sees; seen once, it stays so.
    if (channel.isLifeUnsure && publications.length === 0) return
    const seen = publications.map((publication) => ({ offset: publication.offset, text: textOf(publication) }))
    expect(seen).toEqual(expected(channel.kept, limit, since?.offset, reverse))
  }

  #setFull(isFull: boolean): void {
    this.#isFull = isFull
    this.#subject.setFull?.(isFull)
  }

  async #reopen(): Promise<void> {
    await this.#broker.close()
    this.#setFull(false)
    // A key is as durable as what it guards, and these guard nothing that was kept.
    for (const { keys } of this.#channels) {
      for (const [key, { offset }] of keys) if (offset === 0) keys.delete(key)
    }
    this.#broker = await this.#subject.open({ clock: this.#clock, events: this.#events })
  }

  async #compareAll(): Promise<void> {
    for (const number of this.#channels.keys()) {
      const channel = this.#channel(number)
      await this.#compareHistory(channel, { limit: -1, back: undefined, reverse: false })
      const told = this.#announced.filter((announced) => announced.channel === channel.name)
      expect(told.map(({ publication }) => textOf(publication))).toEqual(channel.announced)
    }
  }
}

/** The rules of `since` and `reverse`, said with plain arrays. */
const expected = <Kept extends { readonly offset: number }>(
  kept: readonly Kept[],
  limit: number,
  since: number | undefined,
  reverse: boolean,
): readonly Kept[] => {
  const isThere = since === undefined || kept.some(({ offset }) => offset === since - 1)
  const forward = kept.filter(({ offset }) => offset > (since ?? 0))
  const backward = isThere ? kept.filter(({ offset }) => offset < (since ?? Number.POSITIVE_INFINITY)).reverse() : []
  const found = reverse ? backward : forward
  return limit < 0 ? found : found.slice(0, limit)
}

/** Compares a broker with the model over random scripts; a failure prints its seed. */
export const checkAgainstModel = (subject: ModelledBroker, numRuns: number): Promise<void> =>
  fc.assert(
    fc.asyncProperty(steps(subject), (script) => Comparison.run(subject, script)),
    { numRuns },
  )
