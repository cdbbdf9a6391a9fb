import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Database } from '../database/database.ts'
import { openTemporaryDatabase } from '../database/testing/temporary-database.ts'
import { AuditLog } from './audit-log.ts'

let database: Database
let nowMs = 0
let log: AuditLog

beforeEach(async () => {
  nowMs = 1_700_000_000_000
  database = await openTemporaryDatabase()
  log = new AuditLog({ kysely: database.kysely, clock: { now: () => nowMs, after: () => () => {} } })
})
afterEach(() => database.close())

it('tells who did what to what, when and from where, and how it was before and after', async () => {
  const event = {
    actor: 'ada@example.com',
    action: 'project.rename',
    target: 'proj_1',
    before: { name: 'Chess' },
    after: { name: 'Go' },
    address: '192.0.2.1',
  }
  await log.record(event)
  expect(await log.list({ limit: 10 })).toEqual([{ id: expect.any(Number), atMs: nowMs, ...event }])
})

it('lists the newest first, page by page, of one target where asked', async () => {
  for (const action of ['first', 'second', 'third', 'fourth']) {
    await log.record({ actor: 'cli', action, target: action === 'second' ? 'proj_2' : 'proj_1' })
  }
  const actions = async (page: Parameters<AuditLog['list']>[0]) => (await log.list(page)).map(({ action }) => action)
  expect(await actions({ limit: 3 })).toEqual(['fourth', 'third', 'second'])
  const [, third] = await log.list({ limit: 2 })
  expect(await actions({ limit: 3, beforeId: third?.id })).toEqual(['second', 'first'])
  expect(await actions({ limit: 10, target: 'proj_2' })).toEqual(['second'])
})
