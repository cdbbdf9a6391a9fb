import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { Secret } from './secret.ts'

it('prints as [secret] however it is printed, and reveals its text when asked', () => {
  const secret = new Secret('open sesame')
  const printed = [`${secret}`, JSON.stringify({ secret }), inspect({ secret }), inspect(secret, { showHidden: true })]
  expect(printed.join()).not.toContain('sesame')
  expect(printed.every((text) => text.includes('[secret]'))).toBe(true)
  expect(secret.reveal()).toBe('open sesame')
})
