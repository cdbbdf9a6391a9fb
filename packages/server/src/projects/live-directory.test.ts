import { systemClock } from '@xshathra/engine/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Database } from '../database/database.ts'
import { systemProjectId } from '../database/fixed-rows.ts'
import { openTemporaryDatabase } from '../database/testing/temporary-database.ts'
import { createAtRestKey } from '../secrets/encryption-at-rest.ts'
import { Secret } from '../secrets/secret.ts'
import { newKeyText } from './key-text.ts'
import { createProjectStore } from './kysely-project-store.ts'
import { type LiveDirectory, openLiveDirectory } from './live-directory.ts'
import type { ProjectId } from './project.ts'
import type { ProjectChange } from './project-directory.ts'
import type { ProjectStore } from './project-store.ts'

const atRest = createAtRestKey(new Secret('a master secret of thirty-two characters'), 'serverKeys')
const dayMs = 24 * 3600 * 1000

let database: Database
let store: ProjectStore
let directory: LiveDirectory
const changes: ProjectChange[] = []
const onError = vi.fn()

const open = async () => {
  directory = await openLiveDirectory({ store, clock: systemClock, onError })
  directory.onChange((change) => changes.push(change))
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  changes.length = 0
  onError.mockClear()
  database = await openTemporaryDatabase()
  store = createProjectStore({ kysely: database.kysely, atRest, clock: systemClock })
  await open()
})
afterEach(async () => {
  await directory.close()
  await database.close()
  expect(vi.getTimerCount()).toBe(0)
  expect(onError).not.toHaveBeenCalled()
  vi.useRealTimers()
})

const make = (name = 'Chess') => store.create({ name, environment: 'development', locked: [] })
const rotate = async (id: ProjectId, overlapSeconds = 0) => {
  const rotated = await store.rotateKey(id, { kind: 'server', overlapSeconds })
  if (!rotated.ok) throw new Error(rotated.problem.message)
  return rotated.value.text.reveal()
}
const secretsOf = (id: ProjectId) => directory.signingKeys(id).map(({ secret }) => Buffer.from(secret).toString())
const lastUsed = async (id: ProjectId) => {
  const keys = await store.keys(id)
  return keys.ok ? keys.value.find(({ kind }) => kind === 'server')?.lastUsedAtMs : undefined
}

describe('a project', () => {
  it('is there with its keys when creating it returns, and after a restart', async () => {
    const { project, serverApiKey, clientApiKey } = await make()
    const check = () => {
      expect(directory.project(project.id)).toEqual(project)
      expect(directory.projects()).toEqual([project])
      expect(directory.readServerKey(serverApiKey.reveal())).toMatchObject({ kind: 'known', project })
      expect(directory.readClientKey(clientApiKey)).toMatchObject({ kind: 'known', project })
      expect(secretsOf(project.id)).toEqual([serverApiKey.reveal()])
    }
    check()
    expect(changes).toEqual([{ kind: 'project', projectId: project.id, endedKeyIds: [] }])
    await directory.close()
    await open()
    check()
  })

  it('changes here before the change returns, and what its keys lead to changes too', async () => {
    const { project, serverApiKey } = await make()
    await store.change(project.id, { quotas: { connections: 3 } })
    expect(directory.project(project.id)?.quotas).toEqual({ connections: 3 })
    const reading = directory.readServerKey(serverApiKey.reveal())
    expect(reading.kind === 'known' && reading.project.quotas.connections).toBe(3)
  })

  it('that is archived signs nothing; its keys tell whose they are', async () => {
    const { project, serverApiKey } = await make()
    await store.setArchived(project.id, true)
    expect(directory.signingKeys(project.id)).toEqual([])
    const reading = directory.readServerKey(serverApiKey.reveal())
    expect(reading.kind === 'known' && reading.project.archivedAtMs).toBeTypeOf('number')
    await store.setArchived(project.id, false)
    expect(secretsOf(project.id)).toEqual([serverApiKey.reveal()])
  })

  it('that is removed is gone, and its keys are unknown', async () => {
    const { project, serverApiKey } = await make()
    await store.remove(project.id)
    expect(directory.project(project.id)).toBeUndefined()
    expect(directory.projects()).toEqual([])
    expect(directory.signingKeys(project.id)).toEqual([])
    expect(directory.readServerKey(serverApiKey.reveal())).toEqual({ kind: 'unknown' })
    expect(changes.at(-1)).toMatchObject({ kind: 'removed', projectId: project.id })
    expect(changes.at(-1)?.endedKeyIds).toHaveLength(2)
  })

  it('is the only one while no other is active; the system’s does not count', async () => {
    expect(directory.project(systemProjectId)?.isSystem).toBe(true)
    expect(directory.onlyProject()).toBeUndefined()
    const { project } = await make('First')
    expect(directory.onlyProject()).toEqual(project)
    const { project: second } = await make('Second')
    expect(directory.onlyProject()).toBeUndefined()
    await store.setArchived(second.id, true)
    expect(directory.onlyProject()).toEqual(project)
  })
})

describe('a key', () => {
  it.each([
    ['', 'malformed'],
    ['xsk_mistyped', 'malformed'],
    ['__proto__', 'malformed'],
    ['x'.repeat(100_000), 'malformed'],
    [newKeyText('server'), 'unknown'],
    [newKeyText('client'), 'wrongKind'],
  ])('reading %.20s gives %s', (text, kind) => {
    expect(directory.readServerKey(text)).toEqual({ kind })
  })

  it('with one character mistyped is told from one that was revoked', async () => {
    const { project, serverApiKey } = await make()
    const key = serverApiKey.reveal()
    const mistyped = key.slice(0, -1) + (key.endsWith('a') ? 'b' : 'a')
    expect(directory.readServerKey(mistyped)).toEqual({ kind: 'malformed' })
    await rotate(project.id)
    expect(directory.readServerKey(key)).toEqual({ kind: 'revoked' })
  })

  it('of the other kind says so, known or not', async () => {
    const { serverApiKey, clientApiKey } = await make()
    expect(directory.readServerKey(clientApiKey)).toEqual({ kind: 'wrongKind' })
    expect(directory.readClientKey(serverApiKey.reveal())).toEqual({ kind: 'wrongKind' })
  })

  it('that is revoked ends at once, by name', async () => {
    const { project, serverApiKey } = await make()
    const reading = directory.readServerKey(serverApiKey.reveal())
    const keyId = reading.kind === 'known' ? reading.keyId : ''
    await store.revokeKey(project.id, keyId)
    expect(directory.readServerKey(serverApiKey.reveal())).toEqual({ kind: 'revoked' })
    expect(directory.signingKeys(project.id)).toEqual([])
    expect(changes.at(-1)).toEqual({ kind: 'key', projectId: project.id, endedKeyIds: [keyId] })
  })
})

describe('an overlap', () => {
  it('keeps both keys, the newer first, and ends to the millisecond', async () => {
    const { project, serverApiKey } = await make()
    const old = serverApiKey.reveal()
    const current = await rotate(project.id, 60)
    vi.setSystemTime(Date.now() + 59_999)
    expect(directory.readServerKey(old).kind).toBe('known')
    expect(secretsOf(project.id)).toEqual([current, old])
    // The time has come, no timer has fired yet.
    vi.setSystemTime(Date.now() + 1)
    expect(directory.readServerKey(old)).toEqual({ kind: 'expired' })
    expect(secretsOf(project.id)).toEqual([current])
    expect(changes.at(-1)?.endedKeyIds).toEqual([])
  })

  it('is announced when it ends, once, and the old key’s text is forgotten', async () => {
    const { project } = await make()
    const oldId = directory.signingKeys(project.id)[0]?.keyId
    const current = await rotate(project.id, 60)
    changes.length = 0
    await vi.advanceTimersByTimeAsync(59_999)
    expect(changes).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(changes).toEqual([{ kind: 'key', projectId: project.id, endedKeyIds: [oldId] }])
    expect(secretsOf(project.id)).toEqual([current])
    await vi.advanceTimersByTimeAsync(dayMs)
    await store.change(project.id, { name: 'Go' })
    expect(changes.flatMap(({ endedKeyIds }) => endedKeyIds)).toEqual([oldId])
    const snapshot = (await store.load()).find((loaded) => loaded.project.id === project.id)
    expect(snapshot?.keys.filter(({ signingText }) => signingText !== undefined)).toHaveLength(1)
  })

  it('is still announced when something else changes just before', async () => {
    const { project } = await make()
    const oldId = directory.signingKeys(project.id)[0]?.keyId
    await rotate(project.id, 60)
    vi.setSystemTime(Date.now() + 60_000)
    await store.change(project.id, { name: 'Go' })
    changes.length = 0
    await vi.advanceTimersByTimeAsync(1)
    expect(changes).toEqual([{ kind: 'key', projectId: project.id, endedKeyIds: [oldId] }])
  })

  it('is over even while the old key’s text could not be forgotten', async () => {
    const { project } = await make()
    const current = await rotate(project.id, 60)
    const forgetting = vi.spyOn(store, 'forgetExpired').mockResolvedValue()
    await vi.advanceTimersByTimeAsync(60_000)
    await store.change(project.id, { name: 'Go' })
    expect(forgetting).toHaveBeenCalledOnce()
    expect(secretsOf(project.id)).toEqual([current])
  })

  it('may be longer than a timer can wait', async () => {
    const { project, serverApiKey } = await make()
    await rotate(project.id, 30 * 24 * 3600)
    changes.length = 0
    await vi.advanceTimersByTimeAsync(30 * dayMs - 1)
    expect(changes).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(changes).toHaveLength(1)
    expect(directory.readServerKey(serverApiKey.reveal())).toEqual({ kind: 'expired' })
  })

  it('that ended while the program was down is over when it starts', async () => {
    const { project, serverApiKey } = await make()
    const current = await rotate(project.id, 60)
    await directory.close()
    vi.setSystemTime(Date.now() + 60_000)
    await open()
    expect(directory.readServerKey(serverApiKey.reveal())).toEqual({ kind: 'expired' })
    expect(secretsOf(project.id)).toEqual([current])
  })
})

describe('uses of keys', () => {
  const use = (text: string) => {
    const reading = directory.readServerKey(text)
    if (reading.kind === 'known') directory.noteUse(reading.keyId)
  }

  it('are written down once a minute, the latest of each', async () => {
    const { project, serverApiKey } = await make()
    use(serverApiKey.reveal())
    await vi.advanceTimersByTimeAsync(30_000)
    use(serverApiKey.reveal())
    const usedAtMs = Date.now()
    expect(await lastUsed(project.id)).toBeUndefined()
    await vi.advanceTimersByTimeAsync(30_000)
    expect(await lastUsed(project.id)).toBe(usedAtMs)
  })

  it('are written down in small batches', async () => {
    const noteUses = vi.spyOn(store, 'noteUses')
    for (let count = 0; count < 450; count += 1) directory.noteUse(`key_${count}`)
    await vi.advanceTimersByTimeAsync(61_000)
    expect(noteUses.mock.calls.map(([uses]) => uses.size)).toEqual([200, 200, 50])
  })

  it('are written down when the program stops', async () => {
    const { project, serverApiKey } = await make()
    use(serverApiKey.reveal())
    await directory.close()
    expect(await lastUsed(project.id)).toBe(Date.now())
  })
})

it('goes on telling others when a listener throws', async () => {
  directory.onChange(() => {
    throw new Error('a listener failed')
  })
  const heard = vi.fn()
  directory.onChange(heard)
  await make()
  expect(heard).toHaveBeenCalledOnce()
  expect(onError).toHaveBeenCalledOnce()
  onError.mockClear()
})

it('tells nothing to a listener that stopped', async () => {
  const heard = vi.fn()
  directory.onChange(heard)()
  await make()
  expect(heard).not.toHaveBeenCalled()
})
