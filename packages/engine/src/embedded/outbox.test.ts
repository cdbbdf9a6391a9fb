import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Outbox, type Outlet } from './outbox.ts'

class Reader implements Outlet {
  owed = 0
  readonly writes: Buffer[] = []

  deliver(bytes: Buffer): void {
    this.writes.push(bytes)
  }

  get text(): string {
    return Buffer.concat(this.writes).toString()
  }
}

const createOutbox = () => {
  const scheduled: (() => void)[] = []
  return {
    outbox: new Outbox((flush) => scheduled.push(flush)),
    flush: () => {
      for (const run of scheduled.splice(0)) run()
    },
  }
}

describe('the outbox', () => {
  it('[OX1] writes all that a connection is owed in one turn with one write, in order', () => {
    const { outbox, flush } = createOutbox()
    const reader = new Reader()
    for (const text of ['a', 'b', 'c']) outbox.add(reader, Buffer.from(text))
    expect(reader.writes).toHaveLength(0)
    flush()
    expect(reader.writes.map(String)).toEqual(['abc'])
  })

  it('[OX2] shares one merged buffer between connections that are owed the same', () => {
    const { outbox, flush } = createOutbox()
    const readers = [new Reader(), new Reader(), new Reader()]
    for (const text of ['a', 'b']) outbox.addToAll(readers, readers.length, Buffer.from(text))
    flush()
    expect(readers[0]?.writes[0]).toBe(readers[1]?.writes[0])
    expect(readers[1]?.writes[0]).toBe(readers[2]?.writes[0])
    expect(readers[2]?.text).toBe('ab')
  })

  it('[OX2] hands a lone frame on without a copy', () => {
    const { outbox, flush } = createOutbox()
    const reader = new Reader()
    const frame = Buffer.from('alone')
    outbox.add(reader, frame)
    flush()
    expect(reader.writes[0]).toBe(frame)
  })

  it('[OX1] gives every connection exactly its own frames in order, whatever is shared', () => {
    const step = fc.record({ readers: fc.uniqueArray(fc.nat(5), { minLength: 1 }), flush: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { outbox, flush } = createOutbox()
        const readers = Array.from({ length: 6 }, () => new Reader())
        const expected = readers.map(() => '')
        steps.forEach((one, i) => {
          const frame = Buffer.from(`<${i}>`)
          outbox.addToAll(
            one.readers.map((n) => readers[n] as Reader),
            one.readers.length,
            frame,
          )
          for (const n of one.readers) expected[n] = `${expected[n]}${frame}`
          if (one.flush) flush()
        })
        flush()
        expect(readers.map((reader) => reader.text)).toEqual(expected)
      }),
    )
  })

  it('[OX1] delivers what is added to connections before and behind the one that is being written', () => {
    const { outbox, flush } = createOutbox()
    const [first, second, third] = [new Reader(), new Reader(), new Reader()]
    const write = second.deliver.bind(second)
    second.deliver = (bytes) => {
      write(bytes)
      if (second.writes.length === 1) outbox.addToAll([first, third], 2, Buffer.from('late'))
    }
    outbox.addToAll([first, second, third], 3, Buffer.from('early '))
    flush()
    outbox.addToAll([second, first], 2, Buffer.from('!'))
    flush()
    expect([first, second, third].map(({ text }) => text)).toEqual(['early late!', 'early !', 'early late'])
  })

  it('[OX3] flushes early, after the running code, when a turn owes very much', async () => {
    const { outbox } = createOutbox()
    const reader = new Reader()
    for (let i = 0; i < 5; i++) outbox.add(reader, Buffer.alloc(100_000))
    expect(reader.writes).toHaveLength(0)
    await Promise.resolve()
    expect(reader.text).toHaveLength(500_000)
  })
})
