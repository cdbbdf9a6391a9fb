import { describe, expect, it } from 'vitest'
import { aUuid, BAD_REQUEST, closed, connectResult, differs, errors } from './expectations.ts'
import { bytes, encodeCommands } from './protobuf.ts'
import { startServer } from './servers.ts'
import { connectWebSocket, openWebSocket, type WebSocketClient } from './web-socket-client.ts'

const server = await startServer({ client: { insecure: true }, channel: { without_namespace: { presence: true } } })

const answersTo = async (frame: string): Promise<unknown[]> => {
  const client = await connectWebSocket(server)
  client.sendText(frame)
  return client.received()
}

const endAfter = async (frame: string): Promise<unknown[]> => {
  const client = await connectWebSocket(server)
  client.sendText(frame)
  return client.untilClosed()
}

describe('a JSON frame', () => {
  it('holds one or more commands, which are answered in their order', async () => {
    const client = await openWebSocket(server)
    client.send({ id: 1, connect: {} }, { id: 2, subscribe: { channel: 'a' } }, { id: 3, subscribe: { channel: 'b' } })
    expect(await client.inbox.take(3)).toEqual([
      { id: 1, connect: connectResult },
      { id: 2, subscribe: {} },
      { id: 3, subscribe: {} },
    ])
  })

  it('is answered in frames whose lines are parted by one newline, with none at the end', async () => {
    const client = await connectWebSocket(server)
    client.send(...Array.from({ length: 40 }, (_, n) => ({ id: n + 2, unsubscribe: { channel: 'x' } })))
    await client.received()
    const lines = client.frames.flatMap((frame) => String(frame).split('\n'))
    expect(lines.every((line) => line.startsWith('{') && line.endsWith('}'))).toBe(true)
    expect(lines).toHaveLength(42)
  })

  it('may part its lines with CR LF', async () => {
    expect(await answersTo('{"id":2,"unsubscribe":{"channel":"a"}}\r\n{"id":3,"unsubscribe":{"channel":"a"}}')).toEqual(
      [
        { id: 2, unsubscribe: {} },
        { id: 3, unsubscribe: {} },
      ],
    )
  })

  it('may not end with two', async () => {
    expect(await endAfter('{"id":2,"unsubscribe":{"channel":"a"}}\n\n')).toEqual([
      { id: 2, unsubscribe: {} },
      BAD_REQUEST,
    ])
  })

  it('may hold null in place of what is not asked for', async () => {
    expect(await answersTo('{"id":2,"connect":null,"subscribe":{"channel":"a","tf":null,"data":null}}')).toEqual([
      { id: 2, subscribe: {} },
    ])
  })

  it('may hold the largest offset that a number of JavaScript can', async () => {
    expect(await answersTo('{"id":2,"subscribe":{"channel":"a","offset":9007199254740991}}')).toEqual([
      { id: 2, subscribe: {} },
    ])
  })

  it('may hold the largest offset of 64 bits with Centrifugo, and not with ours', async () => {
    expect(await answersTo('{"id":2,"subscribe":{"channel":"a","offset":18446744073709551615}}')).toEqual(
      differs<unknown[]>({
        xshathra: [BAD_REQUEST],
        centrifugo: [{ id: 2, subscribe: {} }],
        because: 'no stream of ours gets there, and a rounded offset would be another one',
      }),
    )
  })

  it('may hold escapes of half a character, which names replace and payloads keep', async () => {
    expect(await answersTo('{"id":2,"subscribe":{"channel":"\\ud800"}}')).toEqual([{ id: 2, error: errors.badRequest }])
    expect(await answersTo('{"id":2,"publish":{"channel":"a","data":"\\ud800"}}')).toEqual([{ id: 2, publish: {} }])
  })

  it('may nest a payload 900 deep, and with Centrifugo as deep as its size allows', async () => {
    const nested = (depth: number): string =>
      `{"id":2,"publish":{"channel":"a","data":${'['.repeat(depth)}${']'.repeat(depth)}}}`
    expect(await answersTo(nested(900))).toEqual([{ id: 2, publish: {} }])
    expect(await answersTo(nested(20_000))).toEqual(
      differs<unknown[]>({
        xshathra: [BAD_REQUEST],
        centrifugo: [{ id: 2, publish: {} }],
        because: 'it would reach parsers of other clients that are not made for that',
      }),
    )
  })

  it('that is not UTF-8 is refused by ours and passed on by Centrifugo', async () => {
    const client = await connectWebSocket(server)
    const broken = Buffer.from([0xff, 0xfe])
    client.sendBytes(
      Buffer.concat([Buffer.from('{"id":2,"publish":{"channel":"a","data":"'), broken, Buffer.from('"}}')]),
    )
    expect(await client.received()).toEqual(
      differs<unknown[]>({
        xshathra: [BAD_REQUEST],
        centrifugo: [{ id: 2, publish: {} }],
        because: 'browsers drop a connection that sends them such a text frame',
      }),
    )
  })

  it('may end with one newline', async () => {
    expect(await answersTo('{"id":2,"subscribe":{"channel":"a"}}\n')).toEqual([{ id: 2, subscribe: {} }])
  })

  it.each([
    { what: 'nothing', frame: '' },
    { what: 'a newline', frame: '\n' },
    { what: 'no JSON', frame: 'hello' },
    { what: 'half an object', frame: '{"id":2' },
    { what: 'a string for a number', frame: '{"id":"2","subscribe":{"channel":"a"}}' },
    { what: 'a number for a string', frame: '{"id":2,"subscribe":{"channel":5}}' },
    { what: 'an array for an object', frame: '{"id":2,"subscribe":[]}' },
    { what: 'a negative id', frame: '{"id":-2,"subscribe":{"channel":"a"}}' },
    { what: 'an id of 2^32', frame: '{"id":4294967296,"subscribe":{"channel":"a"}}' },
    { what: 'an id of 1.0', frame: '{"id":1.0,"subscribe":{"channel":"a"}}' },
    { what: 'an id of 1e0', frame: '{"id":1e0,"subscribe":{"channel":"a"}}' },
    { what: 'a negative offset', frame: '{"id":2,"subscribe":{"channel":"a","offset":-1}}' },
    { what: 'an offset in quotes', frame: '{"id":2,"subscribe":{"channel":"a","offset":"1"}}' },
    { what: 'a number for a boolean', frame: '{"id":2,"subscribe":{"channel":"a","recover":1}}' },
    { what: 'an array', frame: '[{"id":2,"subscribe":{"channel":"a"}}]' },
    { what: 'a trailing comma', frame: '{"id":2,"subscribe":{"channel":"a",}}' },
    { what: 'single quotes', frame: "{'id':2}" },
    { what: 'an id of -0', frame: '{"id":-0,"subscribe":{"channel":"a"}}' },
    { what: 'a zero before an id', frame: '{"id":02,"subscribe":{"channel":"a"}}' },
    { what: 'an offset of 2^64', frame: '{"id":2,"subscribe":{"channel":"a","offset":18446744073709551616}}' },
    { what: 'a flag of 2^63', frame: '{"id":2,"subscribe":{"channel":"a","flag":9223372036854775808}}' },
    { what: 'a limit of 2^31', frame: '{"id":2,"history":{"channel":"a","limit":2147483648}}' },
    { what: 'null for a channel', frame: '{"id":2,"subscribe":{"channel":null}}' },
    { what: 'a bare control character in a string', frame: '{"id":2,"subscribe":{"channel":"a\u0001"}}' },
    { what: 'an escape that is none', frame: '{"id":2,"subscribe":{"channel":"\\x"}}' },
    { what: 'broken JSON as payload', frame: '{"id":2,"publish":{"channel":"a","data":{"a":nul}}}' },
    { what: 'a payload of NaN', frame: '{"id":2,"publish":{"channel":"a","data":NaN}}' },
    { what: 'a payload with a zero in front', frame: '{"id":2,"publish":{"channel":"a","data":01}}' },
    { what: 'a key without a value', frame: '{"id":2,"publish":{"channel":"a","data":}}' },
    { what: 'null', frame: 'null' },
    { what: 'a number', frame: '5' },
    { what: 'a byte order mark', frame: '\ufeff{"id":2,"unsubscribe":{"channel":"a"}}' },
    { what: 'a newline first', frame: '\n{"id":2,"unsubscribe":{"channel":"a"}}' },
  ])('with $what ends the connection with 3501', async ({ frame }) => {
    expect(await endAfter(frame)).toEqual([BAD_REQUEST])
  })

  it('has executed what stands before a bad line', async () => {
    expect(await endAfter('{"id":2,"subscribe":{"channel":"a"}}\nbad\n{"id":3,"subscribe":{"channel":"b"}}')).toEqual([
      { id: 2, subscribe: {} },
      BAD_REQUEST,
    ])
  })

  it('may not have an empty line between commands', async () => {
    expect(await endAfter('{"id":2,"subscribe":{"channel":"a"}}\n\n{"id":3,"subscribe":{"channel":"b"}}')).toEqual([
      { id: 2, subscribe: {} },
      BAD_REQUEST,
    ])
  })

  it('loses what stands behind a command that ends the connection', async () => {
    const client = await connectWebSocket(server)
    client.send({ id: 2, subscribe: { channel: '' } }, { id: 3, subscribe: { channel: 'b' } })
    expect(await client.untilClosed()).toEqual([BAD_REQUEST])
  })

  it('may hold keys that nobody knows', async () => {
    expect(await answersTo('{"id":2,"colour":"red","subscribe":{"channel":"a","size":{"x":[1]}}}')).toEqual([
      { id: 2, subscribe: {} },
    ])
  })

  it('may write keys in any case', async () => {
    expect(await answersTo('{"ID":2,"Subscribe":{"CHANNEL":"a"}}')).toEqual([{ id: 2, subscribe: {} }])
  })

  it('means the last of two equal keys', async () => {
    expect(await answersTo('{"id":1,"id":2,"publish":{"channel":"","channel":"a","data":1}}')).toEqual([
      { id: 2, publish: {} },
    ])
  })

  it('may hold white space inside a command', async () => {
    expect(await answersTo(' { "id" : 2 ,\t"subscribe" : { "channel" : "a" } } ')).toEqual([{ id: 2, subscribe: {} }])
  })

  it('may hold escapes in names of channels', async () => {
    const client = await connectWebSocket(server)
    client.sendText('{"id":2,"subscribe":{"channel":"\\u0061\\/b"}}')
    await client.received()
    await server.publish('a/b', 1)
    expect(await client.received()).toEqual([{ push: { channel: 'a/b', pub: { data: 1 } } }])
  })

  it('with text behind an object is refused by ours and its rest ignored by Centrifugo', async () => {
    expect(await answersTo('{"id":2,"subscribe":{"channel":"a"}} {"id":3,"subscribe":{"channel":"b"}}')).toEqual(
      differs<unknown[]>({
        xshathra: [BAD_REQUEST],
        centrifugo: [{ id: 2, subscribe: {} }],
        because: 'a command that silently disappears costs its author more than a clear refusal',
      }),
    )
  })

  it('may come with the binary opcode', async () => {
    const client = await connectWebSocket(server)
    client.sendBytes(Buffer.from('{"id":2,"subscribe":{"channel":"a"}}'))
    expect(await client.received()).toEqual([{ id: 2, subscribe: {} }])
  })

  it('may use the whole range of ids', async () => {
    expect(await answersTo('{"id":4294967294,"unsubscribe":{"channel":"a"}}')).toEqual([
      { id: 4_294_967_294, unsubscribe: {} },
    ])
  })
})

it('commands handled side by side are all answered, each under its id, and after the connect', async () => {
  const parallel = await startServer({ client: { insecure: true, concurrency: 8 } })
  const client = await openWebSocket(parallel)
  const commands = Array.from({ length: 50 }, (_, n) => ({ id: n + 2, subscribe: { channel: `side${n}` } }))
  client.send({ id: 1, connect: {} }, ...commands)
  const [first, ...others] = await client.inbox.take(51)
  expect(first).toEqual({ id: 1, connect: connectResult })
  expect(others.sort((a, b) => (a.id as number) - (b.id as number))).toEqual(
    commands.map(({ id }) => ({ id, subscribe: {} })),
  )
})

describe('JSON text of payloads', () => {
  const subscriber = async (channel: string): Promise<WebSocketClient> => {
    const client = await connectWebSocket(server)
    await client.exchange({ id: 2, subscribe: { channel } })
    client.frames.length = 0
    return client
  }

  it.each([
    '{"big":9007199254740993,"one":1.0,"exp":1e3,"minus":-0}',
    '{ "spaced" : [ 1 , 2 ] }',
    '"<a>&\\u003c\\/\\u2028 \u2028 ü 😀"',
    '{"a":1,"a":2}',
    'null',
    'false',
    '0',
    '""',
  ])('reaches subscribers byte for byte: %s', async (text) => {
    const client = await subscriber('raw')
    client.sendText(`{"id":3,"publish":{"channel":"raw","data":${text}}}`)
    await client.received()
    expect(client.frames[0]).toContain(`"data":${text}`)
    client.frames.length = 0
    await server.apiResponse('publish', `{"channel":"raw","data":${text}}`, { 'X-API-Key': 'wire-api-key' })
    await client.received()
    expect(client.frames[0]).toContain(`{"push":{"channel":"raw","pub":{"data":${text}}}}`)
  })

  it('loses its newlines, so that a push stays one line', async () => {
    const client = await subscriber('lines')
    await server.apiResponse('publish', '{"channel":"lines","data":{\n"a":\n1\n}}', { 'X-API-Key': 'wire-api-key' })
    expect(await client.received()).toEqual([{ push: { channel: 'lines', pub: { data: { a: 1 } } } }])
  })

  it('that is not JSON ends a JSON connection with 3506 and nobody else', async () => {
    const binary = await startServer({
      client: { insecure: true },
      channel: { without_namespace: { publication_data_format: 'binary' } },
    })
    const json = await connectWebSocket(binary)
    const proto = await connectWebSocket(binary, {}, { subprotocols: ['centrifuge-protobuf'], encoding: 'protobuf' })
    await json.exchange({ id: 2, subscribe: { channel: 'bin' } })
    await proto.exchange({ id: 2, subscribe: { channel: 'bin' } })
    await binary.api('publish', { channel: 'bin', b64data: Buffer.from([1, 2, 255]).toString('base64') })
    expect(await proto.received()).toEqual([{ push: { channel: 'bin', pub: { data: [1, 2, 255] } } }])
    expect(await json.untilClosed()).toEqual([closed(3506, 'inappropriate protocol')])
  })

  it('is escaped in strings of the protocol as HTML-safe JSON', async () => {
    const client = await subscriber('<&>')
    await server.publish('<&>', 1)
    await client.received()
    expect(client.frames[0]).toContain('"channel":"\\u003c\\u0026\\u003e"')
  })
})

describe('a command', () => {
  it.each([
    { what: 'subscribe', command: { subscribe: {} } },
    { what: 'unsubscribe', command: { unsubscribe: {} } },
    { what: 'publish', command: { publish: { data: 1 } } },
    { what: 'presence', command: { presence: {} } },
    { what: 'presence_stats', command: { presence_stats: {} } },
    { what: 'history', command: { history: {} } },
    { what: 'sub_refresh', command: { sub_refresh: {} } },
  ])('$what without a channel ends the connection with 3501', async ({ command }) => {
    const client = await connectWebSocket(server)
    expect(await client.exchange({ id: 2, ...command })).toEqual([BAD_REQUEST])
  })

  it.each([
    { what: 'nothing to do', command: { id: 2 } },
    { what: 'a ping', command: { id: 2, ping: {} } },
    { what: 'a second connect', command: { id: 2, connect: {} } },
    { what: 'a refresh without a token', command: { id: 2, refresh: {} } },
    { what: 'a null in place of a request', command: { id: 2, subscribe: null } },
  ])('with $what ends the connection with 3501', async ({ command }) => {
    const client = await connectWebSocket(server)
    expect(await client.exchange(command)).toEqual([BAD_REQUEST])
  })

  it('without an id is a pong, and one that nobody waits for ends the connection with 3501', async () => {
    const client = await connectWebSocket(server)
    client.send({ subscribe: { channel: 'a' } })
    expect(await client.untilClosed()).toEqual([BAD_REQUEST])
  })

  it('before connect ends the connection with 3501', async () => {
    const client = await openWebSocket(server)
    client.send({ id: 1, subscribe: { channel: 'a' } })
    expect(await client.untilClosed()).toEqual([BAD_REQUEST])
  })

  it('send ends the connection with 3508, with and without an id', async () => {
    for (const id of [{}, { id: 2 }]) {
      const client = await connectWebSocket(server)
      client.send({ ...id, send: { data: {} } })
      expect(await client.untilClosed()).toEqual([closed(3508, 'not available')])
    }
  })

  it('with two requests executes the one that comes first in the order of the protocol', async () => {
    const client = await connectWebSocket(server)
    expect(await client.exchange({ id: 2, history: { channel: 'a' }, unsubscribe: { channel: 'a' } })).toEqual([
      { id: 2, unsubscribe: {} },
    ])
  })

  it('rpc is not available by default', async () => {
    const client = await connectWebSocket(server)
    expect(await client.exchange({ id: 2, rpc: { method: 'test', data: {} } })).toEqual([
      { id: 2, error: errors.notAvailable },
    ])
  })
})

describe('a Protobuf frame', () => {
  const settings = { subprotocols: ['centrifuge-protobuf'], encoding: 'protobuf' as const }

  it('holds commands behind their lengths and is answered likewise', async () => {
    const client = await openWebSocket(server, settings)
    client.send({ id: 1, connect: { name: 'raw' } }, { id: 2, subscribe: { channel: 'p' } })
    expect(await client.inbox.take(2)).toEqual([
      { id: 1, connect: connectResult },
      { id: 2, subscribe: {} },
    ])
    expect(client.frames.every((frame) => Buffer.isBuffer(frame))).toBe(true)
  })

  it('carries payloads as bytes', async () => {
    const client = await connectWebSocket(server, {}, settings)
    expect(
      await client.exchange(
        { id: 2, subscribe: { channel: 'pb' } },
        { id: 3, publish: { channel: 'pb', data: Buffer.from('{"a":1}') } },
      ),
    ).toEqual([
      { id: 2, subscribe: {} },
      { push: { channel: 'pb', pub: { data: bytes('{"a":1}'), info: { client: client.client } } } },
      { id: 3, publish: {} },
    ])
  })

  it('may hold an optional field at its default, and fields that nobody knows', async () => {
    const client = await connectWebSocket(server, {}, settings)
    const command = encodeCommands([{ id: 2, unsubscribe: { channel: 'x' } }])
    const unknownField = Buffer.from([0xa2, 0x06, 0x01, 0x78]) // field 100, one byte
    client.sendBytes(Buffer.concat([Buffer.from([command[0]! + 4]), command.subarray(1), unknownField]))
    expect(await client.received()).toEqual([{ id: 2, unsubscribe: {} }])
  })

  it('reaches JSON connections as the JSON it holds', async () => {
    const json = await connectWebSocket(server)
    await json.exchange({ id: 2, subscribe: { channel: 'mixed' } })
    const proto = await connectWebSocket(server, {}, settings)
    await proto.exchange({ id: 2, publish: { channel: 'mixed', data: Buffer.from('{"a":1}') } })
    expect(await json.received()).toEqual([
      { push: { channel: 'mixed', pub: { data: { a: 1 }, info: { user: '', client: proto.client } } } },
    ])
  })

  it('answers errors', async () => {
    const client = await connectWebSocket(server, {}, settings)
    expect(await client.exchange({ id: 2, subscribe: { channel: 'nowhere:x' } })).toEqual([
      { id: 2, error: errors.unknownChannel },
    ])
  })

  it('answers presence with a map', async () => {
    const client = await connectWebSocket(server, {}, settings)
    const presence = { [client.client]: { client: client.client } }
    expect(
      await client.exchange({ id: 2, subscribe: { channel: 'who' } }, { id: 3, presence: { channel: 'who' } }),
    ).toEqual([
      { id: 2, subscribe: {} },
      { id: 3, presence: { presence } },
    ])
  })

  it.each([
    { what: 'nothing', frame: Buffer.alloc(0) },
    { what: 'a length without a message', frame: Buffer.from([5]) },
    { what: 'half a message', frame: Buffer.from([5, 8, 2]) },
    { what: 'no Protobuf', frame: Buffer.from([3, 255, 255, 255]) },
    { what: 'a length that never ends', frame: Buffer.alloc(11, 255) },
    { what: 'a pong that nobody waits for', frame: Buffer.from([0]) },
  ])('with $what ends the connection with 3501', async ({ frame }) => {
    const client = await connectWebSocket(server, {}, settings)
    client.sendBytes(frame)
    expect(await client.untilClosed()).toEqual([BAD_REQUEST])
  })

  it('may come with the text opcode', async () => {
    const client = await connectWebSocket(server, {}, settings)
    client.sendText(encodeCommands([{ id: 2, unsubscribe: { channel: 'p' } }]).toString('latin1'))
    expect(await client.received()).toEqual([{ id: 2, unsubscribe: {} }])
  })
})

it('connection ids are UUIDs, new for each connection', async () => {
  const [one, two] = [await connectWebSocket(server), await connectWebSocket(server)]
  expect(one.client).toEqual(aUuid)
  expect(two.client).toEqual(aUuid)
  expect(one.client).not.toBe(two.client)
})
