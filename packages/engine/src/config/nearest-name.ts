/**
 * The candidate that a mistyped name was probably meant to be: at most a third of its letters away, counting letters
 * put in, left out, replaced, or swapped with their neighbour. Undefined where none is that near; the first of equals.
 */
export const nearestName = (name: string, candidates: Iterable<string>): string | undefined => {
  let nearest: string | undefined
  let fewest = Math.max(1, Math.floor(name.length / 3)) + 1
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) >= fewest) continue
    const steps = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (steps >= fewest) continue
    nearest = candidate
    fewest = steps
  }
  return nearest
}

/** Optimal string alignment distance. */
const editDistance = (one: string, other: string): number => {
  let beforeLast: number[] = []
  let last = Array.from({ length: other.length + 1 }, (_, column) => column)
  for (let row = 1; row <= one.length; row++) {
    const current = [row]
    for (let column = 1; column <= other.length; column++) {
      const isSame = one[row - 1] === other[column - 1]
      const isSwapped = column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      current[column] = Math.min(
        last[column]! + 1,
        current[column - 1]! + 1,
        last[column - 1]! + (isSame ? 0 : 1),
        isSwapped ? (beforeLast[column - 2] ?? Number.POSITIVE_INFINITY) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    beforeLast = last
    last = current
  }
  return last[other.length]!
}
