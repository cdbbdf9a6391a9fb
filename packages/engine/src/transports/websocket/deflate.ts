import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'

/**
 * permessage-deflate (RFC 7692) without context takeover on either side: each message stands alone, so that one
 * compressed frame serves every receiver and no connection keeps a window.
 */
export const deflateAnswer = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'

/** Whether a `Sec-WebSocket-Extensions` header offers the extension; parameters of the offer do not bind us. */
export const offersDeflate = (extensions = ''): boolean =>
  extensions.split(',').some((offer) => offer.split(';', 1)[0]?.trim().toLowerCase() === 'permessage-deflate')

/** Ends every flushed block and is left out on the wire. RFC 7692 §7.2.1. */
const flushTail = Buffer.from([0x00, 0x00, 0xff, 0xff])

/** Compresses one message. */
export const deflateMessage = (message: Uint8Array, level: number): Buffer => {
  const deflated = deflateRawSync(message, { level, finishFlush: constants.Z_SYNC_FLUSH })
  return deflated.subarray(0, deflated.length - flushTail.length)
}

export type Inflated = Buffer | 'too-big' | 'corrupt'

/** Restores one message, up to `maxBytes` of it. */
export const inflateMessage = (deflated: Buffer, maxBytes: number): Inflated => {
  try {
    return inflateRawSync(Buffer.concat([deflated, flushTail]), {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: maxBytes,
    })
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'too-big' : 'corrupt'
  }
}
