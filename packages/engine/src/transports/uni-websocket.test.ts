import { describe, expect, it, vi } from 'vitest'
import { clientFrame, closeOf, RawClient, serverFrames, upgradeRequest } from './testing/raw-client.ts'
import { type RunningTransports, sendText, startTransports } from './testing/start-transports.ts'
import { defaultTransportsOptions, type UniWebSocketOptions } from './transport-options.ts'

const path = '/connection/uni_websocket'
const request = '{"token":"t"}'
const invalidToken = { code: 3500, reason: 'invalid token' }

const open = async (running: RunningTransports, query = ''): Promise<RawClient> => {
  const client = new RawClient(running.port)
  client.send(upgradeRequest(path + query, { 'Sec-WebSocket-Protocol': 'centrifuge-protobuf' }))
  await client.untilText('\r\n\r\n')
  return client
}

const startWith = (options: Partial<UniWebSocketOptions>) =>
  startTransports({ uniWebsocket: { ...defaultTransportsOptions.uniWebsocket, enabled: true, ...options } })

const texts = (client: RawClient): string[] =>
  serverFrames(client.body).map(({ payload }) => payload.toString('latin1'))

describe('a one-way WebSocket', () => {
  it('[TR13] takes its ConnectRequest from the query, knows no subprotocol, and sends bare JSON pushes', async () => {
    const running = await startTransports()
    const client = await open(running, `?cf_connect=${encodeURIComponent(request)}`)
    const connection = await running.host.connection()
    expect(connection.connectRequests).toEqual([request])
    expect(client.text).not.toContain('Sec-WebSocket-Protocol')
    connection.say('{"channel":"a"}')
    await client.untilText('{"channel":"a"}')
    expect(connection.transport).toMatchObject({
      name: 'uni_websocket',
      isUnidirectional: true,
      isEmulated: false,
      hasAppPings: true,
    })
    expect(connection.transport.form.bare).toBe(true)
  })

  it('[TR13] else takes it from the first message, and ignores later ones', async () => {
    const running = await startTransports()
    const client = await open(running)
    for (const text of [request, '{"id":2}', 'nonsense']) sendText(client, text)
    client.send(clientFrame(9, 'read so far'))
    await client.untilText('read so far')
    const connection = await running.host.connection()
    expect(connection.connectRequests).toEqual([request])
    expect(connection.violations).toEqual([])
  })

  it('[TR13] refuses a malformed request: in HTTP in the query, with 3501 in a message', async () => {
    const running = await startTransports()
    const refused = new RawClient(running.port)
    refused.send(upgradeRequest(`${path}?cf_connect=%7B`))
    await refused.untilText('invalid connect request')
    expect(refused.text).toContain('HTTP/1.1 400 ')
    for (const text of ['{', '']) {
      const client = await open(running)
      sendText(client, text)
      await vi.waitFor(() => expect(texts(client)).toEqual(['\x0d\xadbad request']))
    }
    expect((await running.host.connection()).violations).toEqual([{ code: 3501, reason: 'bad request' }])
  })

  it('[TR7] ends with a disconnect push and a close frame', async () => {
    const running = await startTransports()
    const client = await open(running, '?cf_connect=%7B%7D')
    ;(await running.host.connection()).transport.close(invalidToken)
    await vi.waitFor(() => expect(closeOf(serverFrames(client.body))).toBe('3500 invalid token'))
    expect(texts(client)[0]).toBe('{"disconnect":{"code":3500,"reason":"invalid token"}}')
  })

  it('[TR7] leaves out the one or the other where it was told to', async () => {
    const withoutPush = await startWith({ disableDisconnectPush: true })
    const first = await open(withoutPush, '?cf_connect=%7B%7D')
    ;(await withoutPush.host.connection()).transport.close(invalidToken)
    await vi.waitFor(() => expect(closeOf(serverFrames(first.body))).toBe('3500 invalid token'))
    expect(texts(first).length).toBe(1)

    const withoutHandshake = await startWith({ disableClosingHandshake: true })
    const second = await open(withoutHandshake, '?cf_connect=%7B%7D')
    const connection = await withoutHandshake.host.connection()
    connection.transport.close(invalidToken)
    await second.untilEnded()
    expect(texts(second)).toEqual(['{"disconnect":{"code":3500,"reason":"invalid token"}}'])
    await connection.untilClosed()
  })

  it('[TR8] is pinged by frames too, and dropped where they are not answered', async () => {
    const running = await startTransports()
    const client = await open(running, '?cf_connect=%7B%7D')
    running.clock.advance(25_000)
    await vi.waitFor(() => expect(serverFrames(client.body).length).toBe(1))
    running.clock.advance(8_000)
    await client.untilEnded()
    await (await running.host.connection()).untilClosed()
  })
})
