import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bin, RunningProgram } from './testing/running-program.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'xshathra-start-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const run = (args: readonly string[], env: Record<string, string> = {}) =>
  new RunningProgram(process.execPath, [bin, ...args], {
    cwd: folder,
    env: { XSHATHRA_DATA_DIR: join(folder, 'data'), ...env },
  })

const start = (env: Record<string, string> = {}) => run(['start', '--port', '0'], env)
const listening = async (program: RunningProgram) => (await program.printed(/listens on (http:\S+)/))[1] ?? ''

/** Runs a command to its end and gives what it answered in JSON. */
const answer = async (...args: readonly string[]) => {
  await using program = run([...args, '--json'])
  const code = await program.ended()
  if (code !== 0) throw new Error(program.output + program.errors)
  return JSON.parse(program.output) as Record<string, unknown>
}

const post = (url: string, key: unknown, endpoint: string, body: object) =>
  fetch(`${url}/api/realtime/${endpoint}`, {
    method: 'POST',
    headers: { Authorization: `apikey ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })

describe('xshathra start', () => {
  it('says the first time where everything is, how to sign in and how to make a project; later only where', async () => {
    await using first = start()
    const url = await listening(first)
    await first.printed(/project create/)
    expect(first.output).toMatch(/socket +ws:\/\/localhost:\d+\/realtime\/connection\/websocket\n/)
    expect(first.output).toMatch(/http:\/\/localhost:\d+\/setup#\S{20,}\n/)
    expect((await fetch(`${url}/api/health`)).status).toBe(200)
    await answer('project', 'create', 'One')
    first.kill('SIGTERM')
    expect(await first.ended()).toBe(0)

    await using second = start({ XSHATHRA_OWNER_EMAIL: 'ada@example.com', XSHATHRA_OWNER_PASSWORD: 'correct horse' })
    await second.printed(/The owner ada@example.com was created/)
    expect(second.output).not.toContain('/setup#')
    expect(second.output).not.toContain('project create')
    expect(second.output + second.errors).not.toContain('correct horse')
  })

  it('makes a project to play with when asked for a demo, once', async () => {
    await using first = run(['start', '--port', '0', '--demo'])
    const url = await listening(first)
    const [, key] = await first.printed(/serverApiKey +(xsk_\w+)/)
    expect((await post(url, key, 'publish', { channel: 'public:lobby', data: 1 })).status).toBe(200)
    first.kill('SIGTERM')
    await first.ended()
    await using second = run(['start', '--port', '0', '--demo'])
    await listening(second)
    expect(second.output).not.toContain('xsk_')
  })

  it('tells clients 3001 on SIGTERM, and leaves with 0', async () => {
    await using program = start()
    const url = await listening(program)
    const { projectId } = await answer('project', 'create', 'One')
    const { token } = await answer('token', String(projectId), 'user_1')
    const socket = new WebSocket(`${url.replace('http', 'ws')}/realtime/connection/websocket`)
    await once(socket, 'open')
    socket.send(JSON.stringify({ id: 1, connect: { token } }))
    await once(socket, 'message')
    const closed = once(socket, 'close')
    program.kill('SIGTERM')
    expect(((await closed)[0] as CloseEvent).code).toBe(3001)
    expect(await program.ended()).toBe(0)
  })

  it('has every publication that it answered 200 to, also after kill -9', async () => {
    await using first = start()
    const url = await listening(first)
    const { serverApiKey } = await answer('project', 'create', 'One')
    let accepted = 0
    const publishing = (async () => {
      for (let n = 1; ; n++) {
        const response = await post(url, serverApiKey, 'publish', { channel: 'chat:room', data: { n } })
        if (response.status === 200) accepted = n
        if (n === 30) first.kill('SIGKILL')
      }
    })()
    await expect(publishing).rejects.toThrow()
    await first.ended()

    await using second = start()
    const history = await post(await listening(second), serverApiKey, 'history', { channel: 'chat:room', limit: 1000 })
    const { offset, publications } = (await history.json()) as { offset: number; publications: { data: object }[] }
    expect(accepted).toBeGreaterThanOrEqual(30)
    expect(offset).toBeGreaterThanOrEqual(accepted)
    expect(publications.slice(0, accepted).map(({ data }) => data)).toEqual(
      Array.from({ length: accepted }, (_, index) => ({ n: index + 1 })),
    )
  })

  it.each<[string, () => Promise<Record<string, string>> | Record<string, string>, RegExp]>([
    [
      'a port that is none',
      () => ({ PORT: 'abc' }),
      /^xshathra: the configuration has 1 problem\n {2}PORT .*"abc".*\n$/,
    ],
    [
      'a data directory that is a file',
      () => {
        writeFileSync(join(folder, 'file'), '')
        return { XSHATHRA_DATA_DIR: join(folder, 'file') }
      },
      /^xshathra: The data directory \S+ cannot be used \(.*\n$/,
    ],
    [
      'a database of a newer program',
      async () => {
        await using program = start()
        await listening(program)
        program.kill('SIGTERM')
        await program.ended()
        const database = new DatabaseSync(join(folder, 'data', 'xshathra.db'))
        const [table] = database.prepare("SELECT name FROM sqlite_master WHERE name LIKE '%migration%'").all()
        database.exec(`INSERT INTO "${table?.name}" (name, timestamp) VALUES ('9999-future', '2100-01-01')`)
        database.close()
        return {}
      },
      /^xshathra: .*newer.*\n$/,
    ],
    [
      'an engine configuration that lets anybody past the projects',
      () => {
        writeFileSync(join(folder, 'open.json'), JSON.stringify({ client: { insecure: true } }))
        return { CENTRIFUGO_CONFIG: join(folder, 'open.json') }
      },
      /^xshathra: the configuration has 1 problem\n {2}client\.insecure .*\n$/,
    ],
  ])('says in one line what is wrong with %s, and leaves with 1', async (_, prepare, sentence) => {
    const env = await prepare()
    await using program = env.PORT === undefined ? start(env) : run(['start'], env)
    expect(await program.ended()).toBe(1)
    expect(program.errors).toMatch(sentence)
    expect(program.output).toBe('')
  })

  it('tells the problems of both configurations at once', async () => {
    writeFileSync(join(folder, 'open.json'), JSON.stringify({ client: { insecure: true } }))
    await using program = run(['start'], { PORT: 'abc', CENTRIFUGO_CONFIG: join(folder, 'open.json') })
    await program.ended()
    expect(program.errors).toContain('the configuration has 2 problems')
  })

  it('refuses a data directory that another process works in, and a port that is taken', async () => {
    await using first = start()
    await listening(first)
    await using second = start()
    expect(await second.ended()).toBe(1)
    expect(second.errors).toMatch(/^xshathra: The data directory \S+ is in use by another Xshathra process.*\n$/)

    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    await using third = run(['start', '--port', String(port), '--data-dir', join(folder, 'other')])
    expect(await third.ended()).toBe(1)
    expect(third.errors).toMatch(/^xshathra: 127\.0\.0\.1:\d+ is in use by another program.*\n$/)
    other.close()
  })

  it('warns of variables with our prefix that nobody reads', async () => {
    await using program = start({ XSHATHRA_DATADIR: 'x', CENTRIFUGO_CLIENT_PING_INTERVALL: '1s' })
    await listening(program)
    expect(program.errors).toMatch(
      /warning: XSHATHRA_DATADIR {2}is not a known variable\. Did you mean XSHATHRA_DATA_DIR\?/,
    )
    expect(program.errors).toMatch(/CENTRIFUGO_CLIENT_PING_INTERVALL .* Did you mean CENTRIFUGO_CLIENT_PING_INTERVAL\?/)
  })

  it('prints no secret of the deployment', async () => {
    await using program = start()
    await listening(program)
    await program.printed(/project create/)
    const files = readdirSync(join(folder, 'data')).filter((name) => name.endsWith('.secret'))
    expect(files).toHaveLength(3)
    for (const name of files) {
      expect(program.output + program.errors).not.toContain(readFileSync(join(folder, 'data', name), 'utf8').trim())
    }
  })
})
