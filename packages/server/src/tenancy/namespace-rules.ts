import type { ChannelRules, Permission, Retention } from '@xshathra/engine'
import { type Problem, problem } from '../problems.ts'
import type { NamespaceSettings } from '../projects/project.ts'
import type { NamespaceChange } from '../projects/project-input.ts'

/** What a project may set for itself at most. A deployment's namespace that keeps more is its own cap. */
export interface NamespaceCaps {
  readonly historySize: number
  readonly historyTtlSeconds: number
}

export const defaultNamespaceCaps: NamespaceCaps = { historySize: 10_000, historyTtlSeconds: 30 * 86_400 }

/** The caps of one namespace. */
const capsFor = (deployment: Retention | undefined, caps: NamespaceCaps): NamespaceCaps => ({
  historySize: Math.max(caps.historySize, deployment?.size ?? 0),
  historyTtlSeconds: Math.max(caps.historyTtlSeconds, (deployment?.ttlMs ?? 0) / 1000),
})

/** The problem of settings that ask for more than the deployment's caps; undefined: they are within. */
export const findBeyondCaps = (
  { history }: ChannelRules,
  changes: NamespaceChange,
  caps: NamespaceCaps,
): Problem | undefined => {
  const most = capsFor(history, caps)
  for (const field of ['historySize', 'historyTtlSeconds'] as const) {
    const wanted = changes[field] ?? 0
    if (wanted <= most[field]) continue
    const message = `${field}: ${wanted} is more than this deployment allows a project here, which is ${most[field]}.`
    return problem('invalid_body', message, { field })
  }
  return undefined
}

/** A namespace as it holds for one project. */
export interface ProjectNamespace {
  readonly rules: ChannelRules
  /** Channels belong to one user each. */
  readonly isPersonal: boolean
  /** The project made a subscription token obligatory. */
  readonly isLocked: boolean
}

/** Stands where the engine looks for a subscribe proxy: what only a token opens is refused with a reason by the tenancy. */
const tokenOnly = 'subscription token'

const nobody: Permission = { forClient: false, forSubscriber: false, forAnonymous: false }

/** The deployment's rules of a namespace with what one project changed of them, within the caps. */
export const compileNamespace = (
  deployment: ChannelRules,
  settings: NamespaceSettings,
  caps: NamespaceCaps,
): ProjectNamespace => {
  const isPersonal = deployment.allowUserLimitedChannels
  const isLocked = settings.locked ?? false
  const rules = withHistory(withPresence(withPublish(deployment, settings), settings), settings, caps)
  return { rules: isLocked || !isOpen(rules) ? tokenOnlyRules(rules) : rules, isPersonal, isLocked }
}

const isOpen = (rules: ChannelRules): boolean => rules.allowSubscribeForClient || rules.allowUserLimitedChannels

const tokenOnlyRules = (rules: ChannelRules): ChannelRules => ({
  ...rules,
  allowSubscribeForClient: false,
  allowSubscribeForAnonymous: false,
  subscribeProxy: tokenOnly,
})

const withPublish = (rules: ChannelRules, { clientPublish }: NamespaceSettings): ChannelRules => {
  if (clientPublish === undefined) return rules
  return { ...rules, publish: clientPublish ? toSubscribers(rules, rules.publish) : nobody }
}

/** Without presence nobody is told who comes and goes either. */
const withPresence = (rules: ChannelRules, { presence }: NamespaceSettings): ChannelRules => {
  if (presence === undefined) return rules
  return presence
    ? {
        ...rules,
        presence: true,
        joinLeave: true,
        presencePermission: toSubscribers(rules, rules.presencePermission),
      }
    : { ...rules, presence: false, joinLeave: false, forcePushJoinLeave: false, presencePermission: nobody }
}

const withHistory = (rules: ChannelRules, settings: NamespaceSettings, caps: NamespaceCaps): ChannelRules => {
  if (settings.historySize === undefined && settings.historyTtlSeconds === undefined) return rules
  const history = retentionOf(rules.history, settings, caps)
  return history
    ? {
        ...rules,
        history,
        allowRecovery: true,
        allowPositioning: true,
        historyPermission: toSubscribers(rules, rules.historyPermission),
      }
    : {
        ...rules,
        history: undefined,
        forceRecovery: false,
        forcePositioning: false,
        allowRecovery: false,
        allowPositioning: false,
        historyPermission: nobody,
      }
}

/** Where a project keeps history that its deployment does not, and says no age: a day. */
const fallbackTtlSeconds = 86_400
/** As for streams of the deployment that say nothing else. Source: Centrifugo's `history_meta_ttl`. */
const fallbackMetaTtlMs = 30 * 86_400_000

/** Caps that were lowered after a project had set more hold all the same. */
const retentionOf = (
  deployment: Retention | undefined,
  { historySize, historyTtlSeconds }: NamespaceSettings,
  caps: NamespaceCaps,
): Retention | undefined => {
  const most = capsFor(deployment, caps)
  const size = Math.min(historySize ?? deployment?.size ?? 0, most.historySize)
  const ttlMs = Math.min(
    historyTtlSeconds === undefined ? (deployment?.ttlMs ?? fallbackTtlSeconds * 1000) : historyTtlSeconds * 1000,
    most.historyTtlSeconds * 1000,
  )
  if (size <= 0 || ttlMs <= 0) return undefined
  const metaTtlMs = Math.max(deployment?.metaTtlMs ?? fallbackMetaTtlMs, ttlMs)
  return { size, ttlMs, metaTtlMs, durability: deployment?.durability ?? 'process' }
}

/** Opens an action to subscribers; to anonymous ones where they may be subscribers at all. */
const toSubscribers = (rules: ChannelRules, permission: Permission): Permission => ({
  ...permission,
  forSubscriber: true,
  forAnonymous: permission.forAnonymous || rules.allowSubscribeForAnonymous,
})
