import { describe, it } from 'vitest'
import { aUuid, BAD_REQUEST, closed, errors, someText } from './expectations.ts'
import { startServer } from './servers.ts'
import { opcodes, openTcpWebSocket } from './tcp-client.ts'
import { inSeconds, token } from './tokens.ts'
import { connectWebSocket, openWebSocket } from './web-socket-client.ts'

const [server, patient, silent] = await Promise.all([
  startServer({ client: { insecure: true, ping_interval: '2s', pong_timeout: '1s', stale_close_delay: '1s' } }),
  startServer({ client: { insecure: true, ping_interval: '1s', pong_timeout: '-1s' } }),
  startServer({ client: { insecure: true, ping_interval: '-1s', pong_timeout: '-2s' } }),
])

const STALE = closed(3502, 'stale')
const NO_PONG = closed(3012, 'no pong')

describe.concurrent('pings', () => {
  it('and pongs are announced in the connect reply', async ({ expect }) => {
    const connect = { client: aUuid, version: someText }
    expect(await (await openWebSocket(server)).connect()).toEqual({
      id: 1,
      connect: { ...connect, ping: 2, pong: true },
    })
    expect(await (await openWebSocket(patient)).connect()).toEqual({ id: 1, connect: { ...connect, ping: 1 } })
  })

  it('come for the first time in the second half of the interval, and a connection that answers stays', async ({
    expect,
  }) => {
    const client = await connectWebSocket(server)
    const start = performance.now()
    await client.nextPing()
    const first = performance.now() - start
    await client.nextPing()
    const second = performance.now() - start - first
    expect(first).toBeGreaterThan(900)
    expect(first).toBeLessThan(2_300)
    expect(second).toBeGreaterThan(1_700)
    expect(second).toBeLessThan(2_500)
    expect(await client.received()).toEqual([])
  })

  it('that are not answered end the connection with 3012, whatever else the client says', async ({ expect }) => {
    const client = await connectWebSocket(server)
    client.answersPings = false
    await client.nextPing()
    expect(await client.exchange({ id: 2, subscribe: { channel: 'a' } })).toEqual([{ id: 2, subscribe: {} }])
    expect(await client.untilClosed()).toEqual([NO_PONG])
  })

  it('want one answer: a second one ends the connection with 3501', async ({ expect }) => {
    const client = await connectWebSocket(server)
    await client.nextPing()
    client.send({})
    expect(await client.untilClosed()).toEqual([BAD_REQUEST])
  })

  it('need no answer where the server does not look for one', async ({ expect }) => {
    const client = await connectWebSocket(patient)
    client.answersPings = false
    for (let n = 0; n < 3; n++) await client.nextPing()
    expect(await client.received()).toEqual([])
  })

  it('on Protobuf connections are single zero bytes', async ({ expect }) => {
    const settings = { subprotocols: ['centrifuge-protobuf'], encoding: 'protobuf' as const }
    const client = await connectWebSocket(server, {}, settings)
    await client.nextPing()
    expect(client.frames.at(-1)).toEqual(Buffer.from([0]))
    await client.nextPing()
    expect(await client.received()).toEqual([])
  })

  it('are WebSocket frames where the client asks for that, and the reply does not announce any', async ({ expect }) => {
    const path = '/connection/websocket?cf_ws_frame_ping_pong=true'
    const client = await openWebSocket(server, { path })
    let frames = 0
    client.socket.on('ping', () => frames++)
    expect(await client.connect()).toEqual({ id: 1, connect: { client: aUuid, version: someText } })
    await expect.poll(() => frames, { timeout: 8_000 }).toBe(2)
    expect(client.pings).toBe(0)
    expect(await client.received()).toEqual([])
  })

  it('as WebSocket frames that are not answered drop the connection', async ({ expect }) => {
    const client = await openTcpWebSocket(server, '/connection/websocket?cf_ws_frame_ping_pong=true')
    client.sendFrame({ opcode: opcodes.text, payload: '{"id":1,"connect":{}}' })
    const items = await client.untilClosed()
    expect(items.at(0)).toEqual({ opcode: opcodes.text, payload: someText })
    expect(items.at(1)).toEqual({ opcode: opcodes.ping, payload: '' })
    expect(items.at(-1)).toEqual({ close: 'tcp' })
  })

  it('are not announced where they are switched off', async ({ expect }) => {
    const client = await openWebSocket(silent)
    expect(await client.connect()).toEqual({ id: 1, connect: { client: aUuid, version: someText } })
  })
})

describe.concurrent('a connection without a successful connect', () => {
  it('ends with 3502 after the stale delay', async ({ expect }) => {
    const client = await openWebSocket(server)
    expect(await client.untilClosed()).toEqual([STALE])
  })

  it('that was refused with an error ends too', async ({ expect }) => {
    const client = await openWebSocket(server)
    client.send({ id: 1, connect: { token: token({ sub: 'ann', exp: inSeconds(-1) }) } })
    const items = await client.untilClosed()
    expect(items[0]).toEqual({ id: 1, error: errors.tokenExpired })
    expect(items[1]).toEqual({ close: expect.any(Object) })
  })

  it('is not any that has connected', async ({ expect }) => {
    const client = await connectWebSocket(server)
    await client.nextPing()
    expect(await client.received()).toEqual([])
  })
})
