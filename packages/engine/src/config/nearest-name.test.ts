import { describe, expect, it } from 'vitest'
import { nearestName } from './nearest-name.ts'

const names = ['presence', 'join_leave', 'history_size', 'history_ttl', 'name', 'CENTRIFUGO_HTTP_API_KEY']

describe('the nearest name', () => {
  it.each([
    ['presense', 'presence'],
    ['PRESENCE', 'presence'],
    ['histroy_size', 'history_size'],
    ['history_tl', 'history_ttl'],
    ['nmae', 'name'],
    ['nam', 'name'],
    ['CENTRIFUGO_HTTPAPI_KEY', 'CENTRIFUGO_HTTP_API_KEY'],
  ])('to %s is %s', (mistyped, meant) => {
    expect(nearestName(mistyped, names)).toBe(meant)
  })

  it.each(['', 'x', 'zzzzzzzz', 'size', 'client_publish_debounce_interval'])('to "%s" is none', (name) => {
    expect(nearestName(name, names)).toBeUndefined()
  })

  it('is the nearest of several, and the first of equals', () => {
    expect(nearestName('allow_publish_for_clients', ['allow_publish_for_subscriber', 'allow_publish_for_client'])).toBe(
      'allow_publish_for_client',
    )
    expect(nearestName('ab', ['ax', 'ay'])).toBe('ax')
  })
})
