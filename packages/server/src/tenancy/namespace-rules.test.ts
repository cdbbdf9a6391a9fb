import { describe, expect, it } from 'vitest'
import { deploymentNamespaces } from './deployment-namespaces.ts'
import { compileNamespace, defaultNamespaceCaps, findBeyondCaps } from './namespace-rules.ts'
import { shippedOptions } from './testing/shipped-options.ts'

const options = shippedOptions()
const { rules } = deploymentNamespaces(options.namespaces, options.proxies)
const compiled = (namespace: string, settings = {}, caps = defaultNamespaceCaps) =>
  compileNamespace(rules.get(namespace)!, settings, caps)

describe('a namespace of a project', () => {
  it('is as the deployment has it, where the project changes nothing', () => {
    for (const namespace of ['public', 'chat', 'lobby', 'announce', 'user', 'proto']) {
      expect(compiled(namespace)).toMatchObject({ rules: rules.get(namespace), isLocked: false })
    }
  })

  it('is open to nobody without a token when it is locked', () => {
    expect(compiled('public', { locked: true })).toMatchObject({
      isLocked: true,
      rules: { allowSubscribeForClient: false, allowSubscribeForAnonymous: false },
    })
  })

  it('lets subscribers publish, or nobody', () => {
    expect(compiled('chat', { clientPublish: true }).rules.publish).toEqual({
      forClient: false,
      forSubscriber: true,
      forAnonymous: false,
    })
    expect(compiled('public', { clientPublish: true }).rules.publish.forAnonymous).toBe(true)
    expect(compiled('proto', { clientPublish: false }).rules.publish.forSubscriber).toBe(false)
  })

  it('keeps presence, with who comes and goes, or neither', () => {
    expect(compiled('public', { presence: true }).rules).toMatchObject({
      presence: true,
      joinLeave: true,
      forcePushJoinLeave: false,
      presencePermission: { forSubscriber: true },
    })
    expect(compiled('chat', { presence: false }).rules).toMatchObject({
      presence: false,
      joinLeave: false,
      forcePushJoinLeave: false,
    })
  })

  it('keeps as much history as the project says, up to the caps', () => {
    const caps = { historySize: 500, historyTtlSeconds: 3600 }
    expect(compiled('public', { historySize: 20 }, caps).rules.history).toMatchObject({ size: 20, ttlMs: 3_600_000 })
    expect(compiled('public', { historySize: 9999, historyTtlSeconds: 9 }, caps).rules.history).toMatchObject({
      size: 500,
      ttlMs: 9_000,
    })
    // What the deployment keeps by itself is more than the cap here, and stays.
    expect(compiled('chat', { historySize: 20 }, caps).rules.history).toMatchObject({ size: 20, ttlMs: 86_400_000 })
    expect(compiled('public', { historySize: 20 }, caps).rules).toMatchObject({
      allowRecovery: true,
      historyPermission: { forSubscriber: true, forAnonymous: true },
    })
  })

  it('refuses to be set beyond the caps, and names the cap', () => {
    const caps = { historySize: 500, historyTtlSeconds: 3600 }
    const refused = (namespace: string, changes: object) => findBeyondCaps(rules.get(namespace)!, changes, caps)
    expect(refused('public', { historySize: 501 })).toMatchObject({
      code: 'invalid_body',
      field: 'historySize',
      message: expect.stringContaining('which is 500.'),
    })
    expect(refused('public', { historyTtlSeconds: 3601 })).toMatchObject({ field: 'historyTtlSeconds' })
    expect(refused('public', { historySize: 500, historyTtlSeconds: 3600, presence: true })).toBeUndefined()
    expect(refused('public', { historySize: null })).toBeUndefined()
    // What the deployment keeps by itself is its own cap: 24 hours here.
    expect(refused('chat', { historyTtlSeconds: 86_400 })).toBeUndefined()
    expect(refused('chat', { historyTtlSeconds: 86_401 })).toMatchObject({ field: 'historyTtlSeconds' })
  })

  it('remembers a stream for at least as long as its history', () => {
    const history = compiled(
      'public',
      { historySize: 1, historyTtlSeconds: 40 * 86_400 },
      {
        historySize: 10,
        historyTtlSeconds: 100 * 86_400,
      },
    ).rules.history
    expect(history).toMatchObject({ ttlMs: 40 * 86_400_000, metaTtlMs: 40 * 86_400_000 })
  })

  it('keeps none where the project says so, and does not promise to recover from it', () => {
    for (const settings of [{ historySize: 0 }, { historyTtlSeconds: 0 }]) {
      expect(compiled('chat', settings).rules).toMatchObject({ history: undefined, forceRecovery: false })
    }
    expect(compiled('public', { historyTtlSeconds: 60 }).rules.history).toBeUndefined()
  })
})

describe('proxies of a configuration', () => {
  const chat = options.namespaces.get('chat')!
  const guarded = {
    ...chat,
    publishProxy: 'default',
    publish: { forClient: true, forSubscriber: true, forAnonymous: true },
  }
  const leadingTo = (endpoint: string) => {
    const proxies = new Map([['default', { endpoint }]])
    return deploymentNamespaces(new Map([['chat', guarded]]), { subscribe: proxies, publish: proxies }).rules.get(
      'chat',
    )!
  }

  it('are answered by the rules where they lead to ourselves, whatever the host', () => {
    expect(leadingTo('https://front.example/api/internal/centrifugo/subscribe')).toMatchObject({
      allowSubscribeForClient: true,
      subscribeProxy: undefined,
      publish: { forClient: true },
    })
  })

  it.each(['https://somebody.example/subscribe', 'https://somebody.example/?/api/internal/centrifugo/', ''])(
    'keep shut what somebody else guards (%s)',
    (endpoint) => {
      expect(leadingTo(endpoint)).toMatchObject({
        allowSubscribeForClient: false,
        publish: { forClient: false, forSubscriber: false, forAnonymous: false },
      })
    },
  )
})
