import { describe, expect, it } from 'vitest'
import { closed, connectResult } from './expectations.ts'
import { startServer } from './servers.ts'
import { encodeFrame, opcodes, openTcp, openTcpWebSocket, type TcpClient, upgradeRequest } from './tcp-client.ts'
import { openWebSocket } from './web-socket-client.ts'

const server = await startServer({ client: { insecure: true } })

const upgrade = async (
  ...request: Parameters<typeof upgradeRequest>
): Promise<{ client: TcpClient; status: number }> => {
  const client = await openTcp(server)
  client.write(upgradeRequest(...request))
  return { client, status: await client.status() }
}

describe('the subprotocol', () => {
  it.each([
    { offered: undefined, answered: undefined },
    { offered: 'centrifuge-json', answered: 'centrifuge-json' },
    { offered: 'centrifuge-protobuf', answered: 'centrifuge-protobuf' },
    { offered: 'centrifuge-protobuf, centrifuge-json', answered: 'centrifuge-protobuf' },
    { offered: 'centrifuge-json, centrifuge-protobuf', answered: 'centrifuge-json' },
    { offered: 'chat, centrifuge-json', answered: 'centrifuge-json' },
    { offered: 'chat', answered: undefined },
    { offered: 'Centrifuge-JSON', answered: undefined },
  ])('$offered is answered with $answered', async ({ offered, answered }) => {
    const { client, status } = await upgrade({ 'Sec-WebSocket-Protocol': offered })
    expect(status).toBe(101)
    expect(client.header('Sec-WebSocket-Protocol')).toBe(answered)
  })

  it('none means JSON', async () => {
    const client = await openTcpWebSocket(server)
    client.sendFrame({ opcode: opcodes.text, payload: '{"id":1,"connect":{}}' })
    expect(await client.inbox.take(1)).toEqual([{ opcode: opcodes.text, payload: expect.stringMatching(/^\{"id":1,/) }])
  })

  it.each(['format=protobuf', 'cf_protocol=protobuf'])('?%s means Protobuf without a subprotocol', async (query) => {
    const client = await openWebSocket(server, { path: `/connection/websocket?${query}`, encoding: 'protobuf' })
    expect(await client.connect()).toEqual({ id: 1, connect: connectResult })
  })
})

describe('the upgrade request', () => {
  it('is accepted with the key of the example in RFC 6455 §1.3', async () => {
    const { client, status } = await upgrade()
    expect(status).toBe(101)
    expect(client.header('Sec-WebSocket-Accept')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
  })

  it.each([
    { why: 'Upgrade is missing', headers: { Upgrade: undefined }, status: 400 },
    { why: 'Connection is missing', headers: { Connection: undefined }, status: 400 },
    { why: 'the version is missing', headers: { 'Sec-WebSocket-Version': undefined }, status: 400 },
    { why: 'the version is 12', headers: { 'Sec-WebSocket-Version': '12' }, status: 400 },
    { why: 'the key is missing', headers: { 'Sec-WebSocket-Key': undefined }, status: 400 },
    { why: 'the key is not 16 bytes', headers: { 'Sec-WebSocket-Key': 'c2hvcnQ=' }, status: 400 },
  ])('is refused when $why', async ({ headers, status }) => {
    expect((await upgrade(headers)).status).toBe(status)
  })

  it('is refused with 405 when it is a POST', async () => {
    expect((await upgrade({}, { method: 'POST' })).status).toBe(405)
  })

  it('finds tokens of Connection and Upgrade in any case and place', async () => {
    const { status } = await upgrade({ Connection: 'keep-alive, UPGRADE', Upgrade: 'WebSocket' })
    expect(status).toBe(101)
  })

  it.each(['/connection/websocket/', '/connection/websockets', '/connection', '/'])('is 404 at %s', async (path) => {
    expect((await upgrade({}, { path })).status).toBe(404)
  })

  it('frames sent before the answer close the connection without one', async () => {
    const client = await openTcp(server)
    client.write(upgradeRequest(), encodeFrame({ opcode: opcodes.text, payload: '{"id":1,"connect":{}}' }))
    expect(await client.untilClosed()).toEqual([{ close: 'tcp' }])
  })
})

describe('a frame that breaks RFC 6455', () => {
  it.each([
    { why: 'not masked', frame: { opcode: opcodes.text, payload: '{}', masked: false } },
    { why: 'with a reserved bit', frame: { opcode: opcodes.text, payload: '{}', reserved: 4 } },
    { why: 'with an unknown opcode', frame: { opcode: 3, payload: '{}' } },
    { why: 'that continues nothing', frame: { opcode: opcodes.continuation, payload: '{}' } },
    { why: 'that is a ping in parts', frame: { opcode: opcodes.ping, fin: false } },
    { why: 'that is a ping of 126 bytes', frame: { opcode: opcodes.ping, payload: 'x'.repeat(126) } },
    { why: 'that closes with 1005', frame: { opcode: opcodes.close, payload: Buffer.from([3, 237]) } },
    {
      why: 'that closes with a reason in broken UTF-8',
      frame: { opcode: opcodes.close, payload: Buffer.from([3, 232, 255]) },
    },
  ])('$why is closed with 1002', async ({ frame }) => {
    const client = await openTcpWebSocket(server)
    client.sendFrame(frame)
    expect(await client.inbox.take(1)).toEqual([{ closeFrame: { code: 1002, reason: expect.any(String) } }])
  })

  it('a length with the top bit set drops TCP', async () => {
    const client = await openTcpWebSocket(server)
    client.sendFrame({ opcode: opcodes.text, payload: '', lengthBytes: [127, 128, 0, 0, 0, 0, 0, 0, 1] })
    expect(await client.untilClosed()).toEqual([{ close: 'tcp' }])
  })

  it('a new message inside an unfinished one is closed with 1002', async () => {
    const client = await openTcpWebSocket(server)
    client.sendFrame({ opcode: opcodes.text, payload: '{"id":1,', fin: false })
    client.sendFrame({ opcode: opcodes.text, payload: '"connect":{}}' })
    expect(await client.inbox.take(1)).toEqual([{ closeFrame: { code: 1002, reason: expect.any(String) } }])
  })
})

describe('a frame that RFC 6455 allows', () => {
  it('is put together from its parts, with a ping in between', async () => {
    const client = await openTcpWebSocket(server)
    client.sendFrame({ opcode: opcodes.text, payload: '{"id":1,', fin: false })
    client.sendFrame({ opcode: opcodes.ping, payload: 'are you there' })
    client.sendFrame({ opcode: opcodes.continuation, payload: '"connect":{}}' })
    expect(await client.inbox.take(2)).toEqual([
      { opcode: opcodes.pong, payload: 'are you there' },
      { opcode: opcodes.text, payload: expect.stringMatching(/^\{"id":1,"connect":/) },
    ])
  })

  it('may be an unasked pong', async () => {
    const client = await openTcpWebSocket(server)
    client.sendFrame({ opcode: opcodes.pong, payload: 'unasked' })
    client.sendFrame({ opcode: opcodes.text, payload: '{"id":1,"connect":{}}' })
    expect(await client.inbox.take(1)).toEqual([{ opcode: opcodes.text, payload: expect.any(String) }])
  })

  it.each([
    { sent: 'nothing', payload: Buffer.alloc(0), answered: 1005 },
    { sent: 'one byte', payload: Buffer.from([3]), answered: 1005 },
    { sent: '1000', payload: Buffer.from([3, 232]), answered: 1000 },
    { sent: '3000', payload: Buffer.from([11, 184]), answered: 3000 },
  ])('a close with $sent is answered with $answered', async ({ payload, answered }) => {
    const client = await openTcpWebSocket(server)
    client.sendFrame({ opcode: opcodes.close, payload })
    expect(await client.inbox.take(1)).toEqual([{ closeFrame: { code: answered, reason: '' } }])
  })
})

describe('the size of a message', () => {
  const padded = (size: number): string => {
    const bare = '{"id":1,"connect":{"name":""}}'
    return bare.replace('""', `"${'x'.repeat(size - bare.length)}"`)
  }

  it('may be 65536 bytes', async () => {
    const client = await openWebSocket(server)
    client.sendText(padded(65_536))
    expect(await client.inbox.take(1)).toEqual([{ id: 1, connect: connectResult }])
  })

  it('is closed with 1009 from 65537 bytes on', async () => {
    const client = await openWebSocket(server)
    client.sendText(padded(65_537))
    expect(await client.untilClosed()).toEqual([closed(1009, '')])
  })

  it('counts the parts of a message together', async () => {
    const client = await openTcpWebSocket(server)
    client.sendFrame({ opcode: opcodes.text, payload: padded(60_000).slice(0, 40_000), fin: false })
    client.sendFrame({ opcode: opcodes.continuation, payload: 'x'.repeat(40_000) })
    expect(await client.inbox.take(1)).toEqual([{ closeFrame: { code: 1009, reason: '' } }])
  })
})

describe('compression', () => {
  it('is not agreed on by default', async () => {
    const client = await openWebSocket(server, { options: { perMessageDeflate: true } })
    expect(client.socket.extensions).toBe('')
    expect(await client.connect()).toEqual({ id: 1, connect: connectResult })
  })

  it('is agreed on where the configuration allows it, and for those who offer it', async () => {
    const compressing = await startServer({ client: { insecure: true }, websocket: { compression: true } })
    const client = await openWebSocket(compressing, { options: { perMessageDeflate: { threshold: 0 } } })
    expect(client.socket.extensions).toContain('permessage-deflate')
    expect(await client.connect()).toEqual({ id: 1, connect: connectResult })
    const data = 'x'.repeat(10_000)
    expect(
      await client.exchange({ id: 2, subscribe: { channel: 'a' } }, { id: 3, publish: { channel: 'a', data } }),
    ).toEqual([
      { id: 2, subscribe: {} },
      { push: { channel: 'a', pub: { data, info: { user: '', client: client.client } } } },
      { id: 3, publish: {} },
    ])
    const plain = await openWebSocket(compressing)
    expect(plain.socket.extensions).toBe('')
    expect(await plain.connect()).toEqual({ id: 1, connect: connectResult })
  })
})

describe('the end of a connection', () => {
  it('is the close frame with code and reason, and no push before it', async () => {
    const client = await openTcpWebSocket(server)
    client.sendFrame({ opcode: opcodes.text, payload: 'nonsense' })
    expect(await client.inbox.take(1)).toEqual([{ closeFrame: { code: 3501, reason: 'bad request' } }])
  })
})
