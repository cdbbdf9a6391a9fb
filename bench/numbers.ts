/** Numbers as people read them. */

/** Three digits that count. */
export const short = (value: number): string => {
  const size = Math.abs(value)
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3)
}

export const millions = (value: number): string => `${short(value / 1e6)} M`

export const thousands = (value: number): string => `${short(value / 1e3)} k`

export const milliseconds = (us: number): string => `${short(us / 1000)} ms`
