import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { aUuid, someText } from './expectations.ts'
import { startServer } from './servers.ts'
import { token } from './tokens.ts'

const server = await startServer({
  client: { ping_interval: '25s' },
  channel: { namespaces: [{ name: 'chat', allow_subscribe_for_client: true }] },
})
const wscat = join(dirname(createRequire(import.meta.url).resolve('wscat/package.json')), 'bin/wscat')

/** Runs wscat, which sends these lines, and resolves with all that it prints when each is answered or it gives up. */
const session = async (args: string[], lines: string[]): Promise<string> => {
  const url = `${server.webSocketUrl}?cf_ws_frame_ping_pong=true`
  const execute = lines.flatMap((line) => ['-x', line])
  const child = spawn(process.execPath, [wscat, '-c', url, '-w', '-1', ...execute, ...args])
  server.closeLater(() => child.kill('SIGKILL'))
  let output = ''
  const answered = Promise.withResolvers<void>()
  const read = (chunk: Buffer): void => {
    output += chunk.toString()
    const answers = output.match(/\{"id":\d+,"/g) ?? []
    if (answers.length === lines.length) answered.resolve()
  }
  child.stdout.on('data', read)
  child.stderr.on('data', read)
  child.on('close', () => answered.resolve())
  await answered.promise
  child.kill('SIGKILL')
  return output
}

const lines = [
  JSON.stringify({ id: 1, connect: { token: token({ sub: 'ann' }) } }),
  JSON.stringify({ id: 2, subscribe: { channel: 'chat:a' } }),
]

describe('wscat', () => {
  it('with -s connects and subscribes', async () => {
    const output = await session(['-s', 'centrifuge-json'], lines)
    const replies = output.match(/\{"id":.*\}/g)!.map((text) => JSON.parse(text) as unknown)
    expect(replies).toEqual([
      { id: 1, connect: { client: aUuid, version: someText } },
      { id: 2, subscribe: {} },
    ])
  })

  it('with the subprotocol in a header refuses the answer, which names what it did not ask for', async () => {
    const output = await session(['-H', 'Sec-WebSocket-Protocol: centrifuge-json'], lines)
    expect(output).toContain('sent a subprotocol but none was requested')
  })
})
