import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { StopSignals } from './stop-signals.ts'

const listen = () => {
  const source = new EventEmitter()
  const time = { nowMs: 0 }
  const signals = new StopSignals(source, () => time.nowMs)
  const seen: string[] = []
  signals.requested.then(() => seen.push('requested'))
  signals.insisted.then(() => seen.push('insisted'))
  const send = async (signal: string) => {
    source.emit(signal)
    await Promise.resolve()
  }
  return { source, signals, time, seen, send }
}

describe('signals that stop the program', () => {
  it.each(['SIGTERM', 'SIGINT'])('ask once with the first %s', async (signal) => {
    const { seen, send } = listen()
    await send(signal)
    expect(seen).toEqual(['requested'])
  })

  it('are one wish when one Ctrl-C arrives by several roads', async () => {
    const { seen, send, time } = listen()
    await send('SIGINT')
    time.nowMs = 40
    await send('SIGINT')
    await send('SIGTERM')
    expect(seen).toEqual(['requested'])
  })

  it('insist when another comes later', async () => {
    const { seen, send, time } = listen()
    await send('SIGTERM')
    time.nowMs = 1_000
    await send('SIGINT')
    expect(seen).toEqual(['requested', 'insisted'])
  })

  it('are left to others after close', () => {
    const { source, signals } = listen()
    signals.close()
    expect(source.listenerCount('SIGTERM') + source.listenerCount('SIGINT')).toBe(0)
  })
})
