import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { CommitQueue } from './commit-queue.ts'

/** A store whose commits end when the test says so. */
const start = () => {
  const commits: ((failure?: string) => void)[] = []
  const settled: string[] = []
  const queue = new CommitQueue((_changes, _isPower, done) => void commits.push(done))
  const add = (name: string) =>
    queue.filling().operations.push({ settle: (isCommitted) => void settled.push(`${name} ${isCommitted}`) })
  return { queue, commits, settled, add }
}

describe('commits', () => {
  it('[BR17] hold what was added in one turn, and the next leaves when the one before is back', async () => {
    const { commits, settled, add } = start()
    add('a')
    add('b')
    await turn()
    add('c')
    await turn()
    expect(commits).toHaveLength(1)
    commits[0]?.()
    expect(settled).toEqual(['a true', 'b true'])
    expect(commits).toHaveLength(2)
  })

  it('[BR24] that fail take with them all that was added meanwhile, in order, and nothing that comes later', async () => {
    const { commits, settled, add } = start()
    add('a')
    await turn()
    add('b')
    commits[0]?.('no space')
    expect(settled).toEqual(['a false', 'b false'])
    add('c')
    await turn()
    commits[1]?.()
    expect(settled).toEqual(['a false', 'b false', 'c true'])
    expect(commits).toHaveLength(2)
  })

  it('are all over when the queue is idle', async () => {
    const { queue, commits, settled, add } = start()
    add('a')
    const idle = queue.idle().then(() => settled.push('idle'))
    await turn()
    commits[0]?.()
    await idle
    expect(settled).toEqual(['a true', 'idle'])
  })
})
