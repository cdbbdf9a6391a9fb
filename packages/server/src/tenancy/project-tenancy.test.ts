import { createHmac } from 'node:crypto'
import type { Admission, AdmissionRequest, RefreshReading, SubscriptionReading } from '@xshathra/engine'
import { signHs256 } from '@xshathra/engine'
import { disconnects, errors } from '@xshathra/protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import type { ProjectId } from '../projects/project.ts'
import { createProjectTenancy, type ProjectTenancy } from './project-tenancy.ts'
import { keyOf, MemoryDirectory } from './testing/memory-directory.ts'
import { engineSecret, shippedOptions } from './testing/shipped-options.ts'
import { StillClock } from './testing/still-clock.ts'

const a: ProjectId = 'proj_01HF7YAT00AAAAAAAAAAAAAAAA'
const b: ProjectId = 'proj_01HF7YAT00BBBBBBBBBBBBBBBB'
const gone: ProjectId = 'proj_01HF7YAT00ZZZZZZZZZZZZZZZZ'

let directory: MemoryDirectory
let clock: StillClock
let tenancy: ProjectTenancy
let now: number

beforeEach(() => {
  directory = new MemoryDirectory()
  clock = new StillClock()
  now = clock.nowMs / 1000
  directory.put(a)
  directory.put(b)
  tenancy = createProjectTenancy(shippedOptions(), { directory, clock })
})

const question = (token: string, more: { data?: unknown; origin?: string } = {}): AdmissionRequest => ({
  client: 'c1',
  transport: 'websocket',
  protocol: 'json',
  headers: {},
  emulatedHeaders: {},
  token,
  data: more.data === undefined ? undefined : Buffer.from(JSON.stringify(more.data)),
  name: 'js',
  version: '',
  channels: [],
  origin: more.origin,
  remoteAddress: '127.0.0.1',
})

const admit = (token: string, more?: { data?: unknown; origin?: string }) =>
  tenancy.admit(question(token, more)) as Admission
const minted = (claims: object, secret = engineSecret) =>
  signHs256({ sub: `${a}:u1`, exp: now + 900, ...claims }, secret)
const signed = (claims: object, id = a) =>
  signHs256({ sub: 'u1', exp: now + 900, projectId: id, ...claims }, keyOf('server', id))

const disconnectOf = (reading: Admission | RefreshReading | SubscriptionReading) =>
  reading.kind === 'disconnect' ? reading.disconnect : reading
const errorOf = (reading: Admission | RefreshReading | SubscriptionReading) =>
  reading.kind === 'error' ? reading.error : reading

describe('a minted token', () => {
  it('admits the user of its project, without the prefix', () => {
    expect(admit(minted({ info: { n: 1 }, channels: [`chat:${a}:room`] }))).toMatchObject({
      kind: 'admitted',
      scope: a,
      user: 'u1',
      by: 'token',
      expireAt: now + 900,
      connInfo: Buffer.from('{"n":1}'),
      subscriptions: [{ channel: `chat:${a}:room` }],
    })
    expect(admit(minted({ sub: `${a}:a:b` }))).toMatchObject({ user: 'a:b' })
  })

  it('is refused with 3500 where it names no project or user that there is', () => {
    for (const sub of ['u1', `${gone}:u1`, `${a}:`, a, `${a}u1`, '', ':u1', '__proto__:u1']) {
      expect(disconnectOf(admit(minted({ sub })))).toBe(disconnects.invalidToken)
    }
  })

  it('is refused with 109 once it has expired, and 3500 when it is forged', () => {
    expect(errorOf(admit(minted({ exp: now - 1 })))).toBe(errors.tokenExpired)
    expect(disconnectOf(admit(minted({}, 'another secret')))).toBe(disconnects.invalidToken)
    expect(disconnectOf(admit('no token'))).toBe(disconnects.invalidToken)
    expect(disconnectOf(admit(minted({ channel: 'chat:room' })))).toBe(disconnects.invalidToken)
  })
})

describe('a token that a customer signed', () => {
  it('admits the bare user, and names the key that revoking would end', () => {
    expect(admit(signed({ sub: 'u:1', info: [1.5], channels: ['chat:room'], meta: 'ignored', aud: 5 }))).toMatchObject({
      kind: 'admitted',
      scope: a,
      user: 'u:1',
      connInfo: Buffer.from('[1.5]'),
      subscriptions: [{ channel: 'chat:room' }],
      credentialId: `key_${keyOf('server', a)}`,
    })
  })

  it('belongs to the project of its claim, else of the client key, else to the only one', () => {
    const bare = signHs256({ sub: 'u1', exp: now + 900 }, keyOf('server', a))
    expect(disconnectOf(admit(bare))).toBe(disconnects.invalidToken)
    expect(admit(bare, { data: { client_api_key: keyOf('client', a) } })).toMatchObject({ scope: a })
    directory.remove(b)
    expect(admit(bare)).toMatchObject({ scope: a })
    expect(admit(signed({ projectId: a.replace('A', 'a') }))).toMatchObject({ scope: a })
  })

  it('is refused where another project signed it', () => {
    expect(disconnectOf(admit(signHs256({ sub: 'u1', exp: now + 9, projectId: b }, keyOf('server', a))))).toBe(
      disconnects.invalidToken,
    )
    expect(disconnectOf(admit(signed({ projectId: gone })))).toBe(disconnects.invalidToken)
  })

  it('lives for a day at most, and has to say for how long', () => {
    expect(admit(signed({ exp: now + 86_400 }))).toMatchObject({ kind: 'admitted' })
    expect(disconnectOf(admit(signed({ exp: now + 86_400 + 61 })))).toBe(disconnects.invalidToken)
    expect(disconnectOf(admit(signed({ exp: undefined })))).toBe(disconnects.invalidToken)
    expect(errorOf(admit(signed({ exp: now })))).toBe(errors.tokenExpired)
  })

  it('may be dated by a clock that is a minute ahead', () => {
    expect(admit(signed({ nbf: now + 60, iat: now + 60, exp: now + 86_460 }))).toMatchObject({ kind: 'admitted' })
    expect(errorOf(admit(signed({ nbf: now + 61 })))).toBe(errors.tokenExpired)
  })

  it('is HS256 and nothing else', () => {
    const payload = Buffer.from(JSON.stringify({ sub: 'u1', exp: now + 900, projectId: a })).toString('base64url')
    const tokenOf = (alg: string, hash: string | undefined) => {
      const text = `${Buffer.from(JSON.stringify({ alg, typ: 'JWT' })).toString('base64url')}.${payload}`
      return `${text}.${hash ? createHmac(hash, keyOf('server', a)).update(text).digest('base64url') : ''}`
    }
    expect(admit(tokenOf('HS256', 'sha256'))).toMatchObject({ kind: 'admitted' })
    for (const token of [tokenOf('HS384', 'sha384'), tokenOf('HS512', 'sha512'), tokenOf('none', undefined)]) {
      expect(disconnectOf(admit(token))).toBe(disconnects.invalidToken)
    }
  })

  it.each([{ sub: 7 }, { sub: '' }, { sub: 'é'.repeat(128) }, { exp: 'soon' }, { channels: 'chat:room' }, { iat: {} }])(
    'is refused with claims of another type or size: %j',
    (claims) => {
      expect(disconnectOf(admit(signed(claims)))).toBe(disconnects.invalidToken)
    },
  )

  it('is no subscription token, and counts no more once its key was revoked', () => {
    expect(disconnectOf(admit(signed({ channel: 'chat:room' })))).toBe(disconnects.invalidToken)
    const token = signed({})
    directory.end(keyOf('server', a))
    expect(disconnectOf(admit(token))).toBe(disconnects.invalidToken)
  })
})

describe('a client key in the connect data', () => {
  it('has to agree with the token, and never chooses its project', () => {
    const agreeing = { client_api_key: keyOf('client', a), more: 1 }
    expect(admit(minted({}), { data: agreeing })).toMatchObject({
      scope: a,
      credentialId: `key_${keyOf('client', a)}`,
    })
    expect(disconnectOf(admit(minted({}), { data: { client_api_key: keyOf('client', b) } }))).toBe(
      disconnects.invalidToken,
    )
  })

  it.each([keyOf('server', a), 'typo', 'xck_unknown', 7, {}])('is refused when it is none (%j)', (key) => {
    expect(disconnectOf(admit(minted({}), { data: { client_api_key: key } }))).toBe(disconnects.invalidToken)
    expect(disconnectOf(admit('', { data: { client_api_key: key } }))).toBe(disconnects.invalidToken)
  })

  it('is looked for in objects only', () => {
    for (const data of [[], 'x', 7, null, { other: 1 }]) {
      expect(admit(minted({}), { data })).toMatchObject({ kind: 'admitted', credentialId: undefined })
      expect(disconnectOf(admit('', { data }))).toBe(disconnects.badRequest)
    }
  })
})

describe('an anonymous connection', () => {
  const data = { client_api_key: keyOf('client', a) }

  it('is let in where the project says so and lists its origins', () => {
    directory.put(a, { allowAnonymous: true, allowedOrigins: ['https://app.example', 'https://*.app.example'] })
    for (const origin of ['https://app.example', 'https://eu.app.example', undefined]) {
      expect(admit('', { data, ...(origin ? { origin } : {}) })).toMatchObject({
        kind: 'admitted',
        scope: a,
        user: '',
        by: 'anonymous',
        credentialId: `key_${keyOf('client', a)}`,
      })
    }
    expect(disconnectOf(admit('', { data, origin: 'https://evil.example' }))).toBe(disconnects.permissionDenied)
  })

  it('is refused without credentials, where it is off, and without a list of origins', () => {
    expect(disconnectOf(admit(''))).toBe(disconnects.badRequest)
    expect(disconnectOf(admit('', { data }))).toBe(disconnects.badRequest)
    directory.put(a, { allowAnonymous: true })
    expect(disconnectOf(admit('', { data }))).toBe(disconnects.permissionDenied)
  })
})

it('origins are free until the project lists its own, and none passes that cannot be compared', () => {
  expect(admit(minted({}), { origin: 'https://any.example' })).toMatchObject({ kind: 'admitted' })
  directory.put(a, { allowedOrigins: ['https://app.example'] })
  expect(admit(minted({}), { origin: 'https://app.example' })).toMatchObject({ kind: 'admitted' })
  expect(disconnectOf(admit(minted({}), { origin: 'https://any.example' }))).toBe(disconnects.permissionDenied)
  directory.put(a, { allowedOrigins: ['https://[broken'] })
  expect(disconnectOf(admit(minted({}), { origin: 'https://[broken' }))).toBe(disconnects.permissionDenied)
})

it('an archived project lets nobody in', () => {
  directory.put(a, { archivedAtMs: 1, allowAnonymous: true, allowedOrigins: ['*'] })
  for (const token of [minted({}), signed({}), '']) {
    expect(disconnectOf(admit(token, { data: { client_api_key: keyOf('client', a) } }))).toBe(
      disconnects.permissionDenied,
    )
  }
})

it('a blocked user is refused until the time is over, and nobody of another project with that name', () => {
  tenancy.block(a, 'u1', 60)
  expect(disconnectOf(admit(minted({})))).toBe(disconnects.forceDisconnect)
  expect(tenancy.readRefreshToken(a, minted({}))).toMatchObject({ disconnect: disconnects.forceDisconnect })
  expect(admit(minted({ sub: `${a}:u2` }))).toMatchObject({ kind: 'admitted' })
  expect(admit(minted({ sub: `${b}:u1` }))).toMatchObject({ kind: 'admitted' })
  clock.nowMs += 60_000
  expect(admit(minted({}))).toMatchObject({ kind: 'admitted' })
  tenancy.block(a, undefined, 60)
  expect(disconnectOf(admit(minted({ sub: `${a}:u2` })))).toBe(disconnects.forceDisconnect)
})

it('quotas of the project, else of the deployment, go with the connection', () => {
  directory.put(a, { quotas: { connections: 5, messageBytes: 10 } })
  expect(admit(minted({}))).toMatchObject({ limits: { connections: 5, messageBytes: 10, connectionsPerUser: 100_000 } })
})

describe('a refresh token', () => {
  it('is read for the project of the connection alone', () => {
    expect(tenancy.readRefreshToken(a, minted({ channels: [`chat:${a}:x`] }))).toMatchObject({
      kind: 'read',
      user: 'u1',
      channels: [`chat:${a}:x`],
    })
    const bare = signHs256({ sub: 'u1', exp: now + 900 }, keyOf('server', a))
    expect(tenancy.readRefreshToken(a, bare)).toMatchObject({
      kind: 'read',
      credentialId: `key_${keyOf('server', a)}`,
    })
    for (const token of [minted({ sub: `${b}:u1` }), signed({}, b), minted({}, 'forged')]) {
      expect(tenancy.readRefreshToken(a, token)).toMatchObject({ disconnect: disconnects.invalidToken })
    }
    expect(tenancy.readRefreshToken(a, minted({ exp: 1 }))).toMatchObject({ disconnect: disconnects.expired })
  })
})

describe('a subscription token', () => {
  it('is read with its channel as written, for either kind', () => {
    expect(tenancy.readSubscriptionToken(a, minted({ channel: `match:${a}:m` }))).toMatchObject({
      kind: 'read',
      user: 'u1',
      channel: `match:${a}:m`,
    })
    const bare = signHs256({ sub: '', exp: now + 900, channel: 'match:m', info: 1 }, keyOf('server', a))
    expect(tenancy.readSubscriptionToken(a, bare)).toMatchObject({
      kind: 'read',
      user: '',
      channel: 'match:m',
      chanInfo: Buffer.from('1'),
    })
  })

  it('of another project ends the connection, a forged one is refused, an old one asks for a new one', () => {
    for (const token of [minted({ sub: `${b}:u1`, channel: `match:${b}:m` }), signed({ channel: 'match:m' }, b)]) {
      expect(tenancy.readSubscriptionToken(a, token)).toMatchObject({ disconnect: disconnects.invalidToken })
    }
    for (const token of [minted({ channel: 'match:m' }, 'forged'), minted({}), signed({})]) {
      expect(tenancy.readSubscriptionToken(a, token)).toMatchObject({ error: errors.permissionDenied })
    }
    expect(tenancy.readSubscriptionToken(a, minted({ channel: 'match:m', exp: 1 }))).toMatchObject({
      error: errors.tokenExpired,
    })
  })
})

describe('where a name leads', () => {
  it('is told with the rules of the project, which follow its settings at once', () => {
    expect(tenancy.resolve(a, 'chat:room')).toMatchObject({
      channel: `chat:${a}:room`,
      rules: { history: { size: 100 } },
    })
    directory.put(a, { namespaces: { chat: { historySize: 7 } } })
    expect(tenancy.resolve(a, 'chat:room')).toMatchObject({ rules: { history: { size: 7 } } })
    expect(tenancy.resolve(b, 'chat:room')).toMatchObject({ rules: { history: { size: 100 } } })
  })

  it('is the same refusal for a project that exists and one that does not', () => {
    expect(tenancy.resolve(a, `chat:${b}:x`)).toBe(tenancy.resolve(a, `chat:${gone}:x`))
    expect(tenancy.resolve(a, `chat:${b}:x`)).toMatchObject({
      problem: 'channel_of_another_project',
      error: { code: errors.permissionDenied.code },
    })
  })

  it('matches the shipped pattern of personal channels and names their one user', () => {
    const own = tenancy.resolve(a, 'user:#u1')
    expect(own).toMatchObject({ channel: `user:#${a}:u1`, anatomy: { users: ['u1'], rest: `#${a}:u1` } })
    if (own.kind === 'resolved') expect(own.rules.matches?.(own.anatomy.rest)).toBe(true)
    directory.put(a, { namespaces: { user: { locked: true } } })
    expect(tenancy.resolve(a, 'user:#u1')).toMatchObject({ anatomy: { users: undefined } })
  })

  it('keeps our own namespace for our own project, which nobody is shown', () => {
    expect(tenancy.resolve(a, 'xshathra:x')).toMatchObject({ problem: 'namespace_not_allowed', error: { code: 103 } })
    directory.put(gone, { isSystem: true })
    expect(tenancy.resolve(gone, 'xshathra:x')).toMatchObject({ kind: 'resolved' })
    expect(tenancy.sees('', gone)).toBe(false)
    expect(tenancy.namespaceNames()).not.toContain('xshathra')
  })

  it('is known to the operator by full names of projects that there are', () => {
    expect(tenancy.resolve('', `chat:${a}:room`)).toMatchObject({ channel: `chat:${a}:room` })
    expect(tenancy.resolve('', `chat:${gone}:room`)).toMatchObject({ kind: 'refused', error: { code: 102 } })
    expect(tenancy.resolve('', 'chat:room')).toMatchObject({ kind: 'refused', error: { code: 107 } })
    expect(tenancy.resolveUser('', `${a}:u:1`)).toEqual({ scope: a, user: 'u:1' })
    expect(tenancy.resolveUser('', 'u1')).toEqual({ scope: '', user: 'u1' })
    expect(tenancy.resolveUser(a, `${b}:u1`)).toEqual({ scope: a, user: `${b}:u1` })
    expect([tenancy.sees('', a), tenancy.sees(a, a), tenancy.sees(a, b), tenancy.sees(a, '')]).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  it.each(['__proto__', 'constructor', 'toString'])('has no rules behind the name %s', (name) => {
    expect(tenancy.resolve(a, `${name}:x`)).toMatchObject({ problem: 'unknown_namespace' })
    expect(tenancy.resolve(a, `chat:${name}`)).toMatchObject({ channel: `chat:${a}:${name}` })
    expect(tenancy.resolve(name, 'chat:x')).toMatchObject({ kind: 'refused' })
  })
})
