import { once } from 'node:events'
import { createServer, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { MarkedResponse } from './marked-response.ts'
import { nameRequest } from './request-id.ts'

/** Header lines of an answer, as they were sent. */
const linesOf = async (answer: (response: ServerResponse) => void): Promise<string[]> => {
  const server = createServer({ ServerResponse: MarkedResponse }, (asked, response) => {
    nameRequest(asked, 'req_1')
    answer(response)
  }).listen(0, '127.0.0.1')
  try {
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const asking = request({ port, host: '127.0.0.1', agent: false }).end()
    const [response] = await once(asking, 'response')
    response.resume()
    const raw = response.rawHeaders as string[]
    return raw.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${raw[at + 1]}`] : []))
  } finally {
    server.close()
  }
}

const marks = ['X-Request-Id: req_1', 'X-Content-Type-Options: nosniff', 'Referrer-Policy: no-referrer']

describe('an answer of the front door', () => {
  it.each<[string, (response: ServerResponse) => void]>([
    ['as a list', (response) => response.writeHead(200, ['Content-Type', 'text/plain']).end()],
    ['as an object', (response) => response.writeHead(200, { 'Content-Type': 'text/plain' }).end()],
    ['behind a reason', (response) => response.writeHead(200, 'Fine', { 'Content-Type': 'text/plain' }).end()],
    ['one by one', (response) => response.setHeader('Content-Type', 'text/plain').end()],
    [
      'one by one and as a list',
      (response) => response.setHeader('Vary', 'Origin').writeHead(200, ['Content-Type', 'text/plain']).end(),
    ],
  ])('carries its marks once beside headers that were given %s', async (_how, answer) => {
    const lines = await linesOf(answer)
    expect(lines).toContain('Content-Type: text/plain')
    expect(lines).toEqual(expect.arrayContaining(marks))
    expect(lines.filter((line) => line.startsWith('X-Request-Id'))).toHaveLength(1)
  })

  it('keeps what whoever answered said otherwise', async () => {
    const set = await linesOf((response) => response.setHeader('Referrer-Policy', 'same-origin').end())
    const written = await linesOf((response) => response.writeHead(200, { 'Referrer-Policy': 'same-origin' }).end())
    for (const lines of [set, written]) {
      expect(lines.filter((line) => line.startsWith('Referrer-Policy'))).toEqual(['Referrer-Policy: same-origin'])
    }
  })
})
