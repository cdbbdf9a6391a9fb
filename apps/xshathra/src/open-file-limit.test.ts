import { describe, expect, it } from 'vitest'
import { noteOpenFileLimit } from './open-file-limit.ts'

const limits = (soft: string) =>
  `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${soft}                 4096                 files\n`

describe('the note on open files', () => {
  it('names a small limit and how to raise it', () => {
    expect(noteOpenFileLimit(limits('1024'))).toMatch(/allows 1024 open files.*ulimit -n/)
  })

  it.each([limits('1048576'), limits('unlimited'), ''])(
    'is silent where there is room, or nothing is known',
    (text) => {
      expect(noteOpenFileLimit(text)).toBeUndefined()
    },
  )
})
