import { describe, expect, it } from 'vitest'
import { createHostRule } from './known-hosts.ts'

describe('a Host header', () => {
  it.each([
    ['localhost', true],
    ['localhost:3001', true],
    ['LOCALHOST.:3001', true],
    ['127.0.0.1:3001', true],
    ['[::1]:3001', true],
    ['192.168.1.7', true],
    ['rt.example.com', false],
    ['xshathra:3001', false],
    ['localhost.evil.example', false],
    ['127.0.0.1.evil.example', false],
    ['', false],
    [undefined, false],
  ])('%j without a public URL is served: %j', (host, isServed) => {
    expect(createHostRule(undefined)(host)).toBe(isServed)
  })

  it.each([
    ['rt.example.com', true],
    ['RT.example.com:443', true],
    ['localhost:3001', true],
    ['10.0.0.7:3001', true],
    ['xshathra:3001', true],
    ['other.example.com', false],
    ['rt.example.com.evil.example', false],
  ])('%j with the public URL https://rt.example.com is served: %j', (host, isServed) => {
    expect(createHostRule('https://rt.example.com')(host)).toBe(isServed)
  })
})
