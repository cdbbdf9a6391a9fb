import { describe, expect, it } from 'vitest'
import { type EngineEvent, EventStream } from '../events.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { createLogger, type LogLevel, logEvents } from './logging.ts'

const levels: Readonly<Record<number, string>> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' }

const start = (level: LogLevel) => {
  const lines: Record<string, unknown>[] = []
  const logger = createLogger(level, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const events = new EventStream()
  const clock = new FakeClock()
  const stop = logEvents(events, logger, clock)
  const told = () => lines.map((line) => `${levels[Number(line.level)]} ${line.msg}`)
  return { lines, told, events, clock, stop, logger }
}

const refusal = (client: string): EngineEvent => ({
  kind: 'refuse',
  client,
  scope: 's',
  user: 'u',
  command: 'subscribe',
  channel: 'chat:a',
  code: 103,
  message: 'permission denied',
  rule: 'subscribe.allowed',
})

const ended = (code: number, slow = false): EngineEvent => ({
  kind: 'disconnect',
  client: 'c',
  scope: '',
  user: 'u',
  transport: 'websocket',
  code,
  reason: 'because',
  slow,
  durationMs: 5,
})

describe('the log of events', () => {
  it('[OB4] names the rule that refused', () => {
    const { lines, events } = start('info')
    events.emit(refusal('c1'))
    expect(lines).toMatchObject([
      { level: 30, msg: 'refused', client: 'c1', rule: 'subscribe.allowed', code: 103, channel: 'chat:a' },
    ])
  })

  it('[OB4] gives each kind its level', () => {
    const { told, events } = start('debug')
    const who = { client: 'c', scope: '', user: 'u' }
    const opened = { transport: 'websocket', protocol: 'json', name: 'js', version: '1', remoteAddress: '::1' }
    events.emit({ kind: 'connect', ...who, ...opened })
    events.emit({ kind: 'subscribe', ...who, channel: 'a', namespace: '', serverSide: false })
    events.emit({ kind: 'unsubscribe', ...who, channel: 'a', namespace: '', code: 0 })
    events.emit(ended(3000))
    events.emit(ended(3503))
    events.emit(ended(3008, true))
    events.emit({ kind: 'reject', transport: 'websocket', status: 403, rule: 'origin' })
    events.emit({ kind: 'store', state: 'failing', detail: 'disk full' })
    events.emit({ kind: 'store', state: 'recovered', detail: '' })
    events.emit({ kind: 'internal', where: 'x', error: new Error('y') })
    expect(told()).toEqual([
      'debug connected',
      'debug subscribed',
      'debug unsubscribed',
      'debug disconnected',
      'info disconnected',
      'warn disconnected: too slow to take what it is sent',
      'info connection turned away',
      'error the history store fails: nothing is accepted for channels with history',
      'warn the history store works again',
      'error internal error',
    ])
  })

  it('tells the whole cause of an internal error', () => {
    const { lines, events } = start('error')
    events.emit({ kind: 'internal', where: 'broker', error: new Error('outer', { cause: new Error('inner') }) })
    expect(lines).toMatchObject([{ where: 'broker', err: { message: expect.stringContaining('outer') } }])
    expect(JSON.stringify(lines)).toContain('inner')
  })

  it('[OB1] does not listen to what its level would drop', () => {
    const kinds = ['connect', 'publish', 'refuse', 'disconnect', 'internal'] as const
    const wanted = (level: LogLevel) => kinds.filter((kind) => start(level).events.wants(kind))
    expect(wanted('debug')).toEqual(['connect', 'refuse', 'disconnect', 'internal'])
    expect(wanted('info')).toEqual(['refuse', 'disconnect', 'internal'])
    expect(wanted('warn')).toEqual(['disconnect', 'internal'])
    expect(wanted('error')).toEqual(['internal'])
    expect(start('none').events.active).toBe(false)
  })

  it('[OB5] is not filled by one client, and counts what it left out', () => {
    const { lines, told, events, clock } = start('info')
    for (let n = 0; n < 1000; n++) events.emit(refusal('loud'))
    events.emit(refusal('quiet'))
    expect(lines).toHaveLength(11)
    clock.advance(10_000)
    expect(told().at(-1)).toBe('warn more refusals and disconnects were not logged')
    expect(lines.at(-1)).toMatchObject({ count: 990 })
    events.emit(refusal('loud'))
    expect(told().at(-1)).toBe('info refused')
  })

  it('[OB5] is not filled by many clients either', () => {
    const { lines, events, clock } = start('info')
    for (let n = 0; n < 5000; n++) events.emit(refusal(`c${n}`))
    for (let n = 0; n < 5000; n++) events.emit(ended(3500))
    expect(lines).toHaveLength(100)
    clock.advance(10_000)
    expect(lines.at(-1)).toMatchObject({ count: 9900 })
  })

  it('says nothing at the end of a window that left nothing out, and sets no timer while nothing happens', () => {
    const { lines, events, clock } = start('info')
    expect(clock.pending).toBe(0)
    events.emit(refusal('c'))
    clock.advance(10_000)
    expect(lines).toHaveLength(1)
    expect(clock.pending).toBe(0)
  })

  it('stops with what it still had to tell, and leaves no timer', () => {
    const { lines, events, clock, stop } = start('info')
    for (let n = 0; n < 12; n++) events.emit(refusal('loud'))
    stop()
    expect(lines.at(-1)).toMatchObject({ count: 2 })
    expect(clock.pending).toBe(0)
    expect(events.active).toBe(false)
  })

  it('[OB6] never shows a secret, wherever it stands', () => {
    const { lines, logger } = start('info')
    const headers = { authorization: 'apikey s3cret', cookie: 's3cret', 'x-api-key': 's3cret' }
    logger.info({ token: 's3cret', headers, request: { headers, token: 's3cret' }, apiKey: 's3cret' }, 'seen')
    expect(lines).toHaveLength(1)
    expect(JSON.stringify(lines)).not.toContain('s3cret')
  })
})
