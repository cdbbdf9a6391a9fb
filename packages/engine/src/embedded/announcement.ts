import {
  createFossilDelta,
  createTextFossilDelta,
  type DeliveredPublication,
  type Publication,
} from '@xshathra/protocol'
import type { FrameForm } from '../transport.ts'

/**
 * How a subscriber wants its publications: as published; or, with delta negotiated, whole for the first one and as a
 * patch against the stream's previous publication from then on.
 */
export type DeliveryKind = 'plain' | 'whole' | 'patch'

/** One publication on its way to the subscribers of its channel, with what they share on that way. */
export class Announcement {
  readonly publication: Publication
  /** Of the stream; `''` without history. */
  readonly epoch: string
  readonly #previous: Publication | undefined
  readonly #asksDelta: boolean
  #textPatch: Buffer | undefined | null = null
  #binaryPatch: Buffer | undefined | null = null

  constructor(publication: Publication, epoch: string, previous: Publication | undefined, asksDelta: boolean) {
    this.publication = publication
    this.epoch = epoch
    this.#previous = previous
    this.#asksDelta = asksDelta
  }

  /**
   * The finished frame for one form, channel name and kind of delivery.
   * Throws InappropriatePayload where the payload cannot travel in that encoding.
   */
  frame(form: FrameForm, channel: string, kind: DeliveryKind): Buffer {
    const push = { kind: 'publication', channel, publication: this.#delivered(form, kind) } as const
    return form.frame(form.bare ? form.codec.encodeBarePush(push) : form.codec.encodePush(push))
  }

  #delivered(form: FrameForm, kind: DeliveryKind): DeliveredPublication {
    const { publication } = this
    const asString = form.codec.protocol === 'json'
    if (kind === 'plain') return publication
    const patch = kind === 'patch' && this.#asksDelta && this.#previous ? this.#patch(asString) : undefined
    const { data, offset, epoch, info, tags } = publication
    if (patch) return { data: patch, offset, info, tags, delta: true, asString }
    // Whole, in the delta-negotiated form: only Protobuf tells the epoch there (fact: JSON drops it).
    return { data, offset, info, tags, asString, epoch: asString ? undefined : epoch }
  }

  /** The patch against the previous publication, where it is shorter than the whole: made once for all subscribers. */
  #patch(asText: boolean): Buffer | undefined {
    const base = this.#previous?.data
    const target = this.publication.data
    if (!base) return undefined
    if (asText) {
      if (this.#textPatch === null) this.#textPatch = shorter(createTextFossilDelta(base, target), target)
      return this.#textPatch
    }
    if (this.#binaryPatch === null) this.#binaryPatch = shorter(createFossilDelta(base, target), target)
    return this.#binaryPatch
  }
}

const shorter = (patch: Buffer | undefined, target: Uint8Array): Buffer | undefined =>
  patch && patch.length < target.length ? patch : undefined

/**
 * Recovered publications in the form of a subscription with delta: the first whole, each following one as a patch
 * against the one before it where that is shorter.
 */
export const chainPatches = (publications: readonly Publication[], asText: boolean): DeliveredPublication[] =>
  publications.map(({ data, offset, info, tags }, i) => {
    const base = publications[i - 1]?.data
    const patch = base && shorter((asText ? createTextFossilDelta : createFossilDelta)(base, data), data)
    return { data: patch ?? data, offset, info, tags, asString: asText, ...(patch ? { delta: true } : {}) }
  })
