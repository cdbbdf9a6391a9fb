import { once } from 'node:events'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'
import { clientFrame, closeOf, RawClient, serverFrames, upgradeRequest } from './testing/raw-client.ts'
import { type RunningTransports, sendText, startTransports } from './testing/start-transports.ts'
import { defaultTransportsOptions } from './transport-options.ts'

const shutdown = { code: 3001, reason: 'shutdown' }

/** A WebSocket client that somebody else wrote. */
const connectWs = async (running: RunningTransports, query = '', protocols: string[] = [], options = {}) => {
  const client = new WebSocket(`ws://127.0.0.1:${running.port}/connection/websocket${query}`, protocols, options)
  onTestFinished(() => client.terminate())
  await once(client, 'open')
  return { client, connection: await running.host.connection(running.host.connections.length - 1) }
}

describe('a WebSocket', () => {
  it('carries frames both ways', async () => {
    const running = await startTransports()
    const { client, connection } = await connectWs(running)
    const replied = once(client, 'message')
    connection.handle = (frame) => connection.say(`echo ${frame}`)
    client.send('hello')
    expect(String((await replied)[0])).toBe('echo hello')
    expect(connection.transport).toMatchObject({
      name: 'websocket',
      isUnidirectional: false,
      isEmulated: false,
      hasAppPings: true,
      session: '',
      origin: undefined,
      remoteAddress: '127.0.0.1',
    })
  })

  it('[TR2] is Protobuf in binary frames where the client asked for it', async () => {
    const running = await startTransports()
    const { client, connection } = await connectWs(running, '', ['centrifuge-protobuf'])
    const received = once(client, 'message')
    connection.say('abc')
    const [data, isBinary] = await received
    expect([String(data), isBinary, client.protocol]).toEqual(['\x03abc', true, 'centrifuge-protobuf'])
    expect(connection.transport.form.codec.protocol).toBe('protobuf')
  })

  it('knows the headers and the origin of its request', async () => {
    const running = await startTransports({
      remoteAddress: (address, headers) => `${headers()['x-real-ip']} by ${address}`,
    })
    const { connection } = await connectWs(running, '', [], {
      origin: 'https://app.example',
      headers: { 'X-Real-IP': '10.1.2.3' },
    })
    expect(connection.transport.origin).toBe('https://app.example')
    expect(connection.transport.headers['x-real-ip']).toBe('10.1.2.3')
    expect(connection.transport.remoteAddress).toBe('10.1.2.3 by 127.0.0.1')
  })

  it('compresses both ways where that was agreed on', async () => {
    const websocket = { ...defaultTransportsOptions.websocket, compression: { level: 1, minBytes: 0 } }
    const running = await startTransports({ websocket })
    const { client, connection } = await connectWs(running, '', [], { perMessageDeflate: { threshold: 0 } })
    expect(client.extensions).toContain('permessage-deflate')
    const long = 'abc'.repeat(2000)
    const received = once(client, 'message')
    connection.handle = () => connection.say(long)
    client.send(long)
    expect(String((await received)[0])).toBe(long)
    expect(connection.frames).toEqual([long])
  })

  it('[TR6] ends with 1009 where a compressed message unfolds too far', async () => {
    const websocket = {
      ...defaultTransportsOptions.websocket,
      compression: { level: 1, minBytes: 0 },
      inflatedMaxBytes: 1000,
    }
    const running = await startTransports({ websocket })
    const { client, connection } = await connectWs(running, '', [], { perMessageDeflate: { threshold: 0 } })
    const closed = once(client, 'close')
    client.send('a'.repeat(1001))
    expect((await closed)[0]).toBe(1009)
    await connection.untilClosed()
    expect(connection.frames).toEqual([])
  })

  it('[TR5] drops a client that does not wait for the answer to its handshake', async () => {
    const running = await startTransports()
    const client = new RawClient(running.port)
    client.send(Buffer.concat([Buffer.from(upgradeRequest('/connection/websocket')), clientFrame(1, '{}')]))
    await client.untilEnded()
    expect(client.text).toBe('')
    expect(running.host.connections).toEqual([])
  })

  it('answers pings, and takes pongs for nothing', async () => {
    const running = await startTransports()
    const client = await running.openWebSocket()
    client.send(Buffer.concat([clientFrame(10, 'unasked'), clientFrame(9, 'are you there')]))
    await client.untilText('are you there')
    expect(serverFrames(client.body)).toEqual([{ first: 0x8a, payload: Buffer.from('are you there') }])
  })

  it('[TR6] keeps no answers to pings for a client that does not read them', async () => {
    const running = await startTransports()
    const client = await running.openWebSocket()
    const connection = await running.host.connection()
    client.socket.pause()
    while (connection.transport.backlogBytes === 0) connection.say('x'.repeat(1_000_000))
    const backlogBytes = connection.transport.backlogBytes
    for (let i = 0; i < 1000; i++) client.send(clientFrame(9, 'are you there'))
    sendText(client, 'that was all')
    await vi.waitFor(() => expect(connection.frames).toEqual(['that was all']))
    expect(connection.transport.backlogBytes).toBe(backlogBytes)
  })

  it.each([
    ['a protocol violation', clientFrame(1, 'x', { masked: false }), '1002 frame is not masked', 1002],
    ['a message that is too big', clientFrame(1, Buffer.alloc(65_537)), '1009', 1009],
  ])('[TR5] says what it was when it ends for %s, and hears the client out', async (_name, bytes, close, code) => {
    const running = await startTransports()
    const client = await running.openWebSocket()
    const connection = await running.host.connection()
    client.send(bytes)
    await client.untilEnded()
    expect(closeOf(serverFrames(client.body))).toBe(close)
    expect(connection.violations.map((violation) => violation.code)).toEqual([code])
    client.socket.end()
    await connection.untilClosed()
    expect(connection.timesClosed).toBe(1)
    expect(running.clock.pending).toBe(0)
  })

  it('[TR5] resets nobody who goes on sending what is too big', async () => {
    const running = await startTransports()
    const client = await running.openWebSocket()
    const sent = new Promise((resolve) => client.socket.write(clientFrame(1, Buffer.alloc(20_000_000)), resolve))
    await client.untilEnded()
    await sent
    client.socket.end()
    await (await running.host.connection()).untilClosed()
    expect(closeOf(serverFrames(client.body))).toBe('1009')
    expect(client.error).toBeUndefined()
  })

  it('[TR5] drops a client that names an impossible length, without a word', async () => {
    const running = await startTransports()
    const client = await running.openWebSocket()
    client.send(Buffer.from([0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]))
    await client.untilEnded()
    expect(client.body).toEqual(Buffer.alloc(0))
  })

  it('tells of what came before a violation in the same chunk', async () => {
    const running = await startTransports()
    const client = await running.openWebSocket()
    client.send(Buffer.concat([clientFrame(1, 'good'), clientFrame(3)]))
    await client.untilEnded()
    expect((await running.host.connection()).frames).toEqual(['good'])
  })

  describe('when it closes', () => {
    it.each([
      ['with a code', clientFrame(8, Buffer.from([0x03, 0xe8])), '1000'],
      ['without one', clientFrame(8), 'none'],
      ['with a single byte', clientFrame(8, 'x'), 'none'],
    ])('[TR7] echoes the close of a client %s', async (_name, bytes, close) => {
      const running = await startTransports()
      const client = await running.openWebSocket()
      client.send(bytes)
      await client.untilEnded()
      expect(closeOf(serverFrames(client.body))).toBe(close)
      await (await running.host.connection()).untilClosed()
    })

    it('[TR7] sends what was written before, then code and reason, and waits for the client', async () => {
      const running = await startTransports()
      const client = await running.openWebSocket()
      const connection = await running.host.connection()
      connection.say('last words')
      connection.transport.close(shutdown)
      connection.transport.close({ code: 3500, reason: 'too late' })
      connection.say('into the void')
      await client.untilText('shutdown')
      expect(serverFrames(client.body).map(({ payload }) => payload.toString('latin1'))).toEqual([
        'last words',
        '\x0b\xb9shutdown',
      ])
      expect(client.isEnded).toBe(false)
      sendText(client, 'still talking')
      client.send(clientFrame(8, Buffer.from([0x0b, 0xb9])))
      await client.untilEnded()
      await connection.untilClosed()
      expect(connection.frames).toEqual([])
      expect(running.clock.pending).toBe(0)
    })

    it('[TR7] drops a client that does not answer the close frame within five seconds', async () => {
      const running = await startTransports()
      const client = await running.openWebSocket()
      const connection = await running.host.connection()
      connection.transport.close(shutdown)
      await client.untilText('shutdown')
      running.clock.advance(4999)
      expect(client.isEnded).toBe(false)
      running.clock.advance(1)
      await client.untilEnded()
      await connection.untilClosed()
    })

    it('[TR7] says nothing to a client that is gone by itself (3000), nor when it is terminated', async () => {
      const running = await startTransports()
      for (const end of ['close', 'terminate'] as const) {
        const client = await running.openWebSocket()
        const { transport } = await running.host.connection(running.host.connections.length - 1)
        if (end === 'close') transport.close({ code: 3000, reason: 'connection closed' })
        else transport.terminate()
        await client.untilEnded()
        expect(client.body).toEqual(Buffer.alloc(0))
      }
    })

    it('reads the close frame of the client although it was paused', async () => {
      const running = await startTransports()
      const { client, connection } = await connectWs(running)
      connection.handle = () => connection.transport.pause()
      const closed = once(client, 'close')
      client.send('one')
      client.send('two')
      await vi.waitFor(() => expect(connection.frames).toEqual(['one']))
      connection.transport.close(shutdown)
      expect((await closed)[0]).toBe(3001)
      await connection.untilClosed()
    })

    it('tells the engine at once that the client went away, however it went', async () => {
      const running = await startTransports()
      for (const leave of ['destroy', 'end', 'resetAndDestroy'] as const) {
        const client = await running.openWebSocket()
        const connection = await running.host.connection(running.host.connections.length - 1)
        client.socket[leave]()
        await connection.untilClosed()
        expect(connection.timesClosed).toBe(1)
      }
      expect(running.transports.openCount).toBe(0)
    })
  })

  it('[TR17] hands on no frame while it is paused, and loses none', async () => {
    const running = await startTransports()
    const { client, connection } = await connectWs(running)
    connection.handle = () => connection.transport.pause()
    for (const text of ['a', 'b', 'c']) client.send(text)
    client.send('d'.repeat(60_000))
    for (const seen of [['a'], ['a', 'b'], ['a', 'b', 'c']]) {
      await vi.waitFor(() => expect(connection.frames).toEqual(seen))
      connection.transport.resume()
    }
    await vi.waitFor(() => expect(connection.frames.length).toBe(4))
    expect(connection.frames[3]?.length).toBe(60_000)
  })

  it('[TR9] ends a connection whose client stopped reading, and says it was a write error', async () => {
    const running = await startTransports({ writeTimeoutMs: 100 })
    const client = await running.openWebSocket()
    const connection = await running.host.connection()
    client.socket.pause()
    const block = 'x'.repeat(1_000_000)
    while (connection.transport.backlogBytes === 0) connection.say(block)
    await connection.untilClosed()
    expect(connection.violations).toEqual([{ code: 3009, reason: 'write error' }])
  })

  it('[TR9] leaves a connection alone whose client reads on in time', async () => {
    const running = await startTransports({ writeTimeoutMs: 100 })
    const client = await running.openWebSocket()
    const connection = await running.host.connection()
    client.socket.pause()
    while (connection.transport.backlogBytes === 0) connection.say('x'.repeat(1_000_000))
    client.socket.resume()
    await vi.waitFor(() => expect(connection.transport.backlogBytes).toBe(0))
    // Well past the time at which Node's own timer looks again.
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(connection.violations).toEqual([])
    connection.say('still here')
    await client.untilText('still here')
  })

  describe('with cf_ws_frame_ping_pong', () => {
    it('[TR8] pings by frames and not by the client protocol', async () => {
      const running = await startTransports()
      const client = await running.openWebSocket('?cf_ws_frame_ping_pong=true')
      const connection = await running.host.connection()
      expect(connection.transport.hasAppPings).toBe(false)
      for (let pings = 1; pings <= 3; pings++) {
        running.clock.advance(25_000)
        await vi.waitFor(() => expect(serverFrames(client.body).length).toBe(pings))
        client.send(Buffer.concat([clientFrame(10), clientFrame(1, `pong ${pings}`)]))
        await vi.waitFor(() => expect(connection.frames.length).toBe(pings))
      }
      expect(serverFrames(client.body)).toEqual(Array(3).fill({ first: 0x89, payload: Buffer.alloc(0) }))
      expect(connection.timesClosed).toBe(0)
    })

    it('[TR8] drops a client that does not answer', async () => {
      const running = await startTransports()
      const client = await running.openWebSocket('?cf_ws_frame_ping_pong=true')
      running.clock.advance(25_000 + 8_000)
      await client.untilEnded()
      await (await running.host.connection()).untilClosed()
      expect(running.clock.pending).toBe(0)
    })
  })
})
