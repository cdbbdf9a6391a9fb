import { signHs256 } from '@xshathra/engine'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Database } from '../database/database.ts'
import { openTemporaryDatabase } from '../database/testing/temporary-database.ts'
import { createProjectStore } from '../projects/kysely-project-store.ts'
import { type LiveDirectory, openLiveDirectory } from '../projects/live-directory.ts'
import type { CreatedProject, ProjectStore } from '../projects/project-store.ts'
import { createAtRestKey } from '../secrets/encryption-at-rest.ts'
import { Secret } from '../secrets/secret.ts'
import { StillClock } from '../tenancy/testing/still-clock.ts'
import { TestClient } from '../tenancy/testing/test-client.ts'
import { startTestPlatformOn, type TestPlatform } from './testing/test-platform.ts'

const atRest = createAtRestKey(new Secret('a master secret of thirty-two characters'), 'serverKeys')
const onError = vi.fn()

let database: Database
let store: ProjectStore
let platform: TestPlatform<LiveDirectory>
let made: CreatedProject

beforeEach(async () => {
  onError.mockClear()
  const clock = new StillClock()
  database = await openTemporaryDatabase()
  store = createProjectStore({ kysely: database.kysely, atRest, clock })
  platform = await startTestPlatformOn(await openLiveDirectory({ store, clock, onError }), clock)
  made = await store.create({ name: 'Chess', environment: 'production', locked: ['chat'] })
})

afterEach(async () => {
  await platform.close()
  await platform.directory.close()
  await database.close()
  expect(onError).not.toHaveBeenCalled()
})

const call = (path: string, body: object, key = made.serverApiKey.reveal()) =>
  platform.call(path, body, made.project.id, { headers: { authorization: `apikey ${key}` } })

const connect = async (key = made.serverApiKey.reveal()) => {
  const client = new TestClient(platform.core)
  await client.connect(signHs256({ sub: 'u1', exp: platform.clock.nowMs / 1000 + 60 }, key))
  return client
}

it('a project just created publishes to a socket that its own key let in', async () => {
  const client = await connect()
  expect((await client.subscribe('lobby:l')).subscribe).toBeDefined()
  await client.pushes()
  expect(await call('/publish', { channel: `lobby:${made.project.id}:l`, data: 1 })).toMatchObject({ status: 200 })
  expect(await client.pushes()).toMatchObject([{ push: { channel: 'lobby:l', pub: { data: 1 } } }])
  expect(await call('/publish', { channel: 'lobby:l', data: 1 }, made.clientApiKey)).toMatchObject({ status: 401 })
})

it('a lock holds from its creation, and opens and closes at once', async () => {
  const client = await connect()
  expect((await client.subscribe('chat:x')).error).toMatchObject({ code: 103, message: expect.stringMatching(/lock/) })
  await store.changeNamespace(made.project.id, 'chat', { locked: false })
  expect((await client.subscribe('chat:x')).subscribe).toBeDefined()
  await store.changeNamespace(made.project.id, 'chat', { locked: true })
  expect((await client.subscribe('chat:y')).error).toMatchObject({ code: 103 })
})

it('a rotated key ends at once, or after its overlap, with the connections it let in', async () => {
  const [old, socket] = [made.serverApiKey.reveal(), await connect()]
  const rotated = await store.rotateKey(made.project.id, { kind: 'server', overlapSeconds: 60 })
  if (!rotated.ok) throw new Error(rotated.problem.message)
  expect(await call('/channels', {})).toMatchObject({ status: 200 })
  expect(socket.closedWith).toBeUndefined()
  const next = await store.rotateKey(made.project.id, { kind: 'server', overlapSeconds: 0 })
  if (!next.ok) throw new Error(next.problem.message)
  expect(socket.closedWith?.code).toBe(3500)
  for (const key of [old, rotated.value.text.reveal()])
    expect(await call('/channels', {}, key)).toMatchObject({ status: 401 })
  expect(await call('/channels', {}, next.value.text.reveal())).toMatchObject({ status: 200 })
  expect((await connect(old)).closedWith?.code).toBe(3500)
})

it('an archived project refuses everybody, and works again when it is brought back', async () => {
  const socket = await connect()
  await store.setArchived(made.project.id, true)
  expect(socket.closedWith?.code).toBe(3507)
  expect(await call('/channels', {})).toMatchObject({ status: 403, body: { error: { code: 'project_archived' } } })
  expect((await connect()).closedWith?.code).toBeGreaterThanOrEqual(3500)
  await store.setArchived(made.project.id, false)
  expect(await call('/channels', {})).toMatchObject({ status: 200 })
  expect((await connect()).closedWith).toBeUndefined()
})

it('a mistyped key is told from one that nobody has', async () => {
  const key = made.serverApiKey.reveal()
  const mistyped = await call('/channels', {}, `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`)
  expect(mistyped).toMatchObject({ status: 401, body: { error: { message: expect.stringMatching(/mistyped/) } } })
})
