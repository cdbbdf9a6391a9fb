import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DeadlineEntry } from './deadline-queue.ts'
import { DeadlineQueue } from './deadline-queue.ts'

const entryAt = (deadlineMs: number): DeadlineEntry & { deadlineMs: number } => ({
  deadlineMs,
  queuedForMs: 0,
  queueIndex: -1,
})

describe('DeadlineQueue', () => {
  it('hands out what is due in order, without what was removed', () => {
    const deadlines = fc.array(fc.record({ deadlineMs: fc.integer({ min: 1, max: 50 }), isRemoved: fc.boolean() }))
    fc.assert(
      fc.property(deadlines, (plan) => {
        const queue = new DeadlineQueue<DeadlineEntry>()
        const entries = plan.map(({ deadlineMs, isRemoved }) => ({ entry: entryAt(deadlineMs), isRemoved }))
        for (const { entry } of entries) queue.add(entry)
        for (const { entry, isRemoved } of entries) if (isRemoved) queue.remove(entry)
        const left = entries.filter(({ isRemoved }) => !isRemoved).map(({ entry }) => entry.deadlineMs)
        const taken: number[] = []
        for (let due = queue.takeDue(50); due !== undefined; due = queue.takeDue(50)) taken.push(due.deadlineMs)
        expect(taken).toEqual(left.sort((one, other) => one - other))
        expect(queue.size).toBe(0)
      }),
    )
  })

  it('hands out nothing before its time, and looks at an entry whose deadline moved later at the old one', () => {
    const queue = new DeadlineQueue<DeadlineEntry>()
    const entry = entryAt(10)
    queue.add(entry)
    entry.deadlineMs = 20
    queue.add(entry)
    expect(queue.takeDue(9)).toBeUndefined()
    expect(queue.nextMs).toBe(10)
    expect(queue.takeDue(10)).toBe(entry)
    expect(queue.size).toBe(0)
  })
})
