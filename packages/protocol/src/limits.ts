/** Largest integer that JavaScript counts exactly; larger ids, offsets and versions of clients are refused. */
export const maxSafe: number = Number.MAX_SAFE_INTEGER

export const maxUint32 = 0xffff_ffff

export const maxInt32 = 0x7fff_ffff

/** How deep the tags filter of a subscribe request may nest before the frame counts as malformed. */
export const maxFilterNesting = 100
