import type { Clock } from '@xshathra/engine/core'
import type { Kysely } from 'kysely'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemProjectId } from '../database/fixed-rows.ts'
import type { Tables } from '../database/tables.ts'
import { createAtRestKey } from '../secrets/encryption-at-rest.ts'
import { Secret } from '../secrets/secret.ts'
import { readKeyKind } from './key-text.ts'
import { createProjectStore } from './kysely-project-store.ts'
import type { Project, ProjectId } from './project.ts'
import { hashKey } from './project-keys.ts'
import type { ProjectStore, StoredChange } from './project-store.ts'

/** A migrated database without projects, for one test. */
export interface StoreGround {
  readonly kysely: Kysely<Tables>
  close(): Promise<void>
}

const master = new Secret('a master secret of thirty-two characters')
const startMs = 1_700_000_000_000

/** What every database has to do for a project store. */
export const describeProjectStore = (name: string, create: () => Promise<StoreGround>): void => {
  describe(`project store in ${name}`, () => {
    let ground: StoreGround
    let store: ProjectStore
    let nowMs = startMs
    const clock: Clock = { now: () => nowMs, after: () => () => {} }
    const changes: StoredChange[] = []

    const openStore = () =>
      createProjectStore({ kysely: ground.kysely, atRest: createAtRestKey(master, 'serverKeys'), clock })

    beforeEach(async () => {
      nowMs = startMs
      changes.length = 0
      ground = await create()
      store = openStore()
      store.onChange((change) => changes.push(change))
    })
    afterEach(() => ground.close())

    const make = (named = 'Chess', environment: Project['environment'] = 'development') =>
      store.create({ name: named, environment, locked: [] })

    const take = async <Value>(result: Promise<{ ok: true; value: Value } | { ok: false; problem: unknown }>) => {
      const settled = await result
      if (!settled.ok) throw new Error(JSON.stringify(settled.problem))
      return settled.value
    }
    const problemOf = async (
      result: Promise<{ ok: true; value: unknown } | { ok: false; problem: { code: string } }>,
    ) => {
      const settled = await result
      return settled.ok ? undefined : settled.problem.code
    }
    const serverKeys = async (id: ProjectId) => (await take(store.keys(id))).filter(({ kind }) => kind === 'server')
    const signingTexts = async (id: ProjectId) => {
      const snapshot = (await store.load()).find(({ project }) => project.id === id)
      return snapshot?.keys.flatMap(({ signingText }) => (signingText === undefined ? [] : [signingText.reveal()]))
    }

    it('has the system’s project to load and shows it to nobody', async () => {
      expect((await store.load()).map(({ project }) => [project.id, project.isSystem])).toEqual([
        [systemProjectId, true],
      ])
      expect(await store.list()).toEqual([])
      expect(await problemOf(store.show(systemProjectId))).toBe('not_found')
      expect(await problemOf(store.keys(systemProjectId))).toBe('not_found')
      expect(await problemOf(store.remove(systemProjectId))).toBe('not_found')
      expect(await problemOf(store.rotateKey(systemProjectId, { kind: 'server', overlapSeconds: 0 }))).toBe('not_found')
      expect(changes).toEqual([])
    })

    it('creates a project with a key pair, and finds all of it again', async () => {
      const { project, serverApiKey, clientApiKey } = await store.create({
        name: 'Chess',
        environment: 'production',
        locked: ['match'],
      })
      expect(project).toMatchObject({ name: 'Chess', environment: 'production', createdAtMs: startMs })
      expect(project).toMatchObject({ allowAnonymous: false, allowedOrigins: [], quotas: {}, isSystem: false })
      expect(project.namespaces).toEqual({ match: { locked: true } })
      expect([serverApiKey.reveal(), clientApiKey].map(readKeyKind)).toEqual(['server', 'client'])

      store = openStore()
      expect(await take(store.show(project.id))).toEqual(project)
      expect(await store.list()).toEqual([project])
      expect(await signingTexts(project.id)).toEqual([serverApiKey.reveal()])
      const snapshot = (await store.load()).find((loaded) => loaded.project.id === project.id)
      expect(new Set(snapshot?.keys.map(({ hash }) => hash))).toEqual(
        new Set([hashKey(serverApiKey.reveal()), hashKey(clientApiKey)]),
      )
    })

    it('tells what it did after it is committed and before it answers', async () => {
      const heard = vi.fn()
      store.onChange(heard)
      const { project } = await make()
      expect(heard).toHaveBeenCalledOnce()
      expect(changes[0]).toMatchObject({ kind: 'project', projectId: project.id, endedKeyIds: [] })
      expect(changes[0]?.snapshot?.keys).toHaveLength(2)
    })

    it('keeps no server key in the clear', async () => {
      const { serverApiKey } = await make()
      const rows = await ground.kysely.selectFrom('project_keys').selectAll().execute()
      const secretPart = serverApiKey.reveal().slice(12)
      expect(JSON.stringify(rows)).not.toContain(secretPart)
    })

    it('shows a client key whole and of a server key only the prefix', async () => {
      const { project, serverApiKey, clientApiKey } = await make()
      const keys = await take(store.keys(project.id))
      expect(keys.find(({ kind }) => kind === 'client')?.text).toBe(clientApiKey)
      const server = keys.find(({ kind }) => kind === 'server')
      expect(server?.text).toBeUndefined()
      expect(serverApiKey.reveal().startsWith(server?.prefix ?? 'none')).toBe(true)
    })

    it('lists projects oldest first', async () => {
      const { project: first } = await make('First')
      nowMs += 1
      const { project: second } = await make('Second')
      expect((await store.list()).map(({ id }) => id)).toEqual([first.id, second.id])
    })

    describe('settings', () => {
      it('change where they are named and stay where they are not', async () => {
        const { project } = await make()
        await take(store.change(project.id, { quotas: { connections: 10, historyBytes: 2 ** 40 } }))
        const changed = await take(store.change(project.id, { name: 'Go', environment: 'staging' }))
        expect(changed).toEqual({
          ...project,
          name: 'Go',
          environment: 'staging',
          quotas: { connections: 10, historyBytes: 2 ** 40 },
        })
        expect(await take(store.show(project.id))).toEqual(changed)
      })

      it('go back to the default with null', async () => {
        const { project } = await make()
        await take(store.change(project.id, { quotas: { connections: 10, messageBytes: 1024 } }))
        const changed = await take(store.change(project.id, { quotas: { connections: null } }))
        expect(changed.quotas).toEqual({ messageBytes: 1024 })
      })

      it('allow anonymous connections only with a list of origins', async () => {
        const { project } = await make()
        expect(await problemOf(store.change(project.id, { allowAnonymous: true }))).toBe('invalid_body')
        const origins = ['https://example.com']
        const changed = await take(store.change(project.id, { allowAnonymous: true, allowedOrigins: origins }))
        expect(changed).toMatchObject({ allowAnonymous: true, allowedOrigins: origins })
        expect(await problemOf(store.change(project.id, { allowedOrigins: [] }))).toBe('invalid_body')
        expect(await take(store.show(project.id))).toEqual(changed)
      })

      it('of a namespace are merged, and forgotten when nothing is left of them', async () => {
        const { project } = await make()
        await take(store.changeNamespace(project.id, 'chat', { locked: true }))
        const merged = await take(store.changeNamespace(project.id, 'chat', { historySize: 5 }))
        expect(merged.namespaces).toEqual({ chat: { locked: true, historySize: 5 } })
        const left = await take(store.changeNamespace(project.id, 'chat', { locked: null, historySize: null }))
        expect(left.namespaces).toEqual({})
      })

      it('of a namespace named like a part of JavaScript are like any other', async () => {
        const { project } = await make()
        expect(project.namespaces.constructor).toBeUndefined()
        const changed = await take(store.changeNamespace(project.id, '__proto__', { locked: true }))
        expect(Object.entries(changed.namespaces)).toEqual([['__proto__', { locked: true }]])
        expect(Object.entries((await take(store.show(project.id))).namespaces)).toHaveLength(1)
        expect(({} as { locked?: boolean }).locked).toBeUndefined()
      })

      it('that change at the same time are all kept', async () => {
        const { project } = await make()
        const names = Array.from({ length: 12 }, (_, index) => `namespace-${index}`)
        await Promise.all(names.map((named) => store.changeNamespace(project.id, named, { locked: true })))
        expect(Object.keys((await take(store.show(project.id))).namespaces).sort()).toEqual(names.sort())
      })

      it('of an unknown project are a problem and no change', async () => {
        const nobody: ProjectId = 'proj_01HF7YAT000000000000000000'
        expect(await problemOf(store.change(nobody, { name: 'x' }))).toBe('not_found')
        expect(await problemOf(store.changeNamespace(nobody, 'chat', { locked: true }))).toBe('not_found')
        expect(await problemOf(store.setArchived(nobody, true))).toBe('not_found')
        expect(changes).toEqual([])
      })
    })

    it('archives a project, once, and brings it back', async () => {
      const { project } = await make()
      expect((await take(store.setArchived(project.id, true))).archivedAtMs).toBe(startMs)
      nowMs += 1000
      expect((await take(store.setArchived(project.id, true))).archivedAtMs).toBe(startMs)
      expect((await take(store.setArchived(project.id, false))).archivedAtMs).toBeUndefined()
      expect(await serverKeys(project.id)).toHaveLength(1)
    })

    it('removes a project with its keys, and names the keys that ended', async () => {
      const { project } = await make()
      const ids = (await take(store.keys(project.id))).map(({ id }) => id)
      expect(await take(store.remove(project.id))).toEqual(project)
      expect(await store.list()).toEqual([])
      expect(await ground.kysely.selectFrom('project_keys').select('id').execute()).toEqual([])
      const last = changes.at(-1)
      expect(last).toMatchObject({ kind: 'removed', projectId: project.id, snapshot: undefined })
      expect(new Set(last?.endedKeyIds)).toEqual(new Set(ids))
    })

    describe('a rotation', () => {
      it('without overlap ends the old key at once', async () => {
        const { project } = await make()
        const [old] = await serverKeys(project.id)
        const { text, previousValidUntilMs } = await take(
          store.rotateKey(project.id, { kind: 'server', overlapSeconds: 0 }),
        )
        expect(previousValidUntilMs).toBeUndefined()
        expect(await signingTexts(project.id)).toEqual([text.reveal()])
        expect(changes.at(-1)).toMatchObject({ kind: 'key', endedKeyIds: [old?.id] })
        expect((await serverKeys(project.id)).find(({ id }) => id === old?.id)?.revokedAtMs).toBe(startMs)
      })

      it('with an overlap keeps the old key until its end, and one still older ends', async () => {
        const { project, serverApiKey } = await make()
        const [oldest] = await serverKeys(project.id)
        nowMs += 1
        const second = await take(store.rotateKey(project.id, { kind: 'server', overlapSeconds: 60 }))
        expect(second.previousValidUntilMs).toBe(nowMs + 60_000)
        expect(await signingTexts(project.id)).toEqual([second.text.reveal(), serverApiKey.reveal()])
        expect(changes.at(-1)?.endedKeyIds).toEqual([])

        nowMs += 1
        const third = await take(store.rotateKey(project.id, { kind: 'server', overlapSeconds: 60 }))
        expect(await signingTexts(project.id)).toEqual([third.text.reveal(), second.text.reveal()])
        expect(changes.at(-1)?.endedKeyIds).toEqual([oldest?.id])
      })

      it('of one kind leaves the other alone', async () => {
        const { project, serverApiKey } = await make()
        await take(store.rotateKey(project.id, { kind: 'client', overlapSeconds: 0 }))
        expect(await signingTexts(project.id)).toEqual([serverApiKey.reveal()])
        const clients = (await take(store.keys(project.id))).filter(({ kind }) => kind === 'client')
        expect(clients.filter(({ revokedAtMs }) => revokedAtMs === undefined)).toHaveLength(1)
      })

      it('brings a project back that had all its keys revoked', async () => {
        const { project } = await make()
        const [old] = await serverKeys(project.id)
        await take(store.revokeKey(project.id, old?.id ?? ''))
        expect(await signingTexts(project.id)).toEqual([])
        const { text } = await take(store.rotateKey(project.id, { kind: 'server', overlapSeconds: 60 }))
        expect(await signingTexts(project.id)).toEqual([text.reveal()])
      })

      it('forgets the oldest of very many ended keys', async () => {
        const { project } = await make()
        for (let count = 0; count < 60; count += 1) {
          nowMs += 1
          await take(store.rotateKey(project.id, { kind: 'server', overlapSeconds: 0 }))
        }
        const ended = (await serverKeys(project.id)).filter(({ revokedAtMs }) => revokedAtMs !== undefined)
        expect(ended.length).toBeLessThanOrEqual(51)
        expect(ended.length).toBeGreaterThanOrEqual(50)
      })
    })

    it('revokes a key once, of this project only', async () => {
      const { project } = await make()
      const { project: other } = await make()
      const [key] = await serverKeys(project.id)
      const keyId = key?.id ?? ''
      expect(await problemOf(store.revokeKey(other.id, keyId))).toBe('not_found')
      expect((await take(store.revokeKey(project.id, keyId))).revokedAtMs).toBe(startMs)
      expect(changes.at(-1)?.endedKeyIds).toEqual([keyId])
      nowMs += 1000
      expect((await take(store.revokeKey(project.id, keyId))).revokedAtMs).toBe(startMs)
      expect(changes.at(-1)?.endedKeyIds).toEqual([])
      expect(await signingTexts(project.id)).toEqual([])
    })

    it('forgets the texts of keys when their overlap is over', async () => {
      const { project, serverApiKey } = await make()
      const { text } = await take(store.rotateKey(project.id, { kind: 'server', overlapSeconds: 60 }))
      nowMs += 59_999
      await store.forgetExpired()
      expect(await signingTexts(project.id)).toContain(serverApiKey.reveal())
      nowMs += 1
      await store.forgetExpired()
      expect(await signingTexts(project.id)).toEqual([text.reveal()])
    })

    it('notes when keys were used', async () => {
      const { project } = await make()
      const [key] = await serverKeys(project.id)
      await store.noteUses(
        new Map([
          [key?.id ?? '', startMs + 5],
          ['key_of_nobody', 1],
        ]),
      )
      expect((await serverKeys(project.id))[0]?.lastUsedAtMs).toBe(startMs + 5)
    })

    it('raises the revision with every change', async () => {
      const { project } = await make()
      await take(store.change(project.id, { name: 'Go' }))
      await take(store.rotateKey(project.id, { kind: 'client', overlapSeconds: 0 }))
      const revisions = changes.map(({ snapshot }) => snapshot?.revision ?? 0)
      expect(revisions).toEqual([...revisions].sort((one, other) => one - other))
      expect(new Set(revisions).size).toBe(3)
    })
  })
}
