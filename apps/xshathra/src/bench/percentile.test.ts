import { expect, it } from 'vitest'
import { percentile } from './percentile.ts'

it.each([
  [[1], 0.5, 1],
  [[1, 2, 3, 4], 0.5, 2],
  [[1, 2, 3, 4], 0.99, 4],
  [[1, 2, 3, 4], 1, 4],
  [[], 0.5, undefined],
])('of %j, the value that the share %d stays at or below is %j', (values, share, expected) => {
  expect(percentile(values, share)).toBe(expected)
})
