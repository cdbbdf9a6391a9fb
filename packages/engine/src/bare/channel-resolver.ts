import { type ChannelSyntax, errors, readChannelName } from '@xshathra/protocol'
import type { ChannelRules } from '../channel-rules.ts'
import type { InternalChannel } from '../names.ts'
import type { Refusal, Resolution } from '../tenancy.ts'

/** The rules of a namespace; `''` asks for those of channels without one. Undefined: there is no such namespace. */
export type RulesLookup = (namespace: string) => ChannelRules | undefined

export type ChannelResolver = (name: string) => Resolution

/**
 * Finds channels of the one scope of the bare engine: every name is its own channel, under the rules of the namespace
 * that it starts with. `:name` has an empty namespace and so the rules of channels without one.
 */
export const createChannelResolver =
  (rulesOf: RulesLookup, syntax: ChannelSyntax): ChannelResolver =>
  (name) => {
    const anatomy = readChannelName(name, syntax)
    const rules = rulesOf(anatomy.namespace)
    if (rules === undefined) return unknownNamespace
    return {
      kind: 'resolved',
      channel: name as InternalChannel,
      rules,
      // Where channels are not limited to users, the user boundary is a character like any other.
      anatomy: rules.allowUserLimitedChannels ? anatomy : { ...anatomy, users: undefined },
    }
  }

const unknownNamespace = { kind: 'refused', error: errors.unknownChannel, rule: 'unknown namespace' } as const

/** Refuses a list of channels with error 102 where one of them has no namespace that we know. */
export const refuseUnknownChannels = (
  channels: Iterable<string>,
  resolve: ChannelResolver,
): Extract<Refusal, { kind: 'error' }> | undefined => {
  for (const channel of channels) {
    const resolution = resolve(channel)
    if (resolution.kind === 'refused') return { kind: 'error', error: resolution.error, rule: resolution.rule }
  }
  return undefined
}
