import { beforeEach, expect, it } from 'vitest'
import { AttemptLimiter } from './attempt-limiter.ts'

let nowMs = 0
const clock = { now: () => nowMs, after: () => () => {} }
const create = (keys = 100) => new AttemptLimiter(clock, { attempts: 3, windowMs: 1000, keys })
const begin = (limiter: AttemptLimiter, key: string, times: number) =>
  Array.from({ length: times }, () => limiter.begin(key))

beforeEach(() => {
  nowMs = 0
})

it('lets so many attempts begin in a window, and tells the rest how long to wait', () => {
  const limiter = create()
  expect(begin(limiter, 'ada', 3)).toEqual([0, 0, 0])
  nowMs = 400
  expect(begin(limiter, 'ada', 2)).toEqual([600, 600])
  expect(limiter.begin('bob')).toBe(0)
  nowMs = 1000
  expect(begin(limiter, 'ada', 4)).toEqual([0, 0, 0, 1000])
})

it('counts nothing that is given back or forgotten, and never less than nothing', () => {
  const limiter = create()
  begin(limiter, 'ada', 3)
  limiter.giveBack('ada')
  expect(begin(limiter, 'ada', 2)).toEqual([0, 1000])
  limiter.forget('ada')
  limiter.giveBack('ada')
  expect(begin(limiter, 'ada', 4)).toEqual([0, 0, 0, 1000])
  for (let count = 0; count < 10; count += 1) limiter.giveBack('ada')
  expect(begin(limiter, 'ada', 4)).toEqual([0, 0, 0, 1000])
})

it('keeps to its bound, and to the keys that come back most', () => {
  const limiter = create(2)
  begin(limiter, 'ada', 4)
  limiter.begin('bob')
  limiter.begin('ada')
  limiter.begin('eve')
  expect(limiter.begin('ada')).toBe(1000)
})
