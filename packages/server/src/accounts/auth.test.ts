import { systemClock } from '@xshathra/engine/core'
import { getMigrations } from 'better-auth/db/migration'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Database } from '../database/database.ts'
import { openTemporaryDatabase } from '../database/testing/temporary-database.ts'
import { Secret } from '../secrets/secret.ts'
import { AccountStore } from './account-store.ts'
import { type Auth, createAuth } from './auth.ts'
import { createBetterAuth } from './better-auth.ts'

const master = new Secret('a master secret of thirty-two characters')
const owner = { email: 'ada@example.com', password: 'correct horse battery', name: 'Ada', role: 'owner' } as const
const dayMs = 24 * 3600 * 1000
const limits = { perAccount: 3, perAddress: 6, windowMs: 15 * 60 * 1000 }

let database: Database
let accounts: AccountStore
let auth: Auth

const open = (publicUrl?: string) => {
  auth = createAuth({ database, master, accounts, clock: systemClock, publicUrl, limits })
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  database = await openTemporaryDatabase()
  accounts = new AccountStore({ kysely: database.kysely, clock: systemClock })
  await accounts.create(owner)
  open('http://xshathra.test')
})
afterEach(async () => {
  await database.close()
  vi.useRealTimers()
})

interface Call {
  readonly origin?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly cookie?: string | undefined
  readonly body?: unknown
  readonly address?: string
  readonly method?: string
}

const call = (path: string, { origin = 'http://xshathra.test', headers, cookie, body, address, method }: Call = {}) => {
  const init = {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { origin, ...(cookie === undefined ? {} : { cookie }), 'content-type': 'application/json', ...headers },
    body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
  }
  return auth.handle(new Request(`${origin}/api/auth${path}`, init), address ?? '192.0.2.1')
}

const signIn = (more: Call & { readonly email?: string; readonly password?: string } = {}) => {
  const { email = owner.email, password = owner.password, ...rest } = more
  return call('/sign-in/email', { body: { email, password }, ...rest })
}

/** The cookies an answer sets, as a browser would send them back. */
const cookieOf = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((line) => line.slice(0, line.indexOf(';')))
    .join('; ')

const readSession = (cookie: string) => auth.readSession(new Headers({ cookie }))

it('needs no tables or columns but those of our migrations', async () => {
  const { options } = createBetterAuth({ database, master })
  const { toBeCreated, toBeAdded } = await getMigrations(options)
  expect([toBeCreated, toBeAdded]).toEqual([[], []])
})

describe('signing in', () => {
  it('opens a session that tells who it is, with which role', async () => {
    const response = await signIn({ email: 'Ada@Example.com' })
    expect(response.status).toBe(200)
    const session = await readSession(cookieOf(response))
    expect(session?.account).toMatchObject({ email: owner.email, name: 'Ada', role: 'owner' })
  })

  it('notes the address that the front door resolved and none that a client claims', async () => {
    await signIn({
      address: '198.51.100.7',
      headers: { 'x-xshathra-address': '203.0.113.9', 'x-forwarded-for': '1.1.1.1' },
    })
    const rows = await database.kysely.selectFrom('sessions').select('address').execute()
    expect(rows).toEqual([{ address: '198.51.100.7' }])
  })

  it('sets a cookie for HTTP only, for our own pages, and over TLS alone where the site is on TLS', async () => {
    const [plain] = (await signIn()).headers.getSetCookie()
    expect(plain).toMatch(/^xshathra\.session_token=/)
    expect(plain).toMatch(/HttpOnly/i)
    expect(plain).toMatch(/SameSite=Lax/i)
    expect(plain).not.toMatch(/Secure/i)
    open('https://xshathra.test')
    const [secure] = (await signIn({ origin: 'https://xshathra.test' })).headers.getSetCookie()
    expect(secure).toMatch(/^__Secure-xshathra\.session_token=.*; Secure/i)
  })

  it.each([
    ['a wrong password', { password: 'incorrect horse battery' }],
    ['an address nobody has', { email: 'eve@example.com' }],
  ])('with %s is refused in the same words', async (_, attempt) => {
    const response = await signIn(attempt)
    expect(response.status).toBe(401)
    expect(await response.json()).toEqual({
      code: 'INVALID_EMAIL_OR_PASSWORD',
      message: 'Invalid email or password',
    })
    expect(response.headers.getSetCookie()).toEqual([])
  })

  it('is refused to pages of other origins', async () => {
    expect((await signIn({ headers: { origin: 'https://evil.test' } })).status).toBe(403)
    const crossSite = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', origin: '' }
    expect((await signIn({ headers: crossSite })).status).toBe(403)
  })

  it('without a public URL is open to the origin that the page itself has', async () => {
    open(undefined)
    expect((await signIn({ origin: 'http://127.0.0.1:3001' })).status).toBe(200)
    expect((await signIn({ origin: 'http://127.0.0.1:3001', headers: { origin: 'http://evil.test' } })).status).toBe(
      403,
    )
  })
})

describe('a session', () => {
  it('ends when its account signs out', async () => {
    const cookie = cookieOf(await signIn())
    expect((await call('/sign-out', { cookie, body: {} })).status).toBe(200)
    expect(await readSession(cookie)).toBeUndefined()
  })

  it('is not signed out by another site', async () => {
    const cookie = cookieOf(await signIn())
    const response = await call('/sign-out', { cookie, body: {}, headers: { origin: 'https://evil.test' } })
    expect(response.status).toBe(403)
    expect(await readSession(cookie)).toBeDefined()
  })

  it('ends with its account, and follows its role', async () => {
    const created = await accounts.create({ ...owner, email: 'bob@example.com', role: 'viewer' })
    const id = created.ok ? created.value.id : ''
    const cookie = cookieOf(await signIn({ email: 'bob@example.com' }))
    expect((await readSession(cookie))?.account.role).toBe('viewer')
    await accounts.changeRole(id, 'admin')
    expect((await readSession(cookie))?.account.role).toBe('admin')
    await accounts.remove(id)
    expect(await readSession(cookie)).toBeUndefined()
  })

  it('ends after seven days, and not before while somebody comes back', async () => {
    let cookie = cookieOf(await signIn())
    vi.setSystemTime(Date.now() + 6 * dayMs)
    const renewed = await call('/get-session', { cookie })
    cookie = cookieOf(renewed)
    vi.setSystemTime(Date.now() + 6 * dayMs)
    expect(await readSession(cookie)).toBeDefined()
    vi.setSystemTime(Date.now() + 2 * dayMs)
    expect(await readSession(cookie)).toBeUndefined()
  })

  it('cannot be made up', async () => {
    const cookie = cookieOf(await signIn())
    const [row] = await database.kysely.selectFrom('sessions').select('token').execute()
    expect(cookie).toContain(row?.token)
    // Whoever reads the database has the token, and not its signature.
    expect(await readSession(`xshathra.session_token=${row?.token}`)).toBeUndefined()
    expect(await readSession(`xshathra.session_token=${row?.token}.c2lnbmF0dXJl`)).toBeUndefined()
    const other = createAuth({
      database,
      master: new Secret('another master secret of many characters'),
      accounts,
      clock: systemClock,
      publicUrl: 'http://xshathra.test',
    })
    expect(await other.readSession(new Headers({ cookie }))).toBeUndefined()
  })
})

describe('failed attempts', () => {
  const fail = (times: number, more: Parameters<typeof signIn>[0] = {}) =>
    Promise.all(Array.from({ length: times }, () => signIn({ password: 'a wrong password', ...more })))

  it('at one account are let in so many times, from wherever they come; then the right password waits too', async () => {
    for (let index = 0; index < limits.perAccount; index += 1) await fail(1, { address: `192.0.2.${index}` })
    const refused = await signIn({ address: '198.51.100.1' })
    expect(refused.status).toBe(429)
    expect(await refused.json()).toMatchObject({ error: { code: 'rate_limited' } })
    expect(refused.headers.get('retry-after')).toBe('900')
    vi.setSystemTime(Date.now() + limits.windowMs)
    expect((await signIn()).status).toBe(200)
  })

  it('all at the same time are no more than one after the other', async () => {
    const statuses = (await fail(5)).map(({ status }) => status)
    expect(statuses.sort()).toEqual([401, 401, 401, 429, 429])
  })

  it('at one account are counted however its address is written, and leave others alone', async () => {
    await fail(2)
    await fail(1, { email: 'ADA@example.com' })
    expect((await signIn({ email: 'aDa@example.com' })).status).toBe(429)
    expect((await signIn({ email: 'bob@example.com' })).status).toBe(401)
  })

  it('from one address are let in so many times, whomever they try, and no more from its /64', async () => {
    for (let index = 0; index < limits.perAddress; index += 1) {
      await fail(1, { email: `nobody-${index}@example.com`, address: `2001:db8:0:1::${index}` })
    }
    expect((await signIn({ address: '2001:db8:0:1:ffff::1' })).status).toBe(429)
    expect((await signIn({ address: '2001:db8:0:2::1' })).status).toBe(200)
  })

  it('are not counted where no password was tried', async () => {
    for (let index = 0; index < 10; index += 1) await signIn({ headers: { origin: 'https://evil.test' } })
    expect((await signIn()).status).toBe(200)
  })

  it('are forgotten when the account signs in', async () => {
    await fail(2)
    expect((await signIn()).status).toBe(200)
    await fail(2)
    expect((await signIn()).status).toBe(200)
  })

  it('at another account are not forgotten for changing one’s own password', async () => {
    await accounts.create({ ...owner, email: 'bob@example.com', role: 'viewer' })
    const cookie = cookieOf(await signIn({ email: 'bob@example.com' }))
    await fail(limits.perAccount)
    const body = { currentPassword: owner.password, newPassword: 'a new password', email: owner.email }
    expect((await call('/change-password', { cookie, body })).status).toBe(200)
    expect((await signIn()).status).toBe(429)
  })

  it('that were not let in are not counted against the address', async () => {
    await fail(limits.perAccount + limits.perAddress)
    expect((await signIn({ email: 'bob@example.com' })).status).toBe(401)
  })

  it('to change a password count like any other', async () => {
    const cookie = cookieOf(await signIn())
    const body = { currentPassword: 'a wrong password', newPassword: 'a new password' }
    const statuses = []
    for (let index = 0; index <= limits.perAddress; index += 1) {
      statuses.push((await call('/change-password', { cookie, body })).status)
    }
    expect(statuses).toEqual([400, 400, 400, 400, 400, 400, 429])
  })
})

describe('a password', () => {
  it('is changed by whoever knows the old one', async () => {
    const cookie = cookieOf(await signIn())
    const body = { currentPassword: owner.password, newPassword: 'a new password', revokeOtherSessions: true }
    expect((await call('/change-password', { cookie, body })).status).toBe(200)
    expect((await signIn()).status).toBe(401)
    expect((await signIn({ password: 'a new password' })).status).toBe(200)
  })

  it('that the operator resets ends every session', async () => {
    const cookie = cookieOf(await signIn())
    await accounts.resetPassword(owner.email, 'a reset password')
    expect(await readSession(cookie)).toBeUndefined()
    expect((await signIn()).status).toBe(401)
    expect((await signIn({ password: 'a reset password' })).status).toBe(200)
  })
})

describe('what is not open', () => {
  it.each(['/sign-up/email', '/request-password-reset', '/delete-user', '/error', '/ok', '/__proto__', ''])(
    '%s is not there',
    async (path) => {
      const response = await call(path, { body: owner })
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({ error: { code: 'not_found' } })
    },
  )

  it('another method is refused by name', async () => {
    const response = await call('/sign-in/email', { method: 'GET' })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
  })

  it('a form is refused: it would not be counted', async () => {
    const body = new URLSearchParams(owner).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await call('/sign-in/email', { body, headers })).status).toBe(415)
  })

  it('a body beyond any use is refused before it is read as JSON', async () => {
    expect((await call('/sign-in/email', { body: 'x'.repeat(20_000) })).status).toBe(413)
  })

  it.each(['{"email":', '[]', 'null', '{"email":{"$ne":null},"password":"x"}'])('%s is a bad request', async (body) => {
    expect((await call('/sign-in/email', { body })).status).toBe(400)
  })
})

it('throws what fails inside to whoever asked, prints nothing, and counts no attempt', async () => {
  const printed = vi.spyOn(console, 'error')
  await database.kysely.schema.alterTable('sessions').renameTo('elsewhere').execute()
  for (let index = 0; index < 10; index += 1) await expect(signIn()).rejects.toThrow(/sessions/)
  expect(printed).not.toHaveBeenCalled()
  await database.kysely.schema.alterTable('elsewhere').renameTo('sessions').execute()
  expect((await signIn()).status).toBe(200)
})
