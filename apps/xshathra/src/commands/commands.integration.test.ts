import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bin, RunningProgram } from '../testing/running-program.ts'

let folder: string
let dataDir: string
let server: RunningProgram
let url: string
let project: Record<string, string>

const program = (args: readonly string[], env: Record<string, string> = {}) =>
  new RunningProgram(process.execPath, [bin, ...args], {
    cwd: folder,
    env: { XSHATHRA_DATA_DIR: dataDir, XSHATHRA_METRICS_TOKEN: '', ...env },
  })

const startServer = async (port = '0') => {
  server = program(['start', '--port', port])
  url = (await server.printed(/listens on (http:\S+)/))[1] ?? ''
}

const stopServer = async () => {
  server.kill('SIGTERM')
  await server.ended()
}

interface Ended {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

const run = async (args: readonly string[], env?: Record<string, string>): Promise<Ended> => {
  await using running = program(args, env)
  const code = await running.ended()
  return { code, output: running.output, errors: running.errors }
}

/** The answer of a command that went well, from its JSON. */
const answer = async <Answer = Record<string, unknown>>(...args: readonly string[]): Promise<Answer> => {
  const { code, output, errors } = await run([...args, '--json'])
  if (code !== 0) throw new Error(output + errors)
  return JSON.parse(output) as Answer
}

const runWithInput = (input: string, args: readonly string[]) =>
  spawnSync(process.execPath, [bin, ...args], {
    input,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, XSHATHRA_DATA_DIR: dataDir },
  })

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'xshathra-commands-'))
  dataDir = join(folder, 'data')
  await startServer()
  project = await answer<Record<string, string>>('project', 'create', 'Main')
})
afterAll(async () => {
  await stopServer()
  rmSync(folder, { recursive: true, force: true })
})

describe('commands while the server runs', () => {
  it('make a project whose keys work at once', async () => {
    const { projectId, serverApiKey, clientApiKey } = await answer<Record<string, string>>(
      ...['project', 'create', 'Shop', '--env', 'production', '--lock', 'chat'],
    )
    expect([projectId, serverApiKey, clientApiKey]).toEqual([
      expect.stringMatching(/^proj_\w{26}$/),
      expect.stringMatching(/^xsk_/),
      expect.stringMatching(/^xck_/),
    ])
    const response = await fetch(`${url}/api/realtime/token`, {
      method: 'POST',
      headers: { Authorization: `apikey ${serverApiKey}`, 'Content-Type': 'application/json' },
      body: '{"userId":"user_1"}',
    })
    expect(response.status).toBe(200)
    expect(await answer('namespace', 'get', String(projectId), 'chat')).toMatchObject({ inForce: { locked: true } })
    const list = await answer<{ projectId: string; environment: string }[]>('project', 'list')
    expect(list).toContainEqual(expect.objectContaining({ projectId, environment: 'production' }))
  })

  it('rotate a key: the old one works as long as it was told to', async () => {
    const { projectId = '', serverApiKey = '' } = await answer<Record<string, string>>('project', 'create', 'Rotated')
    const statusOf = async (key: string) => {
      const headers = { Authorization: `apikey ${key}`, 'Content-Type': 'application/json' }
      const response = await fetch(`${url}/api/realtime/channels`, { method: 'POST', headers, body: '{}' })
      return response.status
    }
    const second = await answer<Record<string, string>>('key', 'rotate', projectId, '--overlap', '3600')
    expect(Date.parse(second.previousValidUntil ?? '')).toBeGreaterThan(Date.now() + 3_000_000)
    expect([await statusOf(serverApiKey), await statusOf(second.serverApiKey ?? '')]).toEqual([200, 200])
    const third = await answer<Record<string, string>>('key', 'rotate', projectId)
    expect(third.previousValidUntil).toBeNull()
    expect([await statusOf(serverApiKey), await statusOf(second.serverApiKey ?? '')]).toEqual([401, 401])
    expect(await statusOf(third.serverApiKey ?? '')).toBe(200)
  })

  it('lock and unlock a namespace', async () => {
    const { projectId = '' } = project
    const explain = ['explain', 'action', projectId, 'user_1', 'chat:room']
    await answer('namespace', 'lock', projectId, 'chat')
    expect(await answer(...explain)).toMatchObject({ allowed: false })
    await answer('namespace', 'unlock', projectId, 'chat')
    expect(await answer(...explain)).toMatchObject({ allowed: true })
  })

  it('take passwords from standard input alone', async () => {
    const create = ['account', 'create', '--email', 'ada@example.com', '--role', 'admin']
    const refused = runWithInput('', create)
    expect(refused.status).toBe(1)
    expect(refused.stderr).toContain('--password-stdin')
    const created = runWithInput('correct horse\n', [...create, '--password-stdin', '--json'])
    expect(JSON.parse(created.stdout)).toMatchObject({ email: 'ada@example.com', role: 'admin' })
    const signIn = (password: string) =>
      fetch(`${url}/api/auth/sign-in/email`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Origin: url },
        body: JSON.stringify({ email: 'ada@example.com', password }),
      })
    expect((await signIn('correct horse')).status).toBe(200)
    const reset = ['account', 'reset-password', '--email', 'ada@example.com', '--password-stdin']
    expect(runWithInput('another horse\n', reset).status).toBe(0)
    expect((await signIn('correct horse')).status).toBe(401)
  })

  it('publish the bytes that were given', async () => {
    const { projectId = '', serverApiKey = '' } = project
    expect(await answer('publish', projectId, 'announce:exact', '{"big":9007199254740993}')).toMatchObject({
      offset: 1,
    })
    const response = await fetch(`${url}/api/realtime/history`, {
      method: 'POST',
      headers: { Authorization: `apikey ${serverApiKey}`, 'Content-Type': 'application/json' },
      body: '{"channel":"announce:exact"}',
    })
    expect(await response.text()).toContain('{"big":9007199254740993}')
  })

  it('say why a token would be refused', async () => {
    const { projectId = '' } = project
    const { token } = await answer<{ token: string }>('token', projectId, 'user_1')
    expect((await run(['explain', 'token', token])).output).toMatch(/✓[\s\S]*Allowed\.\n$/)
    const forged = await run(['explain', 'token', `${token.slice(0, -2)}xx`])
    expect(forged.output).toMatch(/^✗ The token is signed for a known project/m)
    expect(forged.output).toMatch(/Refused\.\n$/)
  })

  it.each([
    [['project', 'show', 'proj_none'], /is no project id/],
    [['publish', 'MAIN', 'caht:room', '1'], /no such namespace/],
    [['publish', 'MAIN', 'chat:room', '{oops'], /no JSON value/],
    [['namespace', 'lock', 'MAIN', 'caht'], /Did you mean chat\?/],
    [['token', 'MAIN', 'user_1', '--ttl', '1'], /ttlSeconds/],
  ])('end with 1 and a sentence: %j', async (args, sentence) => {
    const { code, output, errors } = await run(args.map((arg) => (arg === 'MAIN' ? (project.projectId ?? '') : arg)))
    expect(code).toBe(1)
    expect(output).toBe('')
    expect(errors).toMatch(sentence)
  })

  it('tell a script the code of a problem', async () => {
    const { code, output } = await run(['project', 'show', 'proj_01ARZ3NDEKTSV4RRFFQ69G5FAV', '--json'])
    expect(code).toBe(1)
    expect(JSON.parse(output)).toMatchObject({ error: { code: 'not_found' } })
  })

  it('suggest what was meant by a mistyped command', async () => {
    expect((await run(['projcet', 'list'])).errors).toContain('Did you mean project?')
    expect((await run(['project', 'lsit'])).errors).toContain('Did you mean list?')
  })
})

describe('xshathra subscribe', () => {
  it('prints what is published, goes on after a restart of the server, and misses nothing', async () => {
    const { projectId = '' } = project
    await using tail = program(['subscribe', projectId, 'chat:tailed'])
    await tail.printed(/subscribed/)
    await answer('publish', projectId, 'chat:tailed', '"one"')
    await tail.printed(/"one"/)
    const { port } = new URL(url)
    await stopServer()
    await answer('publish', projectId, 'chat:tailed', '"two, while nobody served"')
    await startServer(port)
    await tail.printed(/nothing was missed/)
    await tail.printed(/"two, while nobody served"/)
    const lines = tail.output.trim().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { offset: number }).offset)).toEqual([1, 2])
    tail.kill('SIGINT')
    expect(await tail.ended()).toBe(0)
  })

  it('says at once that a channel is not there', async () => {
    const { code, errors } = await run(['subscribe', project.projectId ?? '', 'caht:room'])
    expect(code).toBe(1)
    expect(errors).toMatch(/no such namespace/)
  })
})

describe('xshathra doctor', () => {
  it('walks the whole way of a message through a healthy server', async () => {
    const { code, output } = await run(['doctor', url, '--json'])
    const { ok, findings } = JSON.parse(output) as { ok: boolean; findings: { step: string; outcome: string }[] }
    expect({ code, ok }).toEqual({ code: 0, ok: true })
    expect(findings.map(({ step, outcome }) => [step, outcome])).toEqual(
      ['health', 'clock', 'upgrade', 'subprotocol', 'token', 'connect', 'subscribe', 'publish'].map((step) => [
        step,
        'passed',
      ]),
    )
  })

  it('says which key is wrong', async () => {
    const { code, output } = await run(['doctor', url], { XSHATHRA_SERVER_API_KEY: 'xsk_wrong' })
    expect(code).toBe(1)
    expect(output).toMatch(/^✗ token[\s\S]*→ Set XSHATHRA_SERVER_API_KEY/m)
  })

  it('knows a proxy that drops upgrades', async () => {
    // Hands everything on but the hop-by-hop headers, as proxies do that nobody told about WebSocket.
    const proxy = createServer(async (request, response) => {
      const answered = await fetch(url + request.url)
      response.writeHead(answered.status, { 'Content-Type': 'application/json' }).end(await answered.text())
    }).listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    const { port } = proxy.address() as AddressInfo
    const { code, output } = await run(['doctor', `http://127.0.0.1:${port}`])
    expect(code).toBe(1)
    expect(output).toMatch(/^✗ upgrade .*426[\s\S]*→ A proxy drops the Upgrade header/m)
    proxy.closeAllConnections()
    proxy.close()
  })

  it('says that nobody answers', async () => {
    const { code, output } = await run(['doctor', 'http://127.0.0.1:1'])
    expect(code).toBe(1)
    expect(output).toMatch(/^✗ health +Nobody answers/)
  })

  it('names what in the configuration opens a door', async () => {
    const { code, output } = await run(['doctor', url], { CENTRIFUGO_CLIENT_INSECURE: 'true' })
    expect(code).toBe(1)
    expect(output).toMatch(/^✗ configuration client\.insecure/m)
  })
})

describe('xshathra bench', () => {
  it('loads the server on this machine and says who was reached, how soon, and what it cost', async () => {
    const report = await answer('bench', url, '--connections', '5', '--rate', '20', '--seconds', '1')
    expect(report).toMatchObject({ published: 20, expected: 100, delivered: 100, reach: 1, failedPublishes: 0 })
    expect(report.p50Ms).toBeGreaterThan(0)
    expect(report.serverMemoryBytes).toBeGreaterThan(10_000_000)
  })

  it('does not load what is elsewhere unless told that it may', async () => {
    const { code, errors } = await run(['bench', 'https://realtime.example.com'])
    expect(code).toBe(1)
    expect(errors).toContain('--i-may-load-this')
  })
})

describe('xshathra config', () => {
  it('shows the values in force, who set them, and no secret', async () => {
    const { output } = await run(['config'], { XSHATHRA_METRICS_TOKEN: 'hunter2', PORT: '4000' })
    expect(output).toMatch(/^PORT +4000 +PORT$/m)
    expect(output).toMatch(/^HOST +127\.0\.0\.1 +default$/m)
    expect(output).toMatch(/^XSHATHRA_METRICS_TOKEN +\[secret\]/m)
    expect(output).not.toContain('hunter2')
  })
})

describe('xshathra completion', () => {
  const complete = async (words: string) => {
    const { output } = await run(['completion', 'bash'])
    const line = `COMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _xshathra; echo "\${COMPREPLY[@]}"`
    return spawnSync('bash', ['-c', `${output}\n${line}`], { encoding: 'utf8' }).stdout.trim()
  }

  it.each([
    ['xshathra proj', 'project'],
    ['xshathra project cr', 'create'],
    ['xshathra key rotate proj_1 --ov', '--overlap'],
    ['xshathra --data-dir x', ''],
  ])('completes "%s" in bash', async (words, completed) => {
    expect(await complete(words)).toBe(completed)
  })

  it.each(['zsh', 'fish'])('prints a script for %s', async (shell) => {
    const { code, output } = await run(['completion', shell])
    expect(code).toBe(0)
    expect(output).toContain('project create')
  })
})

describe('commands without a server', () => {
  it('open the data directory themselves, and see what the server has left', async () => {
    await stopServer()
    const list = await answer<{ projectId: string }[]>('project', 'list')
    expect(list.map(({ projectId }) => projectId)).toContain(project.projectId)
    await startServer()
  })

  it('never make a data directory', async () => {
    const none = join(folder, 'none')
    const { code, errors } = await run(['project', 'list', '--data-dir', none])
    expect(code).toBe(1)
    expect(errors).toContain('There is no data directory')
    expect(existsSync(none)).toBe(false)
  })

  it('find their way past the address of a server that was killed', async () => {
    server.kill('SIGKILL')
    await server.ended()
    expect(existsSync(join(dataDir, 'control.json'))).toBe(true)
    expect(await answer('project', 'show', project.projectId ?? '')).toMatchObject({ name: 'Main' })
    await startServer()
  })

  it('back up while the server runs, and restore when it has stopped; channels begin new histories', async () => {
    const { projectId = '' } = project
    const backup = join(folder, 'backup.db')
    expect((await run(['backup', backup])).code).toBe(0)
    expect((await run(['backup', backup])).errors).toContain('exists already')
    const before = await answer<{ epoch: string }>('publish', projectId, 'chat:kept', '1')
    await answer('project', 'set', projectId, '--name', 'Renamed')
    expect((await run(['restore', backup])).errors).toContain('in use by another Xshathra process')
    await stopServer()
    const { restored, previous } = await answer<Record<string, string>>('restore', backup)
    expect(restored).toBe(backup)
    expect(existsSync(previous ?? '')).toBe(true)
    await startServer()
    expect(await answer('project', 'show', projectId)).toMatchObject({ name: 'Main' })
    const after = await answer<{ epoch: string; offset: number }>('publish', projectId, 'chat:kept', '2')
    expect(after).toMatchObject({ offset: 1 })
    expect(after.epoch).not.toBe(before.epoch)
  })

  it('refuse to restore what is no backup', async () => {
    const empty = join(folder, 'empty')
    mkdirSync(empty)
    const { code, errors } = await run(['restore', join(folder, 'nothing.db'), '--data-dir', empty])
    expect(code).toBe(1)
    expect(errors).toContain('There is no file')
  })
})
