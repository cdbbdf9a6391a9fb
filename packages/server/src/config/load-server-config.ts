import { type ConfigProblem, type ConfigWarning, nearestName } from '@xshathra/engine'
import { failed, ok, type Result } from '@xshathra/protocol'
import { findContradictions } from './check-server-config.ts'
import { buildServerConfig, type ServerConfig } from './server-config.ts'
import { serverVariables, type VariableName, variablesOfOthers } from './server-variables.ts'
import { variableNotes } from './variable.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** A value given on the command line in place of a variable. */
export interface FlagValue {
  /** As people write it: `--port`. */
  readonly flag: string
  readonly text: string
}

export interface ServerConfigSources {
  readonly env: Environment
  readonly flags?: Readonly<Partial<Record<VariableName, FlagValue>>> | undefined
  /** Standard values that depend on where the program is installed. */
  readonly standards?: Readonly<Partial<Record<VariableName, string>>> | undefined
}

/** A variable as it counts: what its text is, and who set it. */
export interface EffectiveValue {
  readonly name: VariableName
  /** `[secret]` where it is one; absent: nobody set it. */
  readonly text: string | undefined
  /** The variable, the flag, or `default`. */
  readonly origin: string
}

export interface LoadedServerConfig {
  readonly config: ServerConfig
  readonly values: readonly EffectiveValue[]
  readonly warnings: readonly ConfigWarning[]
}

/**
 * Reads the server's configuration: flags over environment over standard values. Either all of it can be used, or every
 * problem is told at once and nothing is. An empty variable counts as not set.
 */
export const loadServerConfig = (
  sources: ServerConfigSources,
): Result<LoadedServerConfig, readonly ConfigProblem[]> => {
  const given = variableNames.map((name) => findValue(name, sources))
  const texts = Object.fromEntries(given.map(({ name, text }) => [name, text]))
  const originOf = (name: string) => given.find((value) => value.name === name)?.origin ?? 'default'
  const reading = serverVariables.safeParse(texts)
  if (!reading.success) {
    return failed(
      reading.error.issues.map((issue) => {
        const path = issue.path.join('.')
        const cure = issue.code === 'custom' ? (issue.params?.cure as string | undefined) : undefined
        return { path, origin: originOf(path), message: issue.message, cure }
      }),
    )
  }
  const contradictions = findContradictions(reading.data)
  if (contradictions.length > 0) {
    return failed(
      contradictions.map(({ name, message, cure }) => ({ path: name, origin: originOf(name), message, cure })),
    )
  }
  return ok({
    config: buildServerConfig(reading.data),
    values: given.map(maskSecret),
    warnings: warnOfUnknown(sources.env),
  })
}

const variableNames = Object.keys(serverVariables.shape) as VariableName[]

const notesOf = (name: VariableName) => variableNotes.get(serverVariables.shape[name]) ?? { about: '' }

const findValue = (name: VariableName, { env, flags, standards }: ServerConfigSources): EffectiveValue => {
  const flag = flags?.[name]
  if (flag !== undefined) return { name, text: flag.text, origin: flag.flag }
  if (env[name]) return { name, text: env[name], origin: name }
  return { name, text: standards?.[name] ?? notesOf(name).standard, origin: 'default' }
}

const maskSecret = (value: EffectiveValue): EffectiveValue =>
  notesOf(value.name).isSecret && value.text !== undefined ? { ...value, text: '[secret]' } : value

/** Variables with our own prefix that nobody reads. The engine looks at those that start with CENTRIFUGO_. */
const warnOfUnknown = (env: Environment): readonly ConfigWarning[] => {
  const known = [...variableNames, ...variablesOfOthers]
  return Object.keys(env)
    .filter((name) => /^(NEXT_PUBLIC_)?XSHATHRA_/.test(name) && !known.includes(name))
    .map((name) => {
      const meant = nearestName(name, known)
      const cure = meant && `Did you mean ${meant}?`
      return { kind: 'unknown', path: name, origin: name, message: 'is not a known variable', cure }
    })
}
