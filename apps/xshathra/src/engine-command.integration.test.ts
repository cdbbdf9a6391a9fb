import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bin, RunningProgram } from './testing/running-program.ts'

const root = join(import.meta.dirname, '../../..')
const chat = { name: 'chat', history_size: 10, history_ttl: '300s' }
const settings = (namespaces: readonly object[] = [chat]) => ({
  client: { insecure: true, allowed_origins: ['*'] },
  http_api: { key: 'api-key' },
  health: { enabled: true },
  log: { level: 'none' },
  channel: { namespaces },
})

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'xshathra-engine-'))
  configure(settings())
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const configure = (config: object) => writeFileSync(join(folder, 'server.json'), JSON.stringify(config))

const run = (args: readonly string[], env?: Record<string, string>) =>
  new RunningProgram(process.execPath, [bin, 'engine', '--config', 'server.json', ...args], { cwd: folder, env })

const listening = async (program: RunningProgram) => (await program.printed(/listening on (http:\S+)/))[1] ?? ''
const onAnyPort = ['--address', '127.0.0.1', '--port', '0']

const callApi = async (url: string, method: string, params: object) => {
  const response = await fetch(`${url}/api/${method}`, {
    method: 'POST',
    headers: { 'X-API-Key': 'api-key' },
    body: JSON.stringify(params),
  })
  return (await response.json()) as { error?: { code: number }; result?: Record<string, unknown> }
}

const openSocket = async (url: string) => {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/connection/websocket`)
  await once(socket, 'open')
  socket.send(JSON.stringify({ id: 1, connect: {} }))
  await once(socket, 'message')
  return socket
}

/** A client that has upgraded and then says nothing, not even goodbye. */
const openMuteSocket = async (url: string) => {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write(
    [
      'GET /connection/websocket HTTP/1.1',
      `Host: ${hostname}:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      '\r\n',
    ].join('\r\n'),
  )
  await once(socket, 'data')
  return socket
}

describe('xshathra engine', () => {
  it('prints one line when it listens, and serves sockets, API and health of its configuration', async () => {
    await using program = run(onAnyPort)
    const url = await listening(program)
    expect(program.output).toMatch(/^xshathra engine listening on http:\/\/127\.0\.0\.1:\d+ \(history: memory\)\n$/)
    expect((await fetch(`${url}/health`)).status).toBe(200)
    expect((await callApi(url, 'publish', { channel: 'chat:1', data: {} })).result).toMatchObject({ offset: 1 })
    const socket = await openSocket(url)
    socket.close()
  })

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'tells clients 3001 on %s, closes the port and leaves with 0',
    async (signal) => {
      await using program = run(onAnyPort)
      const url = await listening(program)
      const socket = await openSocket(url)
      const closed = once(socket, 'close')
      program.kill(signal)
      expect(((await closed)[0] as CloseEvent).code).toBe(3001)
      expect(await program.ended()).toBe(0)
      await expect(fetch(url)).rejects.toThrow()
    },
  )

  it('waits for a client that does not answer, but not when a second signal insists', async () => {
    await using program = run(onAnyPort)
    const socket = await openMuteSocket(await listening(program))
    const told = once(socket, 'data')
    program.kill('SIGTERM')
    await told
    const insist = setInterval(() => program.kill('SIGTERM'), 100)
    expect(await program.ended()).toBe(1)
    clearInterval(insist)
    socket.destroy()
  })

  it('says in one line that the port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    await using program = run(['--address', '127.0.0.1', '--port', String(port)])
    expect(await program.ended()).toBe(1)
    expect(program.errors).toBe(
      `xshathra: 127.0.0.1:${port} is in use by another program. Stop it, or choose another port with --port\n`,
    )
    other.close()
  })

  it('says every problem of a configuration at once, with where each comes from', async () => {
    configure({ ...settings(), http_server: { port: 'abc' } })
    await using program = run([], { CENTRIFUGO_CLIENT_PING_INTERVAL: 'soon' })
    expect(await program.ended()).toBe(1)
    expect(program.errors).toMatch(/^xshathra: the configuration has 2 problems\n/)
    expect(program.errors).toMatch(/http_server\.port.*server\.json/)
    expect(program.errors).toMatch(/client\.ping_interval.*CENTRIFUGO_CLIENT_PING_INTERVAL/)
  })

  it('checks a configuration without serving it', async () => {
    await using program = run(['--check'])
    expect(await program.ended()).toBe(0)
    expect(program.output).toBe('the configuration is good\n')
  })

  it('refuses a data directory that another process works in', async () => {
    const keep = [...onAnyPort, '--data-dir', 'data']
    await using first = run(keep)
    await listening(first)
    await using second = run(keep)
    expect(await second.ended()).toBe(1)
    expect(second.errors).toMatch(/^xshathra: The data directory data is in use by another Xshathra process.*\n$/)
  })

  it('takes its data directory from XSHATHRA_DATA_DIR where no flag names one', async () => {
    await using program = run(onAnyPort, { XSHATHRA_DATA_DIR: 'data' })
    await listening(program)
    expect(program.output).toContain('(history: data)')
    expect(existsSync(join(folder, 'data', 'history.db'))).toBe(true)
  })

  it('refuses a data directory that is none', async () => {
    writeFileSync(join(folder, 'data'), 'a file')
    await using program = run([...onAnyPort, '--data-dir', 'data'])
    expect(await program.ended()).toBe(1)
    expect(program.errors).toMatch(/^xshathra: The data directory data cannot be used .*\n$/)
  })

  it('finds history in its data directory again, also after kill -9', async () => {
    const keep = [...onAnyPort, '--data-dir', 'data']
    await using first = run(keep)
    const accepted = await callApi(await listening(first), 'publish', { channel: 'chat:1', data: { kept: 1 } })
    first.kill('SIGKILL')
    await first.ended()

    await using second = run(keep)
    const url = await listening(second)
    expect(second.output).toContain('(history: data)')
    const { result } = await callApi(url, 'history', { channel: 'chat:1', limit: 10 })
    expect(result).toMatchObject({ ...accepted.result, publications: [{ offset: 1, data: { kept: 1 } }] })
  })

  it('reads its configuration again on SIGHUP, and keeps the one in force when the new one has problems', async () => {
    await using program = run(onAnyPort)
    const url = await listening(program)
    const publish = { channel: 'news:1', data: {} }
    expect((await callApi(url, 'publish', publish)).error?.code).toBe(102)

    configure(settings([chat, { name: 'news' }]))
    program.kill('SIGHUP')
    await program.printed(/the configuration was read again/)
    expect((await callApi(url, 'publish', publish)).error).toBeUndefined()

    configure(settings([{ name: 'not a name' }]))
    program.kill('SIGHUP')
    await program.printed(/the configuration in force is still the earlier one/)
    expect((await callApi(url, 'publish', publish)).error).toBeUndefined()
  })

  it('is stopped by a signal to npm, as a container or supervisor sends it', async () => {
    const engine = ['run', 'engine', '--', '--config', join(folder, 'server.json'), ...onAnyPort]
    await using program = new RunningProgram('npm', engine, { cwd: root })
    const url = await listening(program)
    program.kill('SIGTERM')
    expect(await program.ended()).toBe(0)
    await expect(fetch(url)).rejects.toThrow()
  })

  const olderNode = findOlderNode()
  // Without one on the PATH there is nothing to be too old.
  it.skipIf(olderNode === undefined)('hands over to the pinned Node when started by an older one', async () => {
    await using program = new RunningProgram(
      olderNode ?? '',
      [bin, 'engine', '--config', 'server.json', ...onAnyPort],
      { cwd: folder },
    )
    await listening(program)
    program.kill('SIGTERM')
    expect(await program.ended()).toBe(0)
  })
})

describe('the command line', () => {
  const ask = (...args: readonly string[]) => spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8' })

  it.each([
    [['enigne'], 'Did you mean engine?'],
    [['engine', '--prot', '1'], 'Did you mean --port?'],
    [['engine', '--port', 'abc'], 'A port is a number from 0 to 65535.'],
    [['engine', '--port', '70000'], 'A port is a number from 0 to 65535.'],
  ])('answers %j with what was probably meant', (args, hint) => {
    const { status, stderr } = ask(...args)
    expect(status).toBe(1)
    expect(stderr).toContain(hint)
  })

  it('explains every flag of the engine', () => {
    const { status, stdout } = ask('engine', '--help')
    expect(status).toBe(0)
    for (const flag of ['--config', '--address', '--port', '--data-dir', '--log-level', '--check']) {
      expect(stdout).toContain(flag)
    }
  })
})

/** A Node of this machine that is too old to run the program by itself. */
function findOlderNode(): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'node'))
    .filter((file) => existsSync(file))
    .find((file) => Number.parseInt(spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout.slice(1), 10) < 24)
}
