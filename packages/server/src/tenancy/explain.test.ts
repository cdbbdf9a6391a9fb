import { beforeEach, describe, expect, it } from 'vitest'
import type { ProjectId } from '../projects/project.ts'
import { type Explanation, explainAction, explainConnect } from './explain.ts'
import { createMint } from './mint.ts'
import { createProjectTenancy, type ProjectTenancy } from './project-tenancy.ts'
import { keyOf, MemoryDirectory } from './testing/memory-directory.ts'
import { engineSecret, shippedOptions } from './testing/shipped-options.ts'
import { StillClock } from './testing/still-clock.ts'

const a: ProjectId = 'proj_01HF7YAT00AAAAAAAAAAAAAAAA'
const b: ProjectId = 'proj_01HF7YAT00BBBBBBBBBBBBBBBB'

let directory: MemoryDirectory
let tenancy: ProjectTenancy
let token: string

beforeEach(() => {
  directory = new MemoryDirectory()
  directory.put(a)
  directory.put(b)
  const clock = new StillClock()
  tenancy = createProjectTenancy(shippedOptions(), { directory, clock })
  const minted = createMint({ tenancy, secret: engineSecret, clock }).connectionToken(a, {
    userId: 'u1',
    ttlSeconds: 60,
    channels: ['chat:room'],
  })
  token = minted.ok ? minted.value : ''
})

const connect = (question: { token: string; data?: unknown; origin?: string }) =>
  explainConnect(tenancy, {
    token: question.token,
    origin: question.origin,
    data: question.data === undefined ? undefined : Buffer.from(JSON.stringify(question.data)),
  }) as Explanation

const refusedRules = ({ rules }: Explanation) => rules.filter(({ outcome }) => outcome === 'refused')

describe('an explanation of a connect', () => {
  it('lists every rule that a good token passes, its channels too', () => {
    const { allowed, rules } = connect({ token })
    expect(allowed).toBe(true)
    expect(rules.map(({ outcome }) => outcome)).toEqual(Array(rules.length).fill('passed'))
    expect(rules.at(-1)).toMatchObject({ detail: `chat:${a}:room` })
  })

  it('names the rule that refuses, and those that were not reached', () => {
    directory.put(a, { allowedOrigins: ['https://app.example'] })
    const explanation = connect({ token, origin: 'https://evil.example' })
    expect(explanation.allowed).toBe(false)
    expect(refusedRules(explanation)).toMatchObject([{ rule: expect.stringContaining('origin') }])
    expect(explanation.rules.at(-1)).toMatchObject({ outcome: 'not reached' })
  })

  it('says what connections are told, whatever the case', () => {
    directory.put(b, { allowAnonymous: true })
    const cases = [
      { token },
      { token: '' },
      { token: 'forged' },
      { token, data: { client_api_key: keyOf('client', b) } },
      { token: '', data: { client_api_key: keyOf('client', a) } },
      { token: '', data: { client_api_key: keyOf('client', b) } },
      { token: '', data: { client_api_key: 'typo' } },
    ]
    for (const one of cases) {
      const data = one.data === undefined ? undefined : Buffer.from(JSON.stringify(one.data))
      const admission = tenancy.admit({
        ...{ client: '', transport: '', protocol: 'json', headers: {}, emulatedHeaders: {}, name: '', version: '' },
        ...{ channels: [], origin: undefined, remoteAddress: '', token: one.token, data },
      })
      const explanation = connect(one)
      expect(explanation.allowed).toBe((admission as { kind: string }).kind === 'admitted')
      if (!explanation.allowed) {
        expect(refusedRules(explanation)).toMatchObject([{ detail: (admission as { rule: string }).rule }])
      }
    }
  })

  it('never repeats a token or key', () => {
    const text = JSON.stringify(connect({ token: `${token}x`, data: { client_api_key: keyOf('client', a) } }))
    expect(text).not.toContain(token)
    expect(text).not.toContain(keyOf('client', a))
  })
})

describe('an explanation of a command', () => {
  const explain = (action: 'subscribe' | 'publish' | 'presence' | 'history', channel: string, more = {}) =>
    explainAction(tenancy, { projectId: a, user: 'u1', channel, action, isSubscribed: true, ...more })

  it.each([
    ['subscribe', 'public:lobby', {}, true],
    ['subscribe', 'chat:room', {}, true],
    ['subscribe', 'chat:room', { user: '' }, false],
    ['subscribe', 'match:m1', {}, false],
    ['subscribe', 'user:#u1', {}, true],
    ['subscribe', 'user:#u2', {}, false],
    ['subscribe', '$chat:room', {}, false],
    ['subscribe', `chat:${b}:room`, {}, false],
    ['subscribe', 'chat:é', {}, false],
    ['publish', 'chat:room', {}, false],
    ['publish', 'proto:room', {}, true],
    ['publish', 'proto:room', { isSubscribed: false }, false],
    ['presence', 'chat:room', {}, true],
    ['presence', 'public:lobby', {}, false],
    ['history', 'chat:room', {}, true],
    ['history', 'lobby:room', {}, false],
  ] as const)('%s %s %j is allowed: %s', (action, channel, more, allowed) => {
    const explanation = explain(action, channel, more)
    expect(explanation.allowed).toBe(allowed)
    expect(refusedRules(explanation).length > 0).toBe(!allowed)
  })

  it('names the lock and the cure', () => {
    directory.put(a, { namespaces: { chat: { locked: true } } })
    const [refused] = refusedRules(explain('subscribe', 'chat:room'))
    expect(refused?.detail).toMatch(/lock.*\/api\/realtime\/subscription-token/)
  })
})
