import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import * as browser from './browser.ts'
import * as backend from './index.ts'

describe('the backend door in a browser', () => {
  it('has every name of the backend door', () => {
    expect(Object.keys(browser).toSorted()).toEqual(Object.keys(backend).toSorted())
  })

  it('says what to do instead, whatever is called', () => {
    const { defineChannels: _, RealtimeError: __, ...refusing } = browser
    for (const [name, call] of Object.entries(refusing)) {
      expect(call, name).toThrow(
        `${name}() of @xshathra/realtime needs the server's key and runs on your backend only.`,
      )
      expect(call, name).toThrow('@xshathra/realtime/client')
    }
  })

  it('defines channels, which is as good there as here', () => {
    const channels = browser.defineChannels({ news: { channel: 'announce:news', message: z.string() } })
    expect(channels.news().name).toBe('announce:news')
  })
})
