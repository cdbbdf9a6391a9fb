import type { Payload, Publication } from '@xshathra/protocol'
import type { BrokerPublishOptions, PublicationDraft } from './broker.ts'

/** Makes a publication that nothing keeps: no offset, no epoch, and the payload as it came. */
export const passingPublication = (draft: PublicationDraft, options: BrokerPublishOptions): Publication =>
  publication(draft, options, draft.data, 0, undefined)

/** Makes the publication that stands at `offset` of a stream; only the first one tells the epoch. */
export const keptPublication = (
  draft: PublicationDraft,
  options: BrokerPublishOptions,
  offset: number,
  epoch: string,
): Publication => publication(draft, options, ownBytes(draft.data), offset, offset === 1 ? epoch : undefined)

/** All publications have the same fields in the same order, so that whoever encodes them sees one shape. */
const publication = (
  { isJson, info, tags }: PublicationDraft,
  { version }: BrokerPublishOptions,
  data: Payload,
  offset: number,
  epoch: string | undefined,
): Publication => ({ data, isJson, offset, epoch, info, tags, version: version || undefined })

/** A payload is often a slice of a receive buffer, which keeping it would keep alive whole. */
const ownBytes = (data: Payload): Payload => (data.byteLength === data.buffer.byteLength ? data : new Uint8Array(data))
