import { createServer, type Server } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { explainListenError, listen } from './listen.ts'

const open: Server[] = []
const newServer = () => {
  const server = createServer()
  open.push(server)
  return server
}
afterEach(() => {
  for (const server of open.splice(0)) server.close()
})

describe('opening the port', () => {
  it('answers the URL under which it is reached', async () => {
    const result = await listen(newServer(), { host: '127.0.0.1', port: 0 })
    expect(result.ok && result.value).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  })

  it('calls every interface localhost', async () => {
    const result = await listen(newServer(), { host: '', port: 0 })
    expect(result.ok && result.value).toMatch(/^http:\/\/localhost:\d+$/)
  })

  it('says in one sentence that a port is in use', async () => {
    const first = await listen(newServer(), { host: '127.0.0.1', port: 0 })
    const port = Number(first.ok && new URL(first.value).port)
    expect(await listen(newServer(), { host: '127.0.0.1', port })).toEqual({
      ok: false,
      problem: `127.0.0.1:${port} is in use by another program. Stop it, or choose another port with --port`,
    })
  })

  it('says in one sentence that an address is not of this machine', async () => {
    const result = await listen(newServer(), { host: '203.0.113.9', port: 0 })
    expect(result).toEqual({
      ok: false,
      problem: '203.0.113.9 is no address of this machine. Choose another with --address',
    })
  })

  it('says which ports need more rights', () => {
    const error = Object.assign(new Error('listen EACCES'), { code: 'EACCES' })
    expect(explainListenError(error, { host: '', port: 80 })).toBe(
      'port 80 may not be opened by this user. Choose a port of 1024 or more with --port',
    )
  })
})
