import { expect, it } from 'vitest'
import { readOrigin } from './read-origin.ts'

it.each([
  ['http://localhost:3001', 'http://localhost:3001'],
  ['https://rt.example.com/realtime/connection/websocket', 'https://rt.example.com'],
  ['wss://rt.example.com/realtime/connection/websocket?x=1', 'https://rt.example.com'],
  ['ws://localhost:3001/realtime/connection/websocket', 'http://localhost:3001'],
])('the deployment of %s is at %s', (url, origin) => {
  expect(readOrigin(url)).toEqual({ ok: true, value: origin })
})

it.each(['localhost:3001', 'example.com', 'ftp://example.com', ''])('%j is no URL of a deployment', (url) => {
  expect(readOrigin(url).ok).toBe(false)
})
