/** Nothing is promised for longer: 365 days, in seconds. Source: Centrifugo's cap on the life of connections. */
const maxTtlSeconds = 31_536_000

/** Brings an end (Unix seconds; absent: never) within a year from now. */
export const capExpiry = (expireAt: number | undefined, nowMs: number): number | undefined =>
  expireAt === undefined ? undefined : Math.min(expireAt, Math.floor(nowMs / 1000) + maxTtlSeconds)
