import { isDeepStrictEqual } from 'node:util'
import { ok, type Result } from '@xshathra/protocol'
import type { ConfigProblem } from './findings.ts'
import { type ConfigSources, loadConfig } from './load-config.ts'
import { buildConfig, type LoadedConfig, type Settings } from './loaded-config.ts'

/** What a running engine does with a configuration that was read anew. */
export interface ReloadPlan {
  /** To be put in force: the new one, but for options that need a restart, which stay as they are. */
  readonly config: LoadedConfig
  /** Paths of options that change now. */
  readonly changed: readonly string[]
  /** Paths of options that somebody changed and that only a restart puts in force. */
  readonly needsRestart: readonly string[]
}

/** Options, or all under a path, that a running engine takes over. */
const reloadable: readonly string[] = [
  'channel.namespaces',
  'channel.without_namespace',
  'channel.proxy',
  'channel.history_meta_ttl',
  'channel.publication_data_format',
  'channel.max_length',
  'client',
  'proxies',
  'rpc.ping',
]

/** What stands under a reloadable path and is still fixed for the life of a connection, a transport or the engine. */
const fixed: readonly string[] = ['client.ping_interval', 'client.pong_timeout', 'client.channel_position_check_delay']

/** Reads the sources anew. Where they cannot be used, every problem is told and nothing is to be changed. */
export const reloadConfig = (
  current: LoadedConfig,
  sources: ConfigSources,
): Result<ReloadPlan, readonly ConfigProblem[]> => {
  const next = loadConfig(sources)
  return next.ok ? ok(planReload(current, next.value)) : next
}

/** Compares the configuration in force with one that was read anew. Pure: the caller applies what it answers. */
export const planReload = (current: LoadedConfig, next: LoadedConfig): ReloadPlan => {
  const changes = differences(current.settings, next.settings, '')
  const [changed, needsRestart] = [changes.filter(mayReload), changes.filter((path) => !mayReload(path))]
  const settings = needsRestart.length === 0 ? next.settings : merge(current.settings, next.settings, '')
  return { config: buildConfig(settings as Settings, next.warnings), changed, needsRestart }
}

const isUnder = (path: string, parents: readonly string[]): boolean =>
  parents.some((parent) => path === parent || path.startsWith(`${parent}.`) || path.startsWith(`${parent}[`))

const mayReload = (path: string): boolean => isUnder(path, reloadable) && !isUnder(path, fixed)

type Tree = Readonly<Record<string, unknown>>

const isTree = (value: unknown): value is Tree => value instanceof Object && !Array.isArray(value)

/** Paths of all that differs, down to single options; lists by their entries. */
const differences = (one: unknown, other: unknown, path: string): readonly string[] => {
  if (isDeepStrictEqual(one, other)) return []
  if (Array.isArray(one) && Array.isArray(other) && [...one, ...other].some(isTree))
    return entryDifferences(one, other, path)
  if (!isTree(one) || !isTree(other)) return [path]
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...names].flatMap((name) => differences(one[name], other[name], path === '' ? name : `${path}.${name}`))
}

const entryDifferences = (one: readonly unknown[], other: readonly unknown[], path: string): readonly string[] => {
  const [before, after] = [byName(one), byName(other)]
  const names = [...new Set([...before.keys(), ...after.keys()])]
  const changed = names.filter((name) => !isDeepStrictEqual(before.get(name), after.get(name)))
  return changed.length > 0 ? changed.map((name) => `${path}[${name}]`) : [path]
}

const byName = (entries: readonly unknown[]): ReadonlyMap<string, unknown> =>
  new Map(entries.map((entry, index) => [String((entry as Tree).name ?? index), entry]))

/** The new value where a running engine may take it, the old one elsewhere. */
const merge = (current: unknown, next: unknown, path: string): unknown => {
  if (mayReload(path) && !isTree(next)) return next
  if (!isTree(current) || !isTree(next)) return current
  const names = mayReload(path) ? Object.keys(next) : Object.keys(current)
  return Object.fromEntries(
    names.map((name) => [name, merge(current[name], next[name], path === '' ? name : `${path}.${name}`)]),
  )
}
