import { describe, expect, it } from 'vitest'
import type { ProjectId } from '../projects/project.ts'
import { createMint } from './mint.ts'
import { createProjectTenancy } from './project-tenancy.ts'
import { MemoryDirectory } from './testing/memory-directory.ts'
import { engineSecret, shippedOptions } from './testing/shipped-options.ts'
import { StillClock } from './testing/still-clock.ts'

const a: ProjectId = 'proj_01HF7YAT00AAAAAAAAAAAAAAAA'
const b: ProjectId = 'proj_01HF7YAT00BBBBBBBBBBBBBBBB'

const directory = new MemoryDirectory()
directory.put(a)
directory.put(b)
const clock = new StillClock()
const tenancy = createProjectTenancy(shippedOptions(), { directory, clock })
const mint = createMint({ tenancy, secret: engineSecret, clock })
const iat = clock.nowMs / 1000

const claimsOf = (token: { ok: boolean; value?: string }) =>
  Buffer.from(token.value?.split('.')[1] ?? '', 'base64url').toString()

describe('a minted connection token', () => {
  it('says the same to both engines', () => {
    const token = mint.connectionToken(a, {
      userId: 'u"1',
      ttlSeconds: 60,
      channels: ['chat:room', `public:${a}:lobby`, 'user:#u1'],
      info: Buffer.from('{"n":9007199254740993}'),
    })
    const claims = claimsOf(token)
    expect(claims).toContain('"info":{"n":9007199254740993}')
    expect(JSON.parse(claims)).toMatchObject({
      sub: `${a}:u"1`,
      exp: iat + 60,
      iat,
      channels: [`chat:${a}:room`, `public:${a}:lobby`, `user:#${a}:u1`],
      projectId: a,
      meta: { projectId: a },
    })
    expect(tenancy.admit({ token: token.ok ? token.value : '' } as never)).toMatchObject({ scope: a, user: 'u"1' })
  })

  it('names no channel of another project, since a signed token alone decides', () => {
    expect(
      mint.connectionToken(a, { userId: 'u1', ttlSeconds: 60, channels: ['chat:x', `chat:${b}:x`] }),
    ).toMatchObject({
      ok: false,
      problem: { index: 1, refusal: { problem: 'channel_of_another_project' } },
    })
  })

  it('says nothing of what was not asked for', () => {
    expect(JSON.parse(claimsOf(mint.connectionToken(a, { userId: 'u1', ttlSeconds: 60, channels: [] })))).toEqual({
      sub: `${a}:u1`,
      exp: iat + 60,
      iat,
      projectId: a,
      meta: { projectId: a },
    })
  })
})

it('a minted subscription token names its channel in full, or is not made', () => {
  const token = mint.subscriptionToken(a, { userId: 'u1', ttlSeconds: 60, channel: 'match:m1' })
  expect(JSON.parse(claimsOf(token))).toMatchObject({ sub: `${a}:u1`, channel: `match:${a}:m1` })
  expect(mint.subscriptionToken(a, { userId: 'u1', ttlSeconds: 60, channel: `match:${b}:m1` })).toMatchObject({
    ok: false,
    problem: { refusal: { problem: 'channel_of_another_project' } },
  })
})
