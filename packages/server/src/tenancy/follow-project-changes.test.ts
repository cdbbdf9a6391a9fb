import { signHs256 } from '@xshathra/engine'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { projectA, projectB, startTestPlatform, type TestPlatform } from '../data-plane/testing/test-platform.ts'
import { keyOf } from './testing/memory-directory.ts'
import { TestClient } from './testing/test-client.ts'

let platform: TestPlatform

beforeEach(async () => {
  platform = await startTestPlatform()
})

afterEach(() => platform.close())

const signed = (id = projectA) =>
  signHs256({ sub: 'u1', exp: platform.clock.nowMs / 1000 + 900, projectId: id }, keyOf('server', id))

const connected = async (token: string, data?: object, origin?: string) => {
  const client = new TestClient(platform.core, origin)
  await client.connect(token, data ? { data } : {})
  expect(client.closedWith).toBeUndefined()
  return client
}

it('a key that ends takes the connections along that it admitted', async () => {
  const [bySignature, byMint, elsewhere] = [
    await connected(signed()),
    await platform.connect('u1'),
    await connected(signed(projectB)),
  ]
  platform.directory.end(keyOf('server', projectA))
  expect(bySignature.closedWith?.code).toBe(3500)
  expect(byMint.closedWith).toBeUndefined()
  expect(elsewhere.closedWith).toBeUndefined()
})

it('a connection that moved on to another key by a refresh stays', async () => {
  const byClientKey = await platform.call('/token', { userId: 'u1' })
  const client = await connected(byClientKey.body.token, { client_api_key: keyOf('client', projectA) })
  expect((await client.request({ refresh: { token: signed() } })).refresh).toBeDefined()
  platform.directory.end(keyOf('client', projectA))
  expect(client.closedWith).toBeUndefined()
  platform.directory.end(keyOf('server', projectA))
  expect(client.closedWith?.code).toBe(3500)
})

it('a key that ends takes the subscriptions along that it opened on connections of others', async () => {
  const [subscribed, refreshed, other] = [
    await platform.connect('u1'),
    await platform.connect('u1'),
    await platform.connect('u1'),
  ]
  const claims = { sub: 'u1', exp: platform.clock.nowMs / 1000 + 900, projectId: projectA, channel: '$chat:x' }
  const signedToken = signHs256(claims, keyOf('server', projectA))
  const minted = await platform.call('/subscription-token', { userId: 'u1', channel: '$chat:x' })
  const subscribe = (client: TestClient, token: string) => client.request({ subscribe: { channel: '$chat:x', token } })
  expect((await subscribe(subscribed, signedToken)).subscribe).toBeDefined()
  for (const client of [refreshed, other]) expect((await subscribe(client, minted.body.token)).subscribe).toBeDefined()
  const again = await refreshed.request({ sub_refresh: { channel: '$chat:x', token: signedToken } })
  expect(again.sub_refresh).toBeDefined()
  platform.directory.end(keyOf('server', projectA))
  expect([subscribed, refreshed, other].map(({ closedWith }) => closedWith?.code)).toEqual([3011, 3011, undefined])
})

it('an archived or removed project has no connections', async () => {
  const [mine, theirs] = [await platform.connect('u1'), await platform.connect('u1', projectB)]
  platform.directory.put(projectA, { archivedAtMs: 1 })
  expect(mine.closedWith?.code).toBe(3507)
  expect(theirs.closedWith).toBeUndefined()
  platform.directory.remove(projectB)
  expect(theirs.closedWith?.code).toBe(3507)
})

it('anonymous connections go when they are not allowed any more', async () => {
  platform.directory.put(projectA, { allowAnonymous: true, allowedOrigins: ['https://app.example'] })
  const anonymous = await connected('', { client_api_key: keyOf('client', projectA) }, 'https://app.example')
  const named = await platform.connect('u1')
  platform.directory.put(projectA, { name: 'renamed' })
  expect(anonymous.closedWith).toBeUndefined()
  platform.directory.put(projectA, { allowAnonymous: false })
  expect(anonymous.closedWith?.code).toBe(3507)
  expect(named.closedWith).toBeUndefined()
})
