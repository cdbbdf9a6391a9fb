import { systemClock } from '@xshathra/engine/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../database/database.ts'
import { openTemporaryDatabase } from '../database/testing/temporary-database.ts'
import { type NewAccount, newAccount } from './account-input.ts'
import { AccountStore } from './account-store.ts'
import { prepareFirstOwner } from './first-owner.ts'
import { isRole, mayActAs, roles } from './roles.ts'
import { SetupLinks } from './setup-links.ts'

const password = 'correct horse battery'
const hourMs = 3600 * 1000

let database: Database
let nowMs = 0
let accounts: AccountStore
let links: SetupLinks

beforeEach(async () => {
  nowMs = 1_700_000_000_000
  const clock = { ...systemClock, now: () => nowMs }
  database = await openTemporaryDatabase()
  accounts = new AccountStore({ kysely: database.kysely, clock })
  links = new SetupLinks({ kysely: database.kysely, accounts, clock })
})
afterEach(() => database.close())

const create = async (email: string, role: NewAccount['role'] = 'owner') => {
  const created = await accounts.create({ email, password, role })
  if (!created.ok) throw new Error(created.problem.message)
  return created.value
}
const codeOf = (result: { ok: true } | { ok: false; problem: { code: string } }) =>
  result.ok ? undefined : result.problem.code

describe('an account', () => {
  it('is found again by id and by email, and is called what its address begins with', async () => {
    const account = await create('Ada@Example.com', 'admin')
    expect(account).toMatchObject({ email: 'ada@example.com', name: 'ada', role: 'admin', createdAtMs: nowMs })
    expect(await accounts.find(account.id)).toEqual(account)
    expect(await accounts.findByEmail(' ADA@example.com')).toEqual(account)
    expect(await accounts.list()).toEqual([account])
  })

  it('has its address to itself', async () => {
    await create('ada@example.com')
    const again = await accounts.create({ email: 'ADA@example.com', password, role: 'viewer' })
    expect(codeOf(again)).toBe('conflict')
    expect(await accounts.list()).toHaveLength(1)
  })

  it('has no password in the clear', async () => {
    await create('ada@example.com')
    const rows = await database.kysely.selectFrom('credentials').selectAll().execute()
    expect(JSON.stringify(rows)).not.toContain(password)
  })

  it('nobody has cannot get a password, a role or an end', async () => {
    await create('ada@example.com')
    expect(codeOf(await accounts.resetPassword('eve@example.com', password))).toBe('not_found')
    expect(codeOf(await accounts.changeRole('acct_nobody', 'owner'))).toBe('not_found')
    expect(codeOf(await accounts.remove('acct_nobody'))).toBe('not_found')
  })

  it('goes with all that belongs to it', async () => {
    await create('ada@example.com')
    const { id } = await create('bob@example.com')
    expect((await accounts.remove(id)).ok).toBe(true)
    const left = await database.kysely.selectFrom('credentials').select('account_id').execute()
    expect(left).toHaveLength(1)
    expect(await accounts.find(id)).toBeUndefined()
  })
})

describe('the last owner', () => {
  it('stays an owner and stays', async () => {
    const { id } = await create('ada@example.com')
    await create('bob@example.com', 'admin')
    expect(codeOf(await accounts.changeRole(id, 'viewer'))).toBe('conflict')
    expect(codeOf(await accounts.remove(id))).toBe('conflict')
    expect(await accounts.find(id)).toMatchObject({ role: 'owner' })
  })

  it('is who is left when two leave at the same time', async () => {
    const [ada, bob] = [await create('ada@example.com'), await create('bob@example.com')]
    const left = await Promise.all([accounts.remove(ada.id), accounts.changeRole(bob.id, 'viewer')])
    expect(left.map(({ ok }) => ok).sort()).toEqual([false, true])
    expect(await accounts.hasOwner()).toBe(true)
  })
})

describe('a setup link', () => {
  const ada = { email: 'ada@example.com', password }

  it('makes the first owner, once', async () => {
    const token = (await links.issue()).reveal()
    expect(await links.isGood(token)).toBe(true)
    const claimed = await links.claim(token, ada)
    expect(claimed.ok && claimed.value.role).toBe('owner')
    expect(await links.isGood(token)).toBe(false)
    expect(codeOf(await links.claim(token, { ...ada, email: 'eve@example.com' }))).toBe('not_found')
    expect(await accounts.list()).toHaveLength(1)
  })

  it('makes one owner, however many use it at the same time', async () => {
    const token = (await links.issue()).reveal()
    const other = (await links.issue()).reveal()
    const claims = [token, token, other].map((used, index) =>
      links.claim(used, { ...ada, email: `${index}@example.com` }),
    )
    expect((await Promise.all(claims)).filter(({ ok }) => ok)).toHaveLength(1)
    expect(await accounts.list()).toHaveLength(1)
  })

  it('works for 24 hours', async () => {
    const token = (await links.issue()).reveal()
    nowMs += 24 * hourMs - 1
    expect(await links.isGood(token)).toBe(true)
    nowMs += 1
    expect(await links.isGood(token)).toBe(false)
    expect(codeOf(await links.claim(token, ada))).toBe('not_found')
  })

  it('is worth nothing once there is an owner', async () => {
    const token = (await links.issue()).reveal()
    await create('bob@example.com')
    expect(codeOf(await links.claim(token, ada))).toBe('not_found')
  })

  it('is not used up by an address that is taken', async () => {
    const token = (await links.issue()).reveal()
    await create('ada@example.com', 'developer')
    expect(codeOf(await links.claim(token, ada))).toBe('conflict')
    expect((await links.claim(token, { ...ada, email: 'owner@example.com' })).ok).toBe(true)
  })

  it('is stored as a hash, and shows in no print of it', async () => {
    const token = await links.issue()
    const rows = await database.kysely.selectFrom('setup_links').selectAll().execute()
    expect(JSON.stringify(rows)).not.toContain(token.reveal())
    expect(`${token}`).toBe('[secret]')
  })
})

describe('the first owner', () => {
  const owner = { email: 'ada@example.com', password }

  it('comes out of the environment at the first start and is left alone at later ones', async () => {
    expect(await prepareFirstOwner({ accounts, links, owner })).toEqual({ kind: 'created', email: owner.email })
    const other = { email: 'eve@example.com', password }
    expect(await prepareFirstOwner({ accounts, links, owner: other })).toEqual({ kind: 'there' })
    expect(await accounts.list()).toHaveLength(1)
  })

  it('is otherwise awaited with a link that works', async () => {
    const awaited = await prepareFirstOwner({ accounts, links })
    if (awaited.kind !== 'awaited') throw new Error(awaited.kind)
    expect((await links.claim(awaited.token.reveal(), owner)).ok).toBe(true)
    expect(await prepareFirstOwner({ accounts, links })).toEqual({ kind: 'there' })
  })

  it('is awaited where the address belongs to somebody who is no owner', async () => {
    await create(owner.email, 'viewer')
    expect((await prepareFirstOwner({ accounts, links, owner })).kind).toBe('awaited')
  })
})

it('knows of each role what it may', () => {
  const able = (role: (typeof roles)[number]) => roles.filter((needed) => mayActAs(role, needed))
  expect(able('owner')).toEqual(['owner', 'admin', 'developer', 'viewer'])
  expect(able('developer')).toEqual(['developer', 'viewer'])
  expect(able('viewer')).toEqual(['viewer'])
  expect([isRole('admin'), isRole('root'), isRole('constructor')]).toEqual([true, false, false])
})

it.each([
  ['an address without a host', { email: 'ada', password }],
  ['a password of seven characters', { email: 'ada@example.com', password: '1234567' }],
  ['a password that takes long to hash', { email: 'ada@example.com', password: 'x'.repeat(257) }],
  ['a role nobody has', { email: 'ada@example.com', password, role: 'root' }],
])('takes no account with %s', (_, input) => {
  expect(newAccount.safeParse(input).success).toBe(false)
})
