import { systemClock } from '@xshathra/engine/core'
import fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { openTemporaryDatabase } from '../database/testing/temporary-database.ts'
import { AccountStore } from './account-store.ts'
import { SetupLinks } from './setup-links.ts'
import { setupRoute } from './setup-route.ts'

const open = async () => {
  const database = await openTemporaryDatabase()
  const accounts = new AccountStore({ kysely: database.kysely, clock: systemClock })
  const links = new SetupLinks({ kysely: database.kysely, accounts, clock: systemClock })
  const app = fastify()
  await app.register(setupRoute(links))
  const post = async (payload: object) => {
    const { statusCode, body } = await app.inject({ method: 'POST', url: '/api/console/setup', payload })
    return { statusCode, body: JSON.parse(body) }
  }
  return { accounts, links, post }
}

describe('the setup link', () => {
  it('makes the first owner, once', async () => {
    const { accounts, links, post } = await open()
    const token = (await links.issue()).reveal()
    const owner = { token, email: 'Ada@Example.com', password: 'correct horse' }
    expect(await post(owner)).toEqual({ statusCode: 200, body: { ok: true, email: 'ada@example.com' } })
    expect(await accounts.hasOwner()).toBe(true)
    const again = await post({ ...owner, email: 'eve@example.com' })
    expect(again.statusCode).toBe(404)
    expect(again.body.error.code).toBe('not_found')
  })

  it('names the field of a body that is wrong, and leaves the link good', async () => {
    const { links, post } = await open()
    const token = (await links.issue()).reveal()
    const refused = await post({ token, email: 'ada@example.com', password: 'short' })
    expect(refused.statusCode).toBe(400)
    expect(refused.body.error).toMatchObject({ code: 'invalid_body', field: 'password' })
    expect((await post({ token, email: 'ada@example.com', password: 'long enough' })).statusCode).toBe(200)
  })

  it('takes no token that nobody issued', async () => {
    const { accounts, post } = await open()
    expect((await post({ token: 'x'.repeat(43), email: 'eve@example.com', password: 'long enough' })).statusCode).toBe(
      404,
    )
    expect(await accounts.hasOwner()).toBe(false)
  })
})
