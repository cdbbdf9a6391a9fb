/** Milliseconds in one of each unit, as Go's `time.ParseDuration` names them. */
const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
}

const wholeDuration = /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/
const oneTerm = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g

/** What Go can hold in a duration: 64 bits of nanoseconds, some 292 years. */
const maxDurationMs = 2 ** 63 / 1e6

/**
 * Reads a duration in Go's notation ("300ms", "1h30m", "-1s", "0") into milliseconds, fractions kept. Undefined where
 * it is none, a number without unit included.
 */
export const parseDuration = (text: string): number | undefined => {
  if (text.length > 64 || !wholeDuration.test(text)) return undefined
  let ms = 0
  for (const [, amount = '', unit = ''] of text.matchAll(oneTerm)) ms += Number(amount) * (unitMs[unit] ?? 0)
  if (ms > maxDurationMs) return undefined
  return text.startsWith('-') && ms !== 0 ? -ms : ms
}

/** A duration as people write it: `1h30m`, `300ms`, `0s`. */
export const formatDuration = (ms: number): string => {
  if (ms === 0) return '0s'
  if (ms < 0) return `-${formatDuration(-ms)}`
  if (ms < 1_000) return `${ms}ms`
  const hours = Math.floor(ms / 3_600_000)
  const minutes = Math.floor((ms % 3_600_000) / 60_000)
  const seconds = (ms % 60_000) / 1_000
  return `${hours > 0 ? `${hours}h` : ''}${minutes > 0 ? `${minutes}m` : ''}${seconds > 0 ? `${seconds}s` : ''}`
}
